#include "moldau/coordinator/group_records.hpp"

#include "moldau/base/check.hpp"
#include "moldau/protocol/framing.hpp"
#include "moldau/protocol/messages/group_coordinator.hpp"

#include <fmt/core.h>

#include <utility>

namespace moldau::coordinator {
namespace {

// What Kafka 4.3 writes. An offset with a time of its own to expire goes as version 1, the only one
// that has a place for it.
constexpr std::int16_t kOffsetVersion = 4;
constexpr std::int16_t kExpiringOffsetVersion = 1;
constexpr std::int16_t kGroupVersion = 3;

Result<> nothing_behind(const protocol::Reader& in, std::string_view what) {
    if (in.remaining() == 0) return {};
    return Error{ErrorCode::invalid_request,
                 fmt::format("{}: {} bytes behind it", what, in.remaining())};
}

template <class Key>
Result<Key> decode_key(protocol::Reader& in) {
    Key key;
    if (Result<> ok = key.decode(in, 0); !ok) return ok.error();
    if (Result<> ok = nothing_behind(in, Key::kName); !ok) return ok.error();
    return key;
}

enum class Decoded : std::uint8_t { whole, unknown_version };

template <class Value>
Result<Decoded> decode_value(BytesView bytes, Value& value) {
    protocol::Reader in(bytes);
    const std::int16_t version = in.int16();
    if (Result<> ok = in.outcome(Value::kName, 0); !ok) return ok.error();
    if (!Value::kVersions.contains(version)) return Decoded::unknown_version;
    if (Result<> ok = value.decode(in, version); !ok) return ok.error();
    if (Result<> ok = nothing_behind(in, Value::kName); !ok) return ok.error();
    return Decoded::whole;
}

Result<Record> offset_record(std::int16_t type, protocol::Reader& in,
                             std::optional<BytesView> bytes) {
    // Types 0 and 1 have one layout.
    Result<protocol::OffsetCommitKey> key = decode_key<protocol::OffsetCommitKey>(in);
    if (!key) return key.error();
    OffsetRecord record{.group = std::move(key->group),
                        .topic = std::move(key->topic),
                        .partition = key->partition,
                        .value = {}};
    if (!bytes) return record;
    protocol::OffsetCommitValue value;
    const Result<Decoded> decoded = decode_value(*bytes, value);
    if (!decoded) return decoded.error();
    if (*decoded == Decoded::unknown_version) return UnknownRecord{type};
    CommittedOffset& offset = record.value.emplace();
    offset.offset = value.offset;
    if (value.leader_epoch >= 0) offset.leader_epoch = LeaderEpoch{value.leader_epoch};
    offset.metadata = std::move(value.metadata);
    offset.committed = Timestamp{value.commit_timestamp};
    if (value.expire_timestamp != -1) offset.expires = Timestamp{value.expire_timestamp};
    offset.topic_id = value.topic_id;
    return record;
}

Result<Record> group_record(std::int16_t type, protocol::Reader& in,
                            std::optional<BytesView> bytes) {
    Result<protocol::GroupMetadataKey> key = decode_key<protocol::GroupMetadataKey>(in);
    if (!key) return key.error();
    GroupRecord record{.group = std::move(key->group), .value = {}};
    if (!bytes) return record;
    protocol::GroupMetadataValue value;
    const Result<Decoded> decoded = decode_value(*bytes, value);
    if (!decoded) return decoded.error();
    if (*decoded == Decoded::unknown_version) return UnknownRecord{type};
    StoredGroup& group = record.value.emplace();
    group.protocol_type = std::move(value.protocol_type);
    group.generation = value.generation;
    group.protocol = std::move(value.protocol);
    group.leader = std::move(value.leader);
    group.state_since = Timestamp{value.current_state_timestamp};
    group.members.reserve(value.members.size());
    for (auto& member : value.members) {
        group.members.push_back({.id = std::move(member.member_id),
                                 .instance_id = std::move(member.group_instance_id),
                                 .client_id = std::move(member.client_id),
                                 .client_host = std::move(member.client_host),
                                 .rebalance_timeout_ms = member.rebalance_timeout,
                                 .session_timeout_ms = member.session_timeout,
                                 .subscription = Bytes::copy_of(member.subscription),
                                 .assignment = Bytes::copy_of(member.assignment)});
    }
    return record;
}

// What it is made of is another's affair: that it exists is enough.
template <class Key>
Result<Record> foreign_record(ForeignKind kind, protocol::Reader& in, bool exists) {
    Result<Key> key = decode_key<Key>(in);
    if (!key) return key.error();
    return ForeignGroupRecord{.group = std::move(key->group_id), .kind = kind, .exists = exists};
}

template <class Key, class Value>
Result<EncodedRecord> encoded(const Key& key, const std::optional<Value>& value,
                              std::int16_t version) {
    Result<Bytes> key_bytes = protocol::type_prefixed(key);
    if (!key_bytes) return key_bytes.error();
    EncodedRecord bytes{.key = std::move(*key_bytes), .value = {}};
    if (!value) return bytes;
    Result<Bytes> value_bytes = protocol::version_prefixed(*value, version);
    if (!value_bytes) return value_bytes.error();
    bytes.value = std::move(*value_bytes);
    return bytes;
}

Result<EncodedRecord> encode(const OffsetRecord& record) {
    protocol::OffsetCommitKey key;
    key.group = record.group;
    key.topic = record.topic;
    key.partition = record.partition;
    std::optional<protocol::OffsetCommitValue> value;
    std::int16_t version = kOffsetVersion;
    if (record.value) {
        value.emplace();
        value->offset = record.value->offset;
        value->leader_epoch = record.value->leader_epoch.value_or(LeaderEpoch{-1}).value;
        value->metadata = record.value->metadata;
        value->commit_timestamp = record.value->committed.ms;
        value->expire_timestamp = record.value->expires.value_or(Timestamp{}).ms;
        value->topic_id = record.value->topic_id;
        if (record.value->expires) version = kExpiringOffsetVersion;
    }
    return encoded(key, value, version);
}

Result<EncodedRecord> encode(const GroupRecord& record) {
    protocol::GroupMetadataKey key;
    key.group = record.group;
    std::optional<protocol::GroupMetadataValue> value;
    if (record.value) {
        value.emplace();
        value->protocol_type = record.value->protocol_type;
        value->generation = record.value->generation;
        value->protocol = record.value->protocol;
        value->leader = record.value->leader;
        value->current_state_timestamp = record.value->state_since.ms;
        for (const StoredMember& stored : record.value->members) {
            auto& member = value->members.emplace_back();
            member.member_id = stored.id;
            member.group_instance_id = stored.instance_id;
            member.client_id = stored.client_id;
            member.client_host = stored.client_host;
            member.rebalance_timeout = stored.rebalance_timeout_ms;
            member.session_timeout = stored.session_timeout_ms;
            member.subscription = stored.subscription;
            member.assignment = stored.assignment;
        }
    }
    return encoded(key, value, kGroupVersion);
}

Result<EncodedRecord> encode(const ForeignGroupRecord& record) {
    MOLDAU_CHECK(false, "a record of the foreign group {} is never written", record.group);
    return EncodedRecord{};
}

Result<EncodedRecord> encode(const UnknownRecord& record) {
    MOLDAU_CHECK(false, "a record of unknown type {} is never written", record.type);
    return EncodedRecord{};
}

}  // namespace

bool operator==(const StoredMember& a, const StoredMember& b) {
    return a.id == b.id && a.instance_id == b.instance_id && a.client_id == b.client_id &&
           a.client_host == b.client_host && a.rebalance_timeout_ms == b.rebalance_timeout_ms &&
           a.session_timeout_ms == b.session_timeout_ms && equal(a.subscription, b.subscription) &&
           equal(a.assignment, b.assignment);
}

Result<Record> decode_record(BytesView key, std::optional<BytesView> value) {
    protocol::Reader in(key);
    const std::int16_t type = in.int16();
    if (Result<> ok = in.outcome("group record key", 0); !ok) return ok.error();
    switch (static_cast<protocol::GroupCoordinatorRecordType>(type)) {
        case protocol::GroupCoordinatorRecordType::legacy_offset_commit:
        case protocol::GroupCoordinatorRecordType::offset_commit:
            return offset_record(type, in, value);
        case protocol::GroupCoordinatorRecordType::group_metadata:
            return group_record(type, in, value);
        case protocol::GroupCoordinatorRecordType::consumer_group_metadata:
            return foreign_record<protocol::ConsumerGroupMetadataKey>(ForeignKind::consumer, in,
                                                                      value.has_value());
        case protocol::GroupCoordinatorRecordType::share_group_metadata:
            return foreign_record<protocol::ShareGroupMetadataKey>(ForeignKind::share, in,
                                                                   value.has_value());
        case protocol::GroupCoordinatorRecordType::streams_group_metadata:
            return foreign_record<protocol::StreamsGroupMetadataKey>(ForeignKind::streams, in,
                                                                     value.has_value());
        default:
            return UnknownRecord{type};
    }
}

Result<EncodedRecord> encode_record(const Record& record) {
    return std::visit([](const auto& known) { return encode(known); }, record);
}

}  // namespace moldau::coordinator
