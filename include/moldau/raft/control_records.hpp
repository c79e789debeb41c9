// The control records of the metadata log and of snapshots (KIP-595, KIP-630, KIP-853) as values.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/result.hpp"
#include "moldau/protocol/messages/control_records.hpp"

#include <cstdint>
#include <variant>

namespace moldau::raft {

/// A control record of a type that is newer than we are, or has no business in this log: it is
/// passed over.
struct UnknownControl {
    std::int16_t type = 0;
    friend bool operator==(const UnknownControl&, const UnknownControl&) = default;
};

using ControlRecord = std::variant<protocol::LeaderChangeMessage, protocol::SnapshotHeaderRecord,
                                   protocol::SnapshotFooterRecord, protocol::KRaftVersionRecord,
                                   protocol::VotersRecord, UnknownControl>;

/// The value holds its version twice: as its first field, by which it is read here, and in what
/// Kafka assumes (0 for all).
/// Errors: invalid_record: a key that is none · invalid_request, unsupported_version: a value that
/// is malformed or of a version that we do not know.
Result<ControlRecord> decode_control(BytesView key, BytesView value);

/// Key and value, to be put in a control batch. Not for UnknownControl.
struct EncodedControl {
    Bytes key;
    Bytes value;
};
EncodedControl encode_control(const ControlRecord& record);

}  // namespace moldau::raft
