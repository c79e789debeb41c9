// Random sequences of metadata records over few names, so that they meet.
#pragma once

#include "moldau/metadata/cluster_image.hpp"
#include "moldau/metadata/records.hpp"

#include <array>
#include <random>
#include <string>
#include <vector>

namespace moldau::metadata {

class RandomRecords {
public:
    explicit RandomRecords(std::uint64_t seed) : random_(seed) {}

    /// One that may or may not fit `image`.
    MetadataRecord next(const ClusterImage& image) {
        switch (below(14)) {
            case 0:
                return broker();
            case 1:
                return broker_change(image);
            case 2:
                return {.value = topic(), .version = 0};
            case 3:
            case 4:
                return {.value = partition(), .version = 2};
            case 5:
            case 6:
                return {.value = partition_change(), .version = 2};
            case 7:
                return {.value = config(), .version = 0};
            case 8:
                return {.value = removed(), .version = 0};
            case 9:
                return {.value = feature(), .version = 0};
            case 10:
                return {.value = quota(), .version = 0};
            case 11:
                return security();
            case 12:
                return controller();
            default:
                return rest();
        }
    }

    int below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }

private:
    bool coin() { return below(2) == 0; }
    std::string name() { return std::string("name-") + std::to_string(below(6)); }
    Uuid id() { return {7, static_cast<std::uint64_t>(below(6) + 1)}; }
    std::vector<std::int32_t> nodes() {
        std::vector<std::int32_t> nodes;
        for (int i = below(4); i > 0; --i) nodes.push_back(below(5));
        return nodes;
    }
    std::optional<std::vector<std::int32_t>> maybe_nodes() {
        if (coin()) return std::nullopt;
        return nodes();
    }

    MetadataRecord broker() {
        protocol::RegisterBrokerRecord record;
        record.broker_id = below(4);
        record.incarnation_id = id();
        record.broker_epoch = below(3);
        for (int i = below(3); i > 0; --i) {
            protocol::RegisterBrokerRecord::BrokerEndpoint endpoint;
            endpoint.name = name();
            endpoint.host = name();
            endpoint.port = static_cast<std::uint16_t>(below(65536));
            record.end_points.push_back(endpoint);
            protocol::RegisterBrokerRecord::BrokerFeature feature;
            feature.name = name();
            feature.max_supported_version = static_cast<std::int16_t>(below(5));
            record.features.push_back(feature);
            record.log_dirs.push_back(id());
        }
        if (coin()) record.rack = std::nullopt;
        record.fenced = coin();
        record.in_controlled_shutdown = coin();
        if (coin()) record.cordoned_log_dirs = std::vector<Uuid>{id()};
        return {.value = record, .version = 4};
    }
    MetadataRecord broker_change(const ClusterImage& image) {
        protocol::BrokerRegistrationChangeRecord record;
        record.broker_id = below(4);
        const auto* known = image.brokers.find(BrokerId{record.broker_id});
        record.broker_epoch = known != nullptr ? known->epoch : below(3);
        record.fenced = static_cast<std::int8_t>(below(3) - 1);
        record.in_controlled_shutdown = static_cast<std::int8_t>(below(2));
        if (coin()) record.log_dirs = {id()};
        if (coin()) record.cordoned_log_dirs.emplace();
        return {.value = record, .version = 3};
    }
    MetadataRecord controller() {
        protocol::RegisterControllerRecord record;
        record.controller_id = below(3);
        record.incarnation_id = id();
        record.zk_migration_ready = coin();
        record.end_points.resize(1);
        record.end_points[0].host = name();
        return {.value = record, .version = 0};
    }
    protocol::TopicRecord topic() {
        protocol::TopicRecord record;
        record.name = name();
        record.topic_id = id();
        return record;
    }
    protocol::PartitionRecord partition() {
        protocol::PartitionRecord record;
        record.partition_id = below(5);
        record.topic_id = id();
        record.replicas = nodes();
        record.isr = nodes();
        record.removing_replicas = nodes();
        record.adding_replicas = nodes();
        record.leader = below(5) - 1;
        record.leader_recovery_state = static_cast<std::int8_t>(below(2));
        record.leader_epoch = below(9);
        record.partition_epoch = below(9);
        if (coin()) record.directories.assign(record.replicas.size(), id());
        record.eligible_leader_replicas = maybe_nodes();
        record.last_known_elr = maybe_nodes();
        return record;
    }
    protocol::PartitionChangeRecord partition_change() {
        protocol::PartitionChangeRecord record;
        record.partition_id = below(5);
        record.topic_id = id();
        record.isr = maybe_nodes();
        if (coin()) record.leader = below(5) - 1;
        record.replicas = maybe_nodes();
        record.removing_replicas = maybe_nodes();
        record.adding_replicas = maybe_nodes();
        if (coin()) record.leader_recovery_state = static_cast<std::int8_t>(below(2));
        if (record.replicas && coin())
            record.directories = std::vector<Uuid>(record.replicas->size(), id());
        record.eligible_leader_replicas = maybe_nodes();
        record.last_known_elr = maybe_nodes();
        return record;
    }
    protocol::ConfigRecord config() {
        protocol::ConfigRecord record;
        record.resource_type =
            std::array<std::int8_t, 4>{2, 4, 16, 32}.at(static_cast<std::size_t>(below(4)));
        record.resource_name = coin() ? name() : "";
        record.name = name();
        if (coin()) {
            record.value = name();
        } else {
            record.value = std::nullopt;
        }
        return record;
    }
    RecordValue removed() {
        if (coin()) {
            protocol::RemoveTopicRecord record;
            record.topic_id = id();
            return record;
        }
        if (coin()) {
            protocol::UnregisterBrokerRecord record;
            record.broker_id = below(4);
            return record;
        }
        protocol::ClearElrRecord record;
        if (coin()) record.topic_name = name();
        return record;
    }
    protocol::FeatureLevelRecord feature() {
        protocol::FeatureLevelRecord record;
        record.name = coin() ? std::string(kMetadataVersion) : name();
        record.feature_level = static_cast<std::int16_t>(below(4));
        return record;
    }
    protocol::ClientQuotaRecord quota() {
        protocol::ClientQuotaRecord record;
        record.entity.resize(static_cast<std::size_t>(below(2) + 1));
        for (std::size_t i = 0; i < record.entity.size(); ++i) {
            record.entity[i].entity_type = i == 0 ? "user" : "client-id";
            record.entity[i].entity_name = name();
            if (coin()) record.entity[i].entity_name = std::nullopt;
        }
        record.key = name();
        record.value = below(100) / 3.0;
        record.remove = below(3) == 0;
        return record;
    }
    MetadataRecord security() {
        switch (below(6)) {
            case 0: {
                protocol::AccessControlEntryRecord record;
                record.id = id();
                record.principal = name();
                record.operation = static_cast<std::int8_t>(below(9));
                return {.value = record, .version = 0};
            }
            case 1: {
                protocol::RemoveAccessControlEntryRecord record;
                record.id = id();
                return {.value = record, .version = 0};
            }
            case 2: {
                protocol::UserScramCredentialRecord record;
                record.name = name();
                record.mechanism = static_cast<std::int8_t>(below(2) + 1);
                record.salt = as_bytes("salt");
                record.stored_key = as_bytes("stored");
                record.iterations = below(9000);
                return {.value = record, .version = 0};
            }
            case 3: {
                protocol::RemoveUserScramCredentialRecord record;
                record.name = name();
                record.mechanism = static_cast<std::int8_t>(below(2) + 1);
                return {.value = record, .version = 0};
            }
            case 4: {
                protocol::DelegationTokenRecord record;
                record.token_id = name();
                record.owner = name();
                record.renewers = {name(), name()};
                record.max_timestamp = below(99);
                return {.value = record, .version = 0};
            }
            default: {
                protocol::RemoveDelegationTokenRecord record;
                record.token_id = name();
                return {.value = record, .version = 0};
            }
        }
    }
    MetadataRecord rest() {
        switch (below(3)) {
            case 0: {
                protocol::ProducerIdsRecord record;
                record.next_producer_id = below(9000);
                return {.value = record, .version = 0};
            }
            case 1:
                return {.value = UnknownRecord{static_cast<std::int16_t>(90 + below(3)),
                                               as_bytes("not yet known")},
                        .version = static_cast<std::int16_t>(below(3))};
            default:
                return {.value = protocol::NoOpRecord(), .version = 0};
        }
    }

    std::mt19937_64 random_;
};

}  // namespace moldau::metadata
