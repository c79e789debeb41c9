// What the metadata log says of the cluster up to one of its offsets: one immutable value, shared
// by all who ask, and changed only by making the next one from it (image_builder.hpp).
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/ids.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"
#include "moldau/base/uuid.hpp"
#include "moldau/metadata/persistent_map.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::metadata {

/// What an image rests on: it holds all records of the log below `end_offset`.
struct Provenance {
    Offset end_offset;
    LeaderEpoch epoch;       // of the last of them
    Timestamp timestamp{0};  // of the last of them
    friend bool operator==(const Provenance&, const Provenance&) = default;
};

// ----- features

inline constexpr std::string_view kMetadataVersion = "metadata.version";
inline constexpr std::string_view kElrVersion = "eligible.leader.replicas.version";
/// Levels of metadata.version that this server can read, write and act on: 4.0-IV3 to 4.3-IV0.
inline constexpr std::int16_t kMetadataVersionLeast = 25;
inline constexpr std::int16_t kMetadataVersionMost = 30;
/// From here on RegisterBroker and BrokerRegistrationChange carry cordoned directories.
inline constexpr std::int16_t kMetadataVersionCordon = 30;

// ----- nodes

// What stands in the place of a directory's id, as Kafka's releases have it (KIP-858 tells others).
inline constexpr Uuid kMigratingDirectory{0, 0};
inline constexpr Uuid kUnassignedDirectory{0, 1};
inline constexpr Uuid kLostDirectory{0, 2};

struct Endpoint {
    std::string name;
    std::string host;
    std::uint16_t port = 0;
    std::int16_t security_protocol = 0;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Levels of a feature that a node can carry out.
struct FeatureRange {
    std::string name;
    std::int16_t least = 0;
    std::int16_t most = 0;
    friend bool operator==(const FeatureRange&, const FeatureRange&) = default;
};

struct BrokerRegistration {
    Uuid incarnation;
    std::int64_t epoch = -1;  // the offset of its registration
    std::vector<Endpoint> endpoints;
    std::vector<FeatureRange> features;
    std::optional<std::string> rack;
    bool fenced = true;
    bool in_controlled_shutdown = false;
    bool is_migrating_zk_broker = false;
    std::vector<Uuid> directories;                          // online
    std::optional<std::vector<Uuid>> cordoned_directories;  // nothing: never told

    /// Whether a replica said to lie in `directory` can be used there (KIP-858): while nobody has
    /// said where it lies it counts as being there.
    bool has_online(const Uuid& directory) const;

    friend bool operator==(const BrokerRegistration&, const BrokerRegistration&) = default;
};

struct ControllerRegistration {
    Uuid incarnation;
    bool zk_migration_ready = false;
    std::vector<Endpoint> endpoints;
    std::vector<FeatureRange> features;
    friend bool operator==(const ControllerRegistration&, const ControllerRegistration&) = default;
};

// ----- topics

inline constexpr BrokerId kNoLeader{-1};

enum class RecoveryState : std::int8_t {
    recovered = 0,
    recovering = 1,  // elected uncleanly: its ISR has not grown yet
};

struct Partition {
    std::vector<BrokerId> replicas;
    std::vector<Uuid> directories;  // one for each replica
    std::vector<BrokerId> isr;
    std::vector<BrokerId> removing_replicas;
    std::vector<BrokerId> adding_replicas;
    std::vector<BrokerId> elr;             // eligible leader replicas (KIP-966)
    std::vector<BrokerId> last_known_elr;  // at most one: the last leader
    BrokerId leader = kNoLeader;
    LeaderEpoch leader_epoch{-1};
    std::int32_t partition_epoch = -1;
    RecoveryState recovery = RecoveryState::recovered;
    friend bool operator==(const Partition&, const Partition&) = default;
};

struct Topic {
    std::string name;
    PersistentMap<std::int32_t, Partition> partitions;
    friend bool operator==(const Topic&, const Topic&) = default;
};

// ----- configs

enum class ResourceType : std::int8_t {
    topic = 2,
    broker = 4,  // the name is empty for the defaults of all brokers
    broker_logger = 8,
    client_metrics = 16,
    group = 32,
};

struct ConfigResource {
    ResourceType type{};
    std::string name;
    friend auto operator<=>(const ConfigResource&, const ConfigResource&) = default;
};

using Configs = PersistentMap<std::string, std::string>;

// ----- quotas, users, permissions: kept here; who acts on them asks

/// Parts of an entity, ascending by type: "user", "client-id", "ip"; no name: the default of all.
struct QuotaEntity {
    struct Part {
        std::string type;
        std::optional<std::string> name;
        friend auto operator<=>(const Part&, const Part&) = default;
    };
    std::vector<Part> parts;
    /// Null: it has none of that type.
    const Part* find(std::string_view type) const;
    friend auto operator<=>(const QuotaEntity&, const QuotaEntity&) = default;
};

struct ScramUser {
    std::int8_t mechanism = 0;  // 1: SCRAM-SHA-256, 2: SCRAM-SHA-512
    std::string name;
    friend auto operator<=>(const ScramUser&, const ScramUser&) = default;
};

struct ScramCredential {
    std::string salt;
    std::string stored_key;
    std::string server_key;
    std::int32_t iterations = 0;
    friend bool operator==(const ScramCredential&, const ScramCredential&) = default;
};

struct AccessControlEntry {
    std::int8_t resource_type = 0;
    std::string resource_name;
    std::int8_t pattern_type = 0;
    std::string principal;
    std::string host;
    std::int8_t operation = 0;
    std::int8_t permission_type = 0;
    friend bool operator==(const AccessControlEntry&, const AccessControlEntry&) = default;
};

struct DelegationToken {
    std::string owner;
    std::string requester;
    std::vector<std::string> renewers;
    Timestamp issued;
    Timestamp latest_expiration;
    Timestamp expiration;
    friend bool operator==(const DelegationToken&, const DelegationToken&) = default;
};

/// A record of a type or version that is newer than we are.
struct KeptRecord {
    std::int16_t type = 0;
    std::int16_t version = 0;
    Bytes body;
    friend bool operator==(const KeptRecord& a, const KeptRecord& b) {
        return a.type == b.type && a.version == b.version && equal(a.body, b.body);
    }
};

// ----- the image

/// Maps share what they have in common with the image that this one was made from. Two images are
/// equal when they say the same, whatever they rest on.
struct ClusterImage {
    Provenance provenance;

    PersistentMap<std::string, std::int16_t> features;  // finalized levels, none of them 0
    PersistentMap<BrokerId, BrokerRegistration> brokers;
    PersistentMap<std::int32_t, ControllerRegistration> controllers;
    PersistentMap<Uuid, Topic> topics;
    PersistentMap<std::string, Uuid> topic_ids;
    PersistentMap<ConfigResource, Configs> configs;  // none of them empty
    PersistentMap<QuotaEntity, PersistentMap<std::string, double>> client_quotas;
    std::optional<ProducerId> next_producer_id;  // the first of the next block
    PersistentMap<Uuid, AccessControlEntry> acls;
    PersistentMap<ScramUser, ScramCredential> scram_users;
    PersistentMap<std::string, DelegationToken> delegation_tokens;
    PersistentMap<std::int64_t, KeptRecord> kept_records;  // numbered from 0 as they came

    std::optional<std::int16_t> feature_level(std::string_view name) const;
    bool has_elr() const { return feature_level(kElrVersion).value_or(0) >= 1; }

    const Topic* find_topic(std::string_view name) const;
    const Partition* find_partition(const Uuid& topic, std::int32_t partition) const;
    /// The configs set on a resource, without what it inherits.
    const Configs& configs_of(const ConfigResource& resource) const;

    friend bool operator==(const ClusterImage& a, const ClusterImage& b);
};

/// Whether this server can serve a cluster with this metadata.version.
/// Errors: unsupported_version, with the reason and the next step.
Result<> check_metadata_version(const ClusterImage& image);

/// The finalized features that go beyond `supported`, "group.version=1": their APIs are refused,
/// the rest is served.
std::vector<std::string> features_beyond(const ClusterImage& image,
                                         const std::vector<FeatureRange>& supported);

}  // namespace moldau::metadata
