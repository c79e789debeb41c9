// The records of the metadata log as values. On disk each is framed: frame version, type, version,
// body (protocol/framing.hpp).
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/result.hpp"
#include "moldau/protocol/messages/cluster_metadata.hpp"

#include <cstdint>
#include <variant>

namespace moldau::metadata {

/// A record of a type or version that we do not know. It is kept as it is and goes out again as it
/// came.
struct UnknownRecord {
    std::int16_t type = 0;
    BytesView body;
    friend bool operator==(const UnknownRecord& a, const UnknownRecord& b) {
        return a.type == b.type && equal(a.body, b.body);
    }
};

using RecordValue =
    std::variant<protocol::RegisterBrokerRecord, protocol::UnregisterBrokerRecord,
                 protocol::TopicRecord, protocol::PartitionRecord, protocol::ConfigRecord,
                 protocol::PartitionChangeRecord, protocol::FenceBrokerRecord,
                 protocol::UnfenceBrokerRecord, protocol::RemoveTopicRecord,
                 protocol::DelegationTokenRecord, protocol::UserScramCredentialRecord,
                 protocol::FeatureLevelRecord, protocol::ClientQuotaRecord,
                 protocol::ProducerIdsRecord, protocol::BrokerRegistrationChangeRecord,
                 protocol::AccessControlEntryRecord, protocol::RemoveAccessControlEntryRecord,
                 protocol::NoOpRecord, protocol::ZkMigrationStateRecord,
                 protocol::RemoveUserScramCredentialRecord, protocol::BeginTransactionRecord,
                 protocol::EndTransactionRecord, protocol::AbortTransactionRecord,
                 protocol::RemoveDelegationTokenRecord, protocol::RegisterControllerRecord,
                 protocol::ClearElrRecord, protocol::UnregisterControllerRecord, UnknownRecord>;

/// A record and the version it is written in. Bytes and unknown tags in it are views: on what it
/// was decoded from, or on what its maker gave.
struct MetadataRecord {
    RecordValue value;
    std::int16_t version = 0;
    friend bool operator==(const MetadataRecord&, const MetadataRecord&) = default;
};

/// Errors: invalid_request: no frame, or a body of a known type and version that is malformed or
/// has bytes behind it.
Result<MetadataRecord> decode_record(BytesView framed);

/// Errors: unsupported_version: the version cannot express the value · invalid_request.
Result<Bytes> encode_record(const MetadataRecord& record);

}  // namespace moldau::metadata
