#include "moldau/raft/control_records.hpp"

#include "moldau/base/endian.hpp"
#include "moldau/protocol/reader.hpp"
#include "moldau/protocol/writer.hpp"
#include "moldau/record/control.hpp"

#include <fmt/core.h>

namespace moldau::raft {
namespace {

template <class Message>
Result<ControlRecord> decode(BytesView value) {
    if (value.size() < sizeof(std::int16_t)) {
        return Error{ErrorCode::invalid_record,
                     fmt::format("{} of {} bytes", Message::kName, value.size())};
    }
    const auto version = load_be<std::int16_t>(value.data());
    protocol::Reader in(value);
    Message message;
    if (Result<> ok = message.decode(in, version); !ok) return ok.error();
    return ControlRecord(std::move(message));
}

template <class Message>
constexpr record::ControlType type_of() {
    if constexpr (std::is_same_v<Message, protocol::LeaderChangeMessage>)
        return record::ControlType::leader_change;
    if constexpr (std::is_same_v<Message, protocol::SnapshotHeaderRecord>)
        return record::ControlType::snapshot_header;
    if constexpr (std::is_same_v<Message, protocol::SnapshotFooterRecord>)
        return record::ControlType::snapshot_footer;
    if constexpr (std::is_same_v<Message, protocol::KRaftVersionRecord>)
        return record::ControlType::kraft_version;
    if constexpr (std::is_same_v<Message, protocol::VotersRecord>)
        return record::ControlType::kraft_voters;
}

}  // namespace

Result<ControlRecord> decode_control(BytesView key, BytesView value) {
    const Result<record::ControlKey> parsed = record::parse_control_key(key);
    if (!parsed) return parsed.error();
    switch (parsed->type) {
        case record::ControlType::leader_change:
            return decode<protocol::LeaderChangeMessage>(value);
        case record::ControlType::snapshot_header:
            return decode<protocol::SnapshotHeaderRecord>(value);
        case record::ControlType::snapshot_footer:
            return decode<protocol::SnapshotFooterRecord>(value);
        case record::ControlType::kraft_version:
            return decode<protocol::KRaftVersionRecord>(value);
        case record::ControlType::kraft_voters:
            return decode<protocol::VotersRecord>(value);
        case record::ControlType::abort:
        case record::ControlType::commit:
            break;
    }
    return ControlRecord(UnknownControl{static_cast<std::int16_t>(parsed->type)});
}

EncodedControl encode_control(const ControlRecord& record) {
    return std::visit(
        []<class Message>(const Message& message) -> EncodedControl {
            if constexpr (std::is_same_v<Message, UnknownControl>) {
                MOLDAU_CHECK(false, "a control record of type {} cannot be written", message.type);
                return {};
            } else {
                const Result<std::size_t> size = message.encoded_size(message.version);
                MOLDAU_CHECK(size.has_value(), "{}: {}", Message::kName, size.error().detail);
                BytesBuilder value(*size);
                protocol::Writer out({value.data(), *size});
                message.encode(out, message.version);
                const auto key = record::control_key(type_of<Message>());
                return {Bytes::copy_of(key), std::move(value).publish(*size)};
            }
        },
        record);
}

}  // namespace moldau::raft
