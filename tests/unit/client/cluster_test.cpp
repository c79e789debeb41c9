#include "moldau/client/cluster.hpp"

#include "scripted_broker.hpp"

#include "moldau/protocol/messages/metadata.hpp"

#include <gmock/gmock.h>

namespace moldau::client {
namespace {

using protocol::ApiKey;
using runtime::Shard;
using runtime::Task;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(ParseBrokers, TakesNamesAddressesAndPorts) {
    const auto found = parse_brokers("a:1,b,[::1]:65535,[fe80::1]");
    ASSERT_TRUE(found);
    EXPECT_THAT(*found, testing::ElementsAre(Endpoint{"a", 1}, Endpoint{"b", 9092},
                                             Endpoint{"::1", 65535}, Endpoint{"fe80::1", 9092}));
}

TEST(ParseBrokers, NamesWhatIsWrong) {
    for (const char* text :
         {"", "a:", "a:0", "a:65536", "a:x", "a,,b", ":1", "::1", "[::1", "a:1,"}) {
        SCOPED_TRACE(text);
        const auto found = parse_brokers(text);
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().code, ErrorCode::invalid_request);
        EXPECT_THAT(found.error().detail, HasSubstr("is not HOST:PORT"));
    }
}

/// Two brokers; topic "t" exists from the `known_after`-th question on.
Script broker_of_two(int& questions, int known_after) {
    return [&questions, known_after](const Received& request) -> std::optional<Bytes> {
        if (request.api() == ApiKey::api_versions)
            return api_versions(request,
                                {{ApiKey::api_versions, {0, 4}}, {ApiKey::metadata, {0, 12}}});
        protocol::MetadataResponse response;
        for (const std::int32_t id : {0, 1}) {
            auto& broker = response.brokers.emplace_back();
            broker.node_id = id;
            broker.host = "broker-" + std::to_string(id);
            broker.port = ScriptedBroker::kPort;
        }
        const auto asked = request.as<protocol::MetadataRequest>();
        EXPECT_FALSE(asked.allow_auto_topic_creation);
        if (asked.topics && !asked.topics->empty()) {
            ++questions;
            auto& topic = response.topics.emplace_back();
            topic.name = asked.topics->front().name;
            topic.error_code =
                questions < known_after ? ErrorCode::unknown_topic_or_partition : ErrorCode::none;
            if (topic.error_code == ErrorCode::none) {
                for (const std::int32_t index : {1, 0}) {
                    auto& partition = topic.partitions.emplace_back();
                    partition.partition_index = index;
                    partition.leader_id = index;
                }
            }
        }
        return request.answer(response);
    };
}

struct Seen {
    std::vector<std::string> hosts;
    std::vector<Error> errors;
};

Task<> find_leaders(Shard& shard, Transport& transport, std::vector<Endpoint> bootstrap,
                    Seen& seen) {
    Cluster cluster(shard, transport, {.bootstrap = std::move(bootstrap)});
    for (int again = 0; again < 2; ++again) {
        auto topic = co_await cluster.topic("t", shard.now() + seconds(5));
        if (!topic) {
            seen.errors.push_back(topic.error());
            continue;
        }
        for (const Partition& partition : (*topic)->partitions) {
            auto leader = co_await cluster.broker(partition.leader);
            if (leader) seen.hosts.push_back((*leader)->peer().host);
        }
    }
    cluster.close();
}

TEST(Cluster, FindsTheLeadersAndAsksOnlyOnce) {
    int questions = 0;
    ScriptedCluster world({broker_of_two(questions, 1), broker_of_two(questions, 1)});
    Seen seen;
    world.run([&](Shard& shard, Transport& transport) {
        return find_leaders(shard, transport, {{"broker-0", 9092}}, seen);
    });
    EXPECT_THAT(seen.hosts, testing::ElementsAre("broker-0", "broker-1", "broker-0", "broker-1"));
    EXPECT_EQ(questions, 1);
}

TEST(Cluster, GoesToTheNextBootstrapAddressWhenOneIsNotThere) {
    int questions = 0;
    ScriptedCluster world({broker_of_two(questions, 1), broker_of_two(questions, 1)});
    Seen seen;
    world.run([&](Shard& shard, Transport& transport) {
        return find_leaders(shard, transport, {{"broker-0", 1}, {"broker-1", 9092}}, seen);
    });
    EXPECT_THAT(seen.errors, testing::IsEmpty());
    EXPECT_EQ(seen.hosts.size(), 4U);
}

TEST(Cluster, AsksAgainForATopicThatIsNotKnownYet) {
    int questions = 0;
    ScriptedCluster world({broker_of_two(questions, 4), broker_of_two(questions, 4)});
    Seen seen;
    world.run([&](Shard& shard, Transport& transport) {
        return find_leaders(shard, transport, {{"broker-0", 9092}}, seen);
    });
    EXPECT_THAT(seen.errors, testing::IsEmpty());
    EXPECT_EQ(questions, 4);
}

TEST(Cluster, SaysOfATopicThatStaysUnknownThatItIs) {
    int questions = 0;
    ScriptedCluster world({broker_of_two(questions, 1'000'000), broker_of_two(questions, 1)});
    Seen seen;
    world.run([&](Shard& shard, Transport& transport) {
        return find_leaders(shard, transport, {{"broker-0", 9092}}, seen);
    });
    ASSERT_EQ(seen.errors.size(), 2U);
    EXPECT_EQ(seen.errors[0].code, ErrorCode::unknown_topic_or_partition);
}

TEST(Cluster, NamesEveryAddressThatDoesNotAnswer) {
    ScriptedCluster world({[](const Received&) { return std::nullopt; }});
    Seen seen;
    world.run([&](Shard& shard, Transport& transport) {
        return find_leaders(shard, transport, {{"broker-0", 1}, {"broker-0", 2}}, seen);
    });
    ASSERT_EQ(seen.errors.size(), 2U);
    EXPECT_EQ(seen.errors[0].code, ErrorCode::network_exception);
    EXPECT_THAT(seen.errors[0].detail, HasSubstr(";"));
}

}  // namespace
}  // namespace moldau::client
