#include "moldau/controller/bootstrap.hpp"

#include "moldau/base/check.hpp"
#include "moldau/raft/snapshot.hpp"

#include <fmt/core.h>

namespace moldau::controller {
namespace {

constexpr std::int16_t kKraftVersion = 1;  // voters may change (KIP-853)
constexpr std::string_view kTransactionName = "Bootstrap records";

protocol::FeatureLevelRecord feature(std::string_view name, std::int16_t level) {
    protocol::FeatureLevelRecord record;
    record.name = name;
    record.feature_level = level;
    return record;
}

// metadata.version first, then the others by name.
Records feature_records(const FeatureLevels& features) {
    const auto version = features.find(std::string(metadata::kMetadataVersion));
    MOLDAU_CHECK(version != features.end() && version->second > 0, "no metadata.version");
    Records records;
    add(records, feature(version->first, version->second));
    for (const auto& [name, level] : features) {
        if (level != 0 && name != metadata::kMetadataVersion) add(records, feature(name, level));
    }
    return records;
}

Bytes encoded(const metadata::MetadataRecord& record) {
    Result<Bytes> bytes = metadata::encode_record(record);
    MOLDAU_CHECK(bytes.has_value(), "{}", bytes.error().detail);
    return std::move(*bytes);
}

// The payloads of a snapshot file, copied.
Result<std::vector<Bytes>> payloads_of(BytesView file) {
    raft::SnapshotReader reader(file);
    if (const auto head = reader.head(); !head) return head.error();
    std::vector<Bytes> all;
    for (;;) {
        const auto payloads = reader.next();
        if (!payloads) return payloads.error();
        if (!*payloads) return all;
        for (const BytesView payload : **payloads) all.push_back(Bytes::copy_of(payload));
    }
}

}  // namespace

protocol::VotersRecord lone_voter(std::int32_t node_id, const Uuid& directory,
                                  const std::vector<metadata::Endpoint>& controller_listeners) {
    protocol::VotersRecord record;
    protocol::VotersRecord::Voter voter;
    voter.voter_id = node_id;
    voter.voter_directory_id = directory;
    for (const metadata::Endpoint& listener : controller_listeners) {
        protocol::VotersRecord::Endpoint endpoint;
        endpoint.name = listener.name;
        endpoint.host = listener.host;
        endpoint.port = listener.port;
        voter.endpoints.push_back(std::move(endpoint));
    }
    voter.k_raft_version_feature.max_supported_version = kKraftVersion;
    record.voters.push_back(std::move(voter));
    return record;
}

FormatFiles format_files(Timestamp now, const FeatureLevels& features,
                         const protocol::VotersRecord& voters) {
    raft::SnapshotWriter bootstrap(
        raft::kFirstSnapshot, now,
        {.last_contained = Timestamp{0}, .kraft_version = std::nullopt, .voters = std::nullopt});
    for (const metadata::MetadataRecord& record : feature_records(features)) {
        const Result<> appended = bootstrap.append(encoded(record));
        MOLDAU_CHECK(appended.has_value(), "{}", appended.error().detail);
    }
    bootstrap.finish();
    raft::SnapshotWriter first(
        raft::kFirstSnapshot, now,
        {.last_contained = now, .kraft_version = kKraftVersion, .voters = voters});
    first.finish();
    return {.bootstrap = bootstrap.take(), .first_snapshot = first.take()};
}

Result<std::vector<Bytes>> read_bootstrap(const std::optional<Bytes>& bootstrap_file,
                                          const std::optional<Bytes>& first_snapshot) {
    std::vector<Bytes> records;
    for (const std::optional<Bytes>* file : {&bootstrap_file, &first_snapshot}) {
        if (!*file || !records.empty()) continue;
        Result<std::vector<Bytes>> read = payloads_of(**file);
        if (!read) return read.error();
        records = std::move(*read);
    }
    for (const Bytes& bytes : records) {
        const Result<metadata::MetadataRecord> record = metadata::decode_record(bytes);
        if (!record) return Error{ErrorCode::invalid_record, record.error().detail};
        const auto* level = std::get_if<protocol::FeatureLevelRecord>(&record->value);
        if (level != nullptr && level->name == metadata::kMetadataVersion) return records;
    }
    return Error{ErrorCode::invalid_record,
                 "neither bootstrap.checkpoint nor the first snapshot sets metadata.version: "
                 "format the directory with 'moldau storage format'"};
}

Result<Records> activation_records(const metadata::ClusterImage& newest, bool is_log_empty,
                                   bool is_in_transaction, const std::vector<Bytes>& bootstrap,
                                   std::int32_t min_insync_replicas) {
    Records records;
    if (!is_log_empty) {
        if (!is_in_transaction) return records;
        protocol::AbortTransactionRecord abort;
        abort.reason = "the controller that began it is gone";
        add(records, std::move(abort));
        return records;
    }
    MOLDAU_CHECK(newest.features.empty(), "an empty log finalized features");
    protocol::BeginTransactionRecord begin;
    begin.name = kTransactionName;
    add(records, std::move(begin));
    bool has_elr = false;
    for (const Bytes& bytes : bootstrap) {
        Result<metadata::MetadataRecord> record = metadata::decode_record(bytes);
        if (!record) return Error{ErrorCode::invalid_record, record.error().detail};
        const auto* level = std::get_if<protocol::FeatureLevelRecord>(&record->value);
        if (level != nullptr && level->name == metadata::kElrVersion)
            has_elr = level->feature_level > 0;
        records.push_back(std::move(*record));
    }
    if (has_elr) {
        protocol::ConfigRecord config;
        config.resource_type = static_cast<std::int8_t>(metadata::ResourceType::broker);
        config.name = "min.insync.replicas";
        config.value = fmt::format("{}", min_insync_replicas);
        add(records, std::move(config));
    }
    add(records, protocol::EndTransactionRecord());
    return records;
}

}  // namespace moldau::controller
