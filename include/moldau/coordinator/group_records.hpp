// The records of __consumer_offsets as values: what a classic group is, and what it has committed.
// The bytes are those that Apache Kafka 4.3 writes.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/ids.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"
#include "moldau/base/uuid.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace moldau::coordinator {

/// What a group has committed of one partition.
struct CommittedOffset {
    std::int64_t offset = 0;                  // of the next record to be read
    std::optional<LeaderEpoch> leader_epoch;  // of the record before it
    std::string metadata;
    Timestamp committed;
    std::optional<Timestamp> expires;  // only where an old client asked for a retention of its own
    Uuid topic_id;                     // zero: the client named no id
    friend bool operator==(const CommittedOffset&, const CommittedOffset&) = default;
};

/// An offset is committed; without a value it is deleted.
struct OffsetRecord {
    std::string group;
    std::string topic;
    std::int32_t partition = 0;
    std::optional<CommittedOffset> value;
    friend bool operator==(const OffsetRecord&, const OffsetRecord&) = default;
};

/// A member of a generation.
struct StoredMember {
    std::string id;
    std::optional<std::string> instance_id;
    std::string client_id;
    std::string client_host;
    std::int32_t rebalance_timeout_ms = -1;  // -1: as the session timeout, of before KIP-62
    std::int32_t session_timeout_ms = 0;
    Bytes subscription;
    Bytes assignment;
    friend bool operator==(const StoredMember& a, const StoredMember& b);
};

/// One generation of a group.
struct StoredGroup {
    std::string protocol_type;  // empty: none yet
    std::int32_t generation = 0;
    std::optional<std::string> protocol;
    std::optional<std::string> leader;
    Timestamp state_since;  // -1 in records of before KIP-211
    std::vector<StoredMember> members;
    friend bool operator==(const StoredGroup&, const StoredGroup&) = default;
};

/// A group is as the value says; without a value it is deleted.
struct GroupRecord {
    std::string group;
    std::optional<StoredGroup> value;
    friend bool operator==(const GroupRecord&, const GroupRecord&) = default;
};

/// Kinds of groups that other versions of Kafka's protocol have, and this server not yet.
enum class ForeignKind : std::uint8_t { consumer, share, streams };  // KIP-848, 932, 1071

/// There is a group of such a kind, or there is none any more. Read, never written.
struct ForeignGroupRecord {
    std::string group;
    ForeignKind kind{};
    bool exists = false;
    friend bool operator==(const ForeignGroupRecord&, const ForeignGroupRecord&) = default;
};

/// A record of a type or version that we do not know: of another group protocol, or of a newer
/// broker. It changes nothing here and stays in the log as it is.
struct UnknownRecord {
    std::int16_t type = 0;
    friend bool operator==(UnknownRecord, UnknownRecord) = default;
};

using Record = std::variant<OffsetRecord, GroupRecord, ForeignGroupRecord, UnknownRecord>;

struct EncodedRecord {
    Bytes key;
    std::optional<Bytes> value;  // nothing: a tombstone
};

/// `value` is nothing for a tombstone. Bytes of the record are copied.
/// Errors: invalid_request: a known type and version whose bytes are malformed, or go on behind it.
Result<Record> decode_record(BytesView key, std::optional<BytesView> value);

/// `record` is of a known type. Errors: invalid_request: a string too long for its record.
Result<EncodedRecord> encode_record(const Record& record);

}  // namespace moldau::coordinator
