#include "moldau/metadata/image_records.hpp"

#include "node_ids.hpp"

#include "moldau/base/check.hpp"

#include <array>
#include <limits>
#include <utility>

namespace moldau::metadata {
namespace {

using Take = ImageRecords::Take;

// From metadata.version 25 on, the least that we serve, these hold for all levels.
constexpr std::int16_t kPartitionVersion = 2;
constexpr std::int16_t kRegisterBrokerVersion = 3;
constexpr std::int16_t kRegisterBrokerCordonVersion = 4;

template <class To>
std::vector<To> endpoint_records(const std::vector<Endpoint>& endpoints) {
    std::vector<To> records;
    for (const Endpoint& one : endpoints) {
        To record;
        record.name = one.name;
        record.host = one.host;
        record.port = one.port;
        record.security_protocol = one.security_protocol;
        records.push_back(std::move(record));
    }
    return records;
}

template <class To>
std::vector<To> feature_records(const std::vector<FeatureRange>& features) {
    std::vector<To> records;
    for (const FeatureRange& one : features) {
        To record;
        record.name = one.name;
        record.min_supported_version = one.least;
        record.max_supported_version = one.most;
        records.push_back(std::move(record));
    }
    return records;
}

template <class Record>
Result<> give(const Take& take, Record record, std::int16_t version = 0) {
    return take(MetadataRecord{.value = std::move(record), .version = version});
}

Result<> give_feature(const Take& take, std::string_view name, std::int16_t level) {
    protocol::FeatureLevelRecord record;
    record.name = name;
    record.feature_level = level;
    return give(take, std::move(record));
}

// metadata.version stands first: what follows is read by it.
Result<> features(const ClusterImage& image, const Take& take) {
    if (const auto level = image.feature_level(kMetadataVersion)) {
        if (Result<> ok = give_feature(take, kMetadataVersion, *level); !ok) return ok.error();
    }
    for (const auto& [name, level] : image.features) {
        if (name == kMetadataVersion) continue;
        if (Result<> ok = give_feature(take, name, level); !ok) return ok.error();
    }
    return {};
}

Result<> nodes(const ClusterImage& image, const Take& take) {
    for (const auto& [id, broker] : image.brokers) {
        protocol::RegisterBrokerRecord record;
        record.broker_id = id.value;
        record.is_migrating_zk_broker = broker.is_migrating_zk_broker;
        record.incarnation_id = broker.incarnation;
        record.broker_epoch = broker.epoch;
        record.end_points =
            endpoint_records<protocol::RegisterBrokerRecord::BrokerEndpoint>(broker.endpoints);
        record.features =
            feature_records<protocol::RegisterBrokerRecord::BrokerFeature>(broker.features);
        record.rack = broker.rack;
        record.fenced = broker.fenced;
        record.in_controlled_shutdown = broker.in_controlled_shutdown;
        record.log_dirs = broker.directories;
        record.cordoned_log_dirs = broker.cordoned_directories;
        const std::int16_t version =
            broker.cordoned_directories ? kRegisterBrokerCordonVersion : kRegisterBrokerVersion;
        if (Result<> ok = give(take, std::move(record), version); !ok) return ok.error();
    }
    for (const auto& [id, controller] : image.controllers) {
        protocol::RegisterControllerRecord record;
        record.controller_id = id;
        record.incarnation_id = controller.incarnation;
        record.zk_migration_ready = controller.zk_migration_ready;
        record.end_points =
            endpoint_records<protocol::RegisterControllerRecord::ControllerEndpoint>(
                controller.endpoints);
        record.features = feature_records<protocol::RegisterControllerRecord::ControllerFeature>(
            controller.features);
        if (Result<> ok = give(take, std::move(record)); !ok) return ok.error();
    }
    return {};
}

protocol::PartitionRecord partition_record(const Uuid& topic, std::int32_t number,
                                           const Partition& partition) {
    protocol::PartitionRecord record;
    record.partition_id = number;
    record.topic_id = topic;
    record.replicas = to_values(partition.replicas);
    record.isr = to_values(partition.isr);
    record.removing_replicas = to_values(partition.removing_replicas);
    record.adding_replicas = to_values(partition.adding_replicas);
    record.leader = partition.leader.value;
    record.leader_recovery_state = static_cast<std::int8_t>(partition.recovery);
    record.leader_epoch = partition.leader_epoch.value;
    record.partition_epoch = partition.partition_epoch;
    record.directories = partition.directories;
    if (!partition.elr.empty()) record.eligible_leader_replicas = to_values(partition.elr);
    if (!partition.last_known_elr.empty())
        record.last_known_elr = to_values(partition.last_known_elr);
    return record;
}

/// Gives what is left of a map, at most `left` entries; false when there are more.
template <class Iterator, class Give>
Result<bool> walk(Iterator& at, const Iterator& end, std::size_t& left, const Give& give_one) {
    for (; at != end; ++at) {
        if (left == 0) return false;
        --left;
        if (Result<> ok = give_one(at->key, at->value); !ok) return ok.error();
    }
    return true;
}

Result<> give_configs(const Take& take, const ConfigResource& resource, const Configs& configs) {
    for (const auto& [name, value] : configs) {
        protocol::ConfigRecord record;
        record.resource_type = static_cast<std::int8_t>(resource.type);
        record.resource_name = resource.name;
        record.name = name;
        record.value = value;
        if (Result<> ok = give(take, std::move(record)); !ok) return ok.error();
    }
    return {};
}

Result<> quotas_and_producer_ids(const ClusterImage& image, const Take& take) {
    for (const auto& [entity, quotas] : image.client_quotas) {
        for (const auto& [key, value] : quotas) {
            protocol::ClientQuotaRecord record;
            for (const QuotaEntity::Part& part : entity.parts) {
                protocol::ClientQuotaRecord::EntityData data;
                data.entity_type = part.type;
                data.entity_name = part.name;
                record.entity.push_back(std::move(data));
            }
            record.key = key;
            record.value = value;
            if (Result<> ok = give(take, std::move(record)); !ok) return ok.error();
        }
    }
    if (!image.next_producer_id) return {};
    protocol::ProducerIdsRecord record;
    record.broker_id = -1;  // whose the last block was is of no use later
    record.next_producer_id = image.next_producer_id->value;
    return give(take, std::move(record));
}

Result<> give_acl(const Take& take, const Uuid& id, const AccessControlEntry& entry) {
    protocol::AccessControlEntryRecord record;
    record.id = id;
    record.resource_type = entry.resource_type;
    record.resource_name = entry.resource_name;
    record.pattern_type = entry.pattern_type;
    record.principal = entry.principal;
    record.host = entry.host;
    record.operation = entry.operation;
    record.permission_type = entry.permission_type;
    return give(take, std::move(record));
}

Result<> users_and_tokens(const ClusterImage& image, const Take& take) {
    for (const auto& [user, credential] : image.scram_users) {
        protocol::UserScramCredentialRecord record;
        record.name = user.name;
        record.mechanism = user.mechanism;
        record.salt = as_bytes(credential.salt);
        record.stored_key = as_bytes(credential.stored_key);
        record.server_key = as_bytes(credential.server_key);
        record.iterations = credential.iterations;
        if (Result<> ok = give(take, std::move(record)); !ok) return ok.error();
    }
    for (const auto& [id, token] : image.delegation_tokens) {
        protocol::DelegationTokenRecord record;
        record.owner = token.owner;
        record.requester = token.requester;
        record.renewers = token.renewers;
        record.issue_timestamp = token.issued.ms;
        record.max_timestamp = token.latest_expiration.ms;
        record.expiration_timestamp = token.expiration.ms;
        record.token_id = id;
        if (Result<> ok = give(take, std::move(record)); !ok) return ok.error();
    }
    return {};
}

}  // namespace

/// One after another; each says whether it has come to its end.
struct ImageRecords::Parts {
    ImageRecords& at;
    const Take& take;
    std::size_t& left;

    using Part = Result<bool> (Parts::*)();

    /// What is small in every cluster goes in one piece.
    template <Result<> (*kPart)(const ClusterImage&, const Take&)>
    Result<bool> whole() {
        if (Result<> ok = kPart(at.image_, take); !ok) return ok.error();
        return true;
    }
    Result<bool> topics() {
        for (; at.topic_ != at.image_.topics.end(); ++at.topic_, at.is_in_topic_ = false) {
            const auto& [id, topic] = *at.topic_;
            if (!at.is_in_topic_) {
                if (left == 0) return false;
                --left;
                protocol::TopicRecord record;
                record.name = topic.name;
                record.topic_id = id;
                if (Result<> ok = give(take, std::move(record)); !ok) return ok.error();
                at.partition_ = topic.partitions.begin();
                at.is_in_topic_ = true;
            }
            const Uuid& topic_id = id;
            Result<bool> ended =
                walk(at.partition_, topic.partitions.end(), left,
                     [this, &topic_id](std::int32_t number, const Partition& partition) {
                         return give(take, partition_record(topic_id, number, partition),
                                     kPartitionVersion);
                     });
            if (!ended || !*ended) return ended;
        }
        return true;
    }
    Result<bool> configs() {
        return walk(at.config_, at.image_.configs.end(), left,
                    [this](const ConfigResource& resource, const Configs& configs) {
                        return give_configs(take, resource, configs);
                    });
    }
    Result<bool> acls() {
        return walk(at.acl_, at.image_.acls.end(), left,
                    [this](const Uuid& id, const AccessControlEntry& entry) {
                        return give_acl(take, id, entry);
                    });
    }
    Result<bool> kept() {
        return walk(at.kept_, at.image_.kept_records.end(), left,
                    [this](std::int64_t, const KeptRecord& record) {
                        return give(take, UnknownRecord{record.type, record.body}, record.version);
                    });
    }
};

ImageRecords::ImageRecords(const ClusterImage& image)
    : image_(image),
      topic_(image.topics.begin()),
      config_(image.configs.begin()),
      acl_(image.acls.begin()),
      kept_(image.kept_records.begin()) {}

Result<bool> ImageRecords::next(std::size_t count, const Take& take) {
    static constexpr std::array<Parts::Part, 8> kParts{&Parts::whole<features>,
                                                       &Parts::whole<nodes>,
                                                       &Parts::topics,
                                                       &Parts::configs,
                                                       &Parts::whole<quotas_and_producer_ids>,
                                                       &Parts::acls,
                                                       &Parts::whole<users_and_tokens>,
                                                       &Parts::kept};
    std::size_t left = count;
    for (; part_ < kParts.size(); ++part_) {
        Result<bool> ended = (Parts{*this, take, left}.*kParts[part_])();
        if (!ended) return ended.error();
        if (!*ended) return true;
    }
    return false;
}

Result<> for_each_record(const ClusterImage& image, const ImageRecords::Take& take) {
    const Result<bool> walked =
        ImageRecords(image).next(std::numeric_limits<std::size_t>::max(), take);
    if (!walked) return walked.error();
    return {};
}

std::uint64_t hash_of(const ClusterImage& image) {
    std::uint64_t hash = 0xCBF29CE484222325ULL;  // FNV-1a, 64 bits
    const Result<> hashed = for_each_record(image, [&](const MetadataRecord& record) -> Result<> {
        const Result<Bytes> bytes = encode_record(record);
        if (!bytes) return bytes.error();
        for (const std::byte byte : bytes->view())
            hash = (hash ^ static_cast<std::uint8_t>(byte)) * 0x100000001B3ULL;
        return {};
    });
    MOLDAU_CHECK(hashed.has_value(), "{}", hashed.error().detail);
    return hash;
}

}  // namespace moldau::metadata
