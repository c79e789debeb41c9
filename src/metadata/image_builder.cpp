#include "moldau/metadata/image_builder.hpp"

#include "node_ids.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <type_traits>

namespace moldau::metadata {
namespace {

constexpr std::int32_t kLeaderStays = -2;  // PartitionChangeRecord.leader
constexpr std::int8_t kRecoveryStays = -1;

template <class From>
std::vector<Endpoint> endpoints_of(const std::vector<From>& from) {
    std::vector<Endpoint> endpoints;
    endpoints.reserve(from.size());
    for (const From& one : from)
        endpoints.push_back({one.name, one.host, one.port, one.security_protocol});
    return endpoints;
}

// By name: Kafka writes them in the order of a hash table, another one in each snapshot.
template <class From>
std::vector<FeatureRange> features_of(const std::vector<From>& from) {
    std::vector<FeatureRange> features;
    features.reserve(from.size());
    for (const From& one : from)
        features.push_back({one.name, one.min_supported_version, one.max_supported_version});
    std::ranges::sort(features, {}, &FeatureRange::name);
    return features;
}

// Records before directories had ids name none.
std::vector<Uuid> directories_of(const std::vector<Uuid>& named, std::size_t replicas) {
    if (named.size() == replicas) return named;
    return std::vector<Uuid>(replicas, kMigratingDirectory);
}

QuotaEntity entity_of(const protocol::ClientQuotaRecord& record) {
    QuotaEntity entity;
    for (const auto& part : record.entity)
        entity.parts.push_back({part.entity_type, part.entity_name});
    std::ranges::sort(entity.parts);
    return entity;
}

std::string text_of(BytesView bytes) {
    return std::string(as_text(bytes));
}

// Adds or, with no value, removes; a map of maps holds no empty ones.
template <class Outer, class Key, class Inner>
void set_within(PersistentMap<Outer, PersistentMap<Key, Inner>>& map, const Outer& outer,
                const Key& key, std::optional<Inner> value) {
    const PersistentMap<Key, Inner>* found = map.find(outer);
    PersistentMap<Key, Inner> inner = found == nullptr ? PersistentMap<Key, Inner>() : *found;
    if (value) {
        inner.set(key, std::move(*value));
    } else {
        inner.erase(key);
    }
    if (!inner.empty()) {
        map.set(outer, std::move(inner));
    } else {
        map.erase(outer);
    }
}

}  // namespace

Partition changed(const Partition& before, const protocol::PartitionChangeRecord& change) {
    Partition after = before;
    if (change.replicas) after.replicas = to_ids(*change.replicas);
    if (change.directories) {
        after.directories = directories_of(*change.directories, after.replicas.size());
    } else if (after.directories.size() != after.replicas.size()) {
        after.directories = directories_of({}, after.replicas.size());
    }
    if (change.isr) after.isr = to_ids(*change.isr);
    if (change.removing_replicas) after.removing_replicas = to_ids(*change.removing_replicas);
    if (change.adding_replicas) after.adding_replicas = to_ids(*change.adding_replicas);
    if (change.eligible_leader_replicas) after.elr = to_ids(*change.eligible_leader_replicas);
    if (change.last_known_elr) after.last_known_elr = to_ids(*change.last_known_elr);
    if (change.leader != kLeaderStays) {
        after.leader = BrokerId{change.leader};
        ++after.leader_epoch.value;
    }
    if (change.leader_recovery_state != kRecoveryStays)
        after.recovery = static_cast<RecoveryState>(change.leader_recovery_state);
    ++after.partition_epoch;
    return after;
}

void ImageBuilder::apply(const MetadataRecord& record) {
    std::visit(
        [&]<class Record>(const Record& value) {
            if constexpr (std::is_same_v<Record, UnknownRecord>) {
                keep(value, record.version);
            } else {
                replay(value);
            }
        },
        record.value);
}

void ImageBuilder::end_batch(const Provenance& provenance) {
    if (!transaction_) image_.provenance = provenance;
}

ImageChanges ImageBuilder::take_changes() {
    if (transaction_) return {};
    return std::exchange(changes_, {});
}

void ImageBuilder::contradiction(std::string what) {
    if (contradictions_.count == 0) contradictions_.first = std::move(what);
    ++contradictions_.count;
}

// ----- nodes

void ImageBuilder::replay(const protocol::RegisterBrokerRecord& record) {
    target().brokers.set(BrokerId{record.broker_id},
                         {.incarnation = record.incarnation_id,
                          .epoch = record.broker_epoch,
                          .endpoints = endpoints_of(record.end_points),
                          .features = features_of(record.features),
                          .rack = record.rack,
                          .fenced = record.fenced,
                          .in_controlled_shutdown = record.in_controlled_shutdown,
                          .is_migrating_zk_broker = record.is_migrating_zk_broker,
                          .directories = record.log_dirs,
                          .cordoned_directories = record.cordoned_log_dirs});
    changes_.nodes = true;
}

void ImageBuilder::replay(const protocol::UnregisterBrokerRecord& record) {
    if (!target().brokers.erase(BrokerId{record.broker_id}))
        contradiction(fmt::format("UnregisterBroker: no broker {}", record.broker_id));
    changes_.nodes = true;
}

void ImageBuilder::change_broker(std::int32_t id, std::int64_t epoch, std::string_view record,
                                 const protocol::BrokerRegistrationChangeRecord& change) {
    const BrokerRegistration* found = target().brokers.find(BrokerId{id});
    if (found == nullptr || found->epoch != epoch) {
        contradiction(fmt::format("{}: no broker {} with epoch {}", record, id, epoch));
        return;
    }
    BrokerRegistration broker = *found;
    if (change.fenced != 0) broker.fenced = change.fenced > 0;
    if (change.in_controlled_shutdown != 0)
        broker.in_controlled_shutdown = change.in_controlled_shutdown > 0;
    if (!change.log_dirs.empty()) broker.directories = change.log_dirs;
    if (change.cordoned_log_dirs) broker.cordoned_directories = change.cordoned_log_dirs;
    target().brokers.set(BrokerId{id}, std::move(broker));
    changes_.nodes = true;
}

void ImageBuilder::replay(const protocol::BrokerRegistrationChangeRecord& record) {
    change_broker(record.broker_id, record.broker_epoch, "BrokerRegistrationChange", record);
}

void ImageBuilder::replay(const protocol::FenceBrokerRecord& record) {
    change_broker(record.id, record.epoch, "FenceBroker", {.fenced = 1});
}

void ImageBuilder::replay(const protocol::UnfenceBrokerRecord& record) {
    change_broker(record.id, record.epoch, "UnfenceBroker", {.fenced = -1});
}

void ImageBuilder::replay(const protocol::RegisterControllerRecord& record) {
    target().controllers.set(record.controller_id, {.incarnation = record.incarnation_id,
                                                    .zk_migration_ready = record.zk_migration_ready,
                                                    .endpoints = endpoints_of(record.end_points),
                                                    .features = features_of(record.features)});
    changes_.nodes = true;
}

void ImageBuilder::replay(const protocol::UnregisterControllerRecord& record) {
    if (!target().controllers.erase(record.controller_id))
        contradiction(fmt::format("UnregisterController: no controller {}", record.controller_id));
    changes_.nodes = true;
}

// ----- topics

void ImageBuilder::replay(const protocol::TopicRecord& record) {
    ClusterImage& image = target();
    if (image.topics.contains(record.topic_id) || image.topic_ids.contains(record.name)) {
        contradiction(fmt::format("Topic: {} ({}) is there already", record.name,
                                  record.topic_id.to_string()));
        return;
    }
    image.topics.set(record.topic_id, {.name = record.name, .partitions = {}});
    image.topic_ids.set(record.name, record.topic_id);
    changes_.topics.insert(record.topic_id);
}

void ImageBuilder::set_partition(const Uuid& topic_id, const Topic& topic, std::int32_t partition,
                                 Partition value) {
    Topic after = topic;
    after.partitions.set(partition, std::move(value));
    target().topics.set(topic_id, std::move(after));
    changes_.topics.insert(topic_id);
}

void ImageBuilder::replay(const protocol::PartitionRecord& record) {
    const Topic* topic = target().topics.find(record.topic_id);
    if (topic == nullptr) {
        contradiction(fmt::format("Partition: no topic {}", record.topic_id.to_string()));
        return;
    }
    set_partition(
        record.topic_id, *topic, record.partition_id,
        {.replicas = to_ids(record.replicas),
         .directories = directories_of(record.directories, record.replicas.size()),
         .isr = to_ids(record.isr),
         .removing_replicas = to_ids(record.removing_replicas),
         .adding_replicas = to_ids(record.adding_replicas),
         .elr = to_ids(record.eligible_leader_replicas.value_or(std::vector<std::int32_t>())),
         .last_known_elr = to_ids(record.last_known_elr.value_or(std::vector<std::int32_t>())),
         .leader = BrokerId{record.leader},
         .leader_epoch = LeaderEpoch{record.leader_epoch},
         .partition_epoch = record.partition_epoch,
         .recovery = static_cast<RecoveryState>(record.leader_recovery_state)});
}

void ImageBuilder::replay(const protocol::PartitionChangeRecord& record) {
    const Topic* topic = target().topics.find(record.topic_id);
    const Partition* before =
        topic == nullptr ? nullptr : topic->partitions.find(record.partition_id);
    if (before == nullptr) {
        contradiction(fmt::format("PartitionChange: no partition {} of topic {}",
                                  record.partition_id, record.topic_id.to_string()));
        return;
    }
    set_partition(record.topic_id, *topic, record.partition_id, changed(*before, record));
}

void ImageBuilder::replay(const protocol::RemoveTopicRecord& record) {
    ClusterImage& image = target();
    const Topic* topic = image.topics.find(record.topic_id);
    if (topic == nullptr) {
        contradiction(fmt::format("RemoveTopic: no topic {}", record.topic_id.to_string()));
        return;
    }
    const std::string name = topic->name;
    const ConfigResource resource{ResourceType::topic, name};
    image.topic_ids.erase(name);
    image.topics.erase(record.topic_id);
    if (image.configs.erase(resource)) changes_.configs.insert(resource);
    changes_.topics.insert(record.topic_id);
}

void ImageBuilder::clear_elr(const Uuid& topic_id, const Topic& topic) {
    for (const auto& [number, partition] : topic.partitions) {
        if (partition.elr.empty() && partition.last_known_elr.empty()) continue;
        protocol::PartitionChangeRecord change;
        change.eligible_leader_replicas.emplace();
        change.last_known_elr.emplace();
        // Looked up again: the one before it made a new topic.
        set_partition(topic_id, *target().topics.find(topic_id), number,
                      changed(partition, change));
    }
}

void ImageBuilder::replay(const protocol::ClearElrRecord& record) {
    const ClusterImage before = target();  // holds what is walked while the next one is made
    if (record.topic_name.empty()) {
        for (const auto& [id, topic] : before.topics) clear_elr(id, topic);
        return;
    }
    const Uuid* id = before.topic_ids.find(record.topic_name);
    if (id == nullptr) {
        contradiction(fmt::format("ClearElr: no topic {}", record.topic_name));
        return;
    }
    clear_elr(*id, *before.topics.find(*id));
}

// ----- features, configs, quotas, producer ids

void ImageBuilder::replay(const protocol::FeatureLevelRecord& record) {
    if (record.feature_level == 0) {
        target().features.erase(record.name);
    } else {
        target().features.set(record.name, record.feature_level);
    }
    changes_.features = true;
}

void ImageBuilder::replay(const protocol::ConfigRecord& record) {
    const ConfigResource resource{static_cast<ResourceType>(record.resource_type),
                                  record.resource_name};
    set_within(target().configs, resource, record.name, record.value);
    changes_.configs.insert(resource);
}

void ImageBuilder::replay(const protocol::ClientQuotaRecord& record) {
    const std::optional<double> value =
        record.remove ? std::optional<double>() : std::optional<double>(record.value);
    set_within(target().client_quotas, entity_of(record), record.key, value);
    changes_.quotas = true;
}

void ImageBuilder::replay(const protocol::ProducerIdsRecord& record) {
    target().next_producer_id = ProducerId{record.next_producer_id};
}

// ----- security

void ImageBuilder::replay(const protocol::AccessControlEntryRecord& record) {
    target().acls.set(record.id, {.resource_type = record.resource_type,
                                  .resource_name = record.resource_name,
                                  .pattern_type = record.pattern_type,
                                  .principal = record.principal,
                                  .host = record.host,
                                  .operation = record.operation,
                                  .permission_type = record.permission_type});
    changes_.security = true;
}

void ImageBuilder::replay(const protocol::RemoveAccessControlEntryRecord& record) {
    if (!target().acls.erase(record.id))
        contradiction(fmt::format("RemoveAccessControlEntry: no entry {}", record.id.to_string()));
    changes_.security = true;
}

void ImageBuilder::replay(const protocol::UserScramCredentialRecord& record) {
    target().scram_users.set({record.mechanism, record.name},
                             {.salt = text_of(record.salt),
                              .stored_key = text_of(record.stored_key),
                              .server_key = text_of(record.server_key),
                              .iterations = record.iterations});
    changes_.security = true;
}

void ImageBuilder::replay(const protocol::RemoveUserScramCredentialRecord& record) {
    if (!target().scram_users.erase(ScramUser{record.mechanism, record.name}))
        contradiction(fmt::format("RemoveUserScramCredential: no user {}", record.name));
    changes_.security = true;
}

void ImageBuilder::replay(const protocol::DelegationTokenRecord& record) {
    target().delegation_tokens.set(record.token_id,
                                   {.owner = record.owner,
                                    .requester = record.requester,
                                    .renewers = record.renewers,
                                    .issued = Timestamp{record.issue_timestamp},
                                    .latest_expiration = Timestamp{record.max_timestamp},
                                    .expiration = Timestamp{record.expiration_timestamp}});
    changes_.security = true;
}

void ImageBuilder::replay(const protocol::RemoveDelegationTokenRecord& record) {
    if (!target().delegation_tokens.erase(record.token_id))
        contradiction(fmt::format("RemoveDelegationToken: no token {}", record.token_id));
    changes_.security = true;
}

// ----- transactions, and what changes nothing

void ImageBuilder::replay(const protocol::BeginTransactionRecord&) {
    if (transaction_) {
        contradiction("BeginTransaction within a transaction");
        return;
    }
    transaction_ = image_;
}

void ImageBuilder::replay(const protocol::EndTransactionRecord&) {
    if (!transaction_) {
        contradiction("EndTransaction without a transaction");
        return;
    }
    image_ = std::move(*transaction_);
    transaction_.reset();
}

void ImageBuilder::replay(const protocol::AbortTransactionRecord&) {
    if (!transaction_) {
        contradiction("AbortTransaction without a transaction");
        return;
    }
    transaction_.reset();
}

void ImageBuilder::replay(const protocol::NoOpRecord&) {}

// Clusters that came from ZooKeeper have it; nothing depends on it since Kafka 4.0.
void ImageBuilder::replay(const protocol::ZkMigrationStateRecord&) {}

void ImageBuilder::keep(const UnknownRecord& record, std::int16_t version) {
    auto& kept = target().kept_records;
    kept.set(static_cast<std::int64_t>(kept.size()),
             {.type = record.type, .version = version, .body = Bytes::copy_of(record.body)});
}

}  // namespace moldau::metadata
