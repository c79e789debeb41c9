// The law that fuzz targets of messages hold: what was accepted can be written and read again.
#pragma once

#include "support/messages/message_type.hpp"

#include "moldau/base/check.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace moldau::support {

inline std::vector<const MessageType*> sorted_by_name() {
    std::vector<const MessageType*> types = message_types();
    std::sort(types.begin(), types.end(),
              [](const MessageType* a, const MessageType* b) { return a->name < b->name; });
    return types;
}

/// Compares bytes, not values: a NaN equals nothing.
inline void expect_reread(const MessageType& type, std::int16_t version, protocol::Reader& in) {
    AnyMessage first(type);
    if (!first.decode(in, version)) return;
    const Result<std::vector<std::byte>> written = first.bytes(version);
    MOLDAU_CHECK(written.has_value(), "{} version={}: {}", type.name, version,
                 written.error().detail);
    AnyMessage second(type);
    protocol::Reader again(*written);
    const Result<> reread = second.decode(again, version);
    MOLDAU_CHECK(reread.has_value() && again.remaining() == 0, "{} version={}: {}", type.name,
                 version, reread ? "bytes are left" : reread.error().detail);
    const Result<std::vector<std::byte>> rewritten = second.bytes(version);
    MOLDAU_CHECK(rewritten.has_value() && *rewritten == *written, "{} version={}", type.name,
                 version);
}

}  // namespace moldau::support
