// A cluster that a test builds by decisions: what is decided is applied at once, through bytes.
#pragma once

#include "moldau/controller/brokers.hpp"
#include "moldau/controller/decision.hpp"
#include "moldau/metadata/image_builder.hpp"
#include "moldau/metadata/records.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace moldau::controller {

class ClusterFixture : public testing::Test {
protected:
    const metadata::ClusterImage& image() const { return builder_.newest(); }

    // Encoded and decoded on the way, as a log would bring them.
    void append(const Records& records) {
        for (const metadata::MetadataRecord& record : records) {
            const Result<Bytes> bytes = metadata::encode_record(record);
            ASSERT_TRUE(bytes) << bytes.error().detail;
            const auto decoded = metadata::decode_record(*bytes);
            ASSERT_TRUE(decoded) << decoded.error().detail;
            builder_.apply(*decoded);
            end_ = end_ + 1;
        }
        builder_.end_batch({end_, LeaderEpoch{1}, Timestamp{0}});
        EXPECT_EQ(builder_.contradictions().count, 0U) << builder_.contradictions().first;
    }
    template <class Record>
    void append_one(Record record, std::int16_t version = 0) {
        Records records;
        add(records, std::move(record), version);
        append(records);
    }

    void feature(std::string_view name, std::int16_t level) {
        protocol::FeatureLevelRecord record;
        record.name = name;
        record.feature_level = level;
        append_one(std::move(record));
    }
    void config(metadata::ResourceType type, std::string resource, std::string name,
                std::string value) {
        protocol::ConfigRecord record;
        record.resource_type = static_cast<std::int8_t>(type);
        record.resource_name = std::move(resource);
        record.name = std::move(name);
        record.value = std::move(value);
        append_one(std::move(record));
    }

    static protocol::BrokerRegistrationRequest registration(std::int32_t id,
                                                            std::uint64_t incarnation = 1) {
        protocol::BrokerRegistrationRequest request;
        request.broker_id = id;
        request.cluster_id = "cluster";
        request.incarnation_id = {9, incarnation};
        request.log_dirs = {Uuid{77, static_cast<std::uint64_t>(id)}};
        request.rack = std::nullopt;
        protocol::BrokerRegistrationRequest::Feature metadata_version;
        metadata_version.name = metadata::kMetadataVersion;
        metadata_version.min_supported_version = 25;
        metadata_version.max_supported_version = 30;
        protocol::BrokerRegistrationRequest::Feature elr;
        elr.name = metadata::kElrVersion;
        elr.max_supported_version = 1;
        request.features = {metadata_version, elr};
        return request;
    }
    RegistrationContext context() const {
        return {.cluster_id = "cluster", .next_offset = end_, .defaults = {}};
    }
    std::int64_t register_now(const protocol::BrokerRegistrationRequest& request,
                              bool is_own_node = false) {
        RegistrationContext where = context();
        where.is_own_node = is_own_node;
        const auto decision = register_broker(image(), where, request);
        EXPECT_EQ(decision.reply.error_code, ErrorCode::none);
        append(decision.records);
        return decision.reply.broker_epoch;
    }
    auto beat(std::int32_t id, bool want_fence = false, bool want_shut_down = false) {
        protocol::BrokerHeartbeatRequest request;
        request.broker_id = id;
        request.broker_epoch = image().brokers.find(BrokerId{id})->epoch;
        request.current_metadata_offset = end_.value;
        request.want_fence = want_fence;
        request.want_shut_down = want_shut_down;
        auto decision =
            heartbeat(image(), {.registration = std::nullopt, .end_offset = end_}, request);
        append(decision.records);
        return decision;
    }
    void join(std::int32_t id) {
        register_now(registration(id));
        beat(id);
        ASSERT_TRUE(is_active(image(), BrokerId{id}));
    }

    Uuid topic(std::string name, std::vector<std::int32_t> replicas) {
        const Uuid id{55, static_cast<std::uint64_t>(end_.value) + 1};
        protocol::TopicRecord record;
        record.name = std::move(name);
        record.topic_id = id;
        append_one(std::move(record));
        protocol::PartitionRecord partition;
        partition.partition_id = 0;
        partition.topic_id = id;
        partition.replicas = replicas;
        partition.isr = replicas;
        partition.leader = replicas.at(0);
        partition.leader_epoch = 0;
        partition.partition_epoch = 0;
        append_one(std::move(partition), 2);
        return id;
    }
    const metadata::Partition& partition(const Uuid& topic, std::int32_t number = 0) const {
        return *image().find_partition(topic, number);
    }

    Offset end_{100};

private:
    metadata::ImageBuilder builder_;
};

}  // namespace moldau::controller
