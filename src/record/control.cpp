#include "moldau/record/control.hpp"

#include "moldau/base/endian.hpp"

#include <fmt/core.h>

namespace moldau::record {

std::string_view name(ControlType type) {
    switch (type) {
        case ControlType::abort:
            return "ABORT";
        case ControlType::commit:
            return "COMMIT";
        case ControlType::leader_change:
            return "LEADER_CHANGE";
        case ControlType::snapshot_header:
            return "SNAPSHOT_HEADER";
        case ControlType::snapshot_footer:
            return "SNAPSHOT_FOOTER";
        case ControlType::kraft_version:
            return "KRAFT_VERSION";
        case ControlType::kraft_voters:
            return "KRAFT_VOTERS";
    }
    return "UNKNOWN";
}

Result<ControlKey> parse_control_key(BytesView key) {
    if (key.size() < 4) {
        return Error{ErrorCode::invalid_record,
                     fmt::format("a control record's key of {} bytes", key.size())};
    }
    const auto version = load_be<std::int16_t>(key.data());
    if (version < 0) {
        return Error{ErrorCode::invalid_record,
                     fmt::format("a control record's key of version {}", version)};
    }
    return ControlKey{version, static_cast<ControlType>(load_be<std::int16_t>(key.data() + 2))};
}

std::array<std::byte, 4> control_key(ControlType type) {
    std::array<std::byte, 4> key{};
    store_be(key.data() + 2, static_cast<std::int16_t>(type));
    return key;
}

}  // namespace moldau::record
