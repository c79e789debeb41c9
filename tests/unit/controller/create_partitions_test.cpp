#include "moldau/controller/create_partitions.hpp"

#include "config_rules_fixture.hpp"

#include "moldau/controller/topics.hpp"

#include <gmock/gmock.h>

#include <random>

namespace moldau::controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Wanted = protocol::CreatePartitionsRequest::CreatePartitionsTopic;

class CreatePartitions : public ConfigFixture {
protected:
    void SetUp() override {
        ConfigFixture::SetUp();
        join(2);
        join(3);
        protocol::CreateTopicsRequest request;
        auto& topic = request.topics.emplace_back();
        topic.name = "orders";
        topic.num_partitions = 2;
        topic.replication_factor = 2;
        const TopicContext context{.configs = rules, .random = [this] { return random_(); }};
        append(create_topics(image(), context, request).records);
    }

    static Wanted wanted(std::string name, std::int32_t count) {
        Wanted topic;
        topic.name = std::move(name);
        topic.count = count;
        topic.assignments = std::nullopt;
        return topic;
    }
    static Wanted assigned(std::int32_t count,
                           const std::vector<std::vector<std::int32_t>>& brokers) {
        Wanted topic = wanted("orders", count);
        topic.assignments.emplace();
        for (const auto& each : brokers) topic.assignments->emplace_back().broker_ids = each;
        return topic;
    }
    Decision<protocol::CreatePartitionsResponse> decide(std::vector<Wanted> topics,
                                                        bool validate_only = false) {
        protocol::CreatePartitionsRequest request;
        request.topics = std::move(topics);
        request.validate_only = validate_only;
        auto decision = create_partitions(image(), [this] { return random_(); }, request, charge);
        for (std::int16_t v = 0; v <= 3; ++v) EXPECT_TRUE(decision.reply.encoded_size(v)) << v;
        return decision;
    }
    ChargePartitions charge;

    ErrorCode refusal(Wanted topic) {
        const auto decision = decide({std::move(topic)});
        EXPECT_THAT(decision.records, IsEmpty());
        return decision.reply.results.at(0).error_code;
    }
    const metadata::Topic& orders() const { return *image().find_topic("orders"); }

private:
    std::mt19937_64 random_{7};
};

TEST_F(CreatePartitions, AddsWhatIsMissingWithTheReplicationOfTheFirst) {
    const auto decision = decide({wanted("orders", 5)});
    EXPECT_EQ(decision.reply.results.at(0).error_code, ErrorCode::none);
    EXPECT_EQ(decision.records.size(), 3U);
    EXPECT_TRUE(decision.is_atomic);
    append(decision.records);
    ASSERT_EQ(orders().partitions.size(), 5U);
    for (const auto& [number, partition] : orders().partitions) {
        EXPECT_EQ(partition.replicas.size(), 2U) << number;
        EXPECT_EQ(partition.isr, partition.replicas) << number;
        EXPECT_EQ(partition.leader, partition.replicas.front()) << number;
    }
}

TEST_F(CreatePartitions, PutsThemWhereTheRequestSays) {
    append(decide({assigned(4, {{3, 1}, {2, 3}})}).records);
    EXPECT_THAT(orders().partitions.find(2)->replicas, ElementsAre(BrokerId{3}, BrokerId{1}));
    EXPECT_THAT(orders().partitions.find(3)->replicas, ElementsAre(BrokerId{2}, BrokerId{3}));
}

TEST_F(CreatePartitions, RefusesWhatIsNoIncreaseAndWhatIsTooMuch) {
    for (const std::int32_t count : {2, 1, 0, -1, 2 + 10'001, 2'147'483'647})
        EXPECT_EQ(refusal(wanted("orders", count)), ErrorCode::invalid_partitions) << count;
    EXPECT_EQ(refusal(wanted("none", 3)), ErrorCode::unknown_topic_or_partition);
}

TEST_F(CreatePartitions, RefusesAssignmentsThatCannotBe) {
    EXPECT_EQ(refusal(assigned(4, {{1, 2}})), ErrorCode::invalid_replica_assignment) << "too few";
    EXPECT_EQ(refusal(assigned(3, {{1}})), ErrorCode::invalid_replica_assignment)
        << "other replication than the first's";
    EXPECT_EQ(refusal(assigned(3, {{1, 1}})), ErrorCode::invalid_replica_assignment);
    EXPECT_EQ(refusal(assigned(3, {{1, 9}})), ErrorCode::invalid_replica_assignment);
}

TEST_F(CreatePartitions, AreChargedForThoseThatAreNew) {
    std::vector<std::int64_t> charged;
    charge = [&charged](std::int64_t partitions) -> Result<> {
        charged.push_back(partitions);
        if (partitions > 3) return Error{ErrorCode::throttling_quota_exceeded, "too many"};
        return {};
    };
    EXPECT_EQ(refusal(wanted("orders", 6)), ErrorCode::throttling_quota_exceeded);
    EXPECT_EQ(refusal(wanted("orders", 2)), ErrorCode::invalid_partitions);
    EXPECT_EQ(decide({wanted("orders", 5)}).reply.results.at(0).error_code, ErrorCode::none);
    EXPECT_THAT(charged, ElementsAre(4, 3));
}

TEST_F(CreatePartitions, OnlyValidatesWhenAskedTo) {
    const auto decision = decide({wanted("orders", 3)}, true);
    EXPECT_EQ(decision.reply.results.at(0).error_code, ErrorCode::none);
    EXPECT_THAT(decision.records, IsEmpty());
}

TEST_F(CreatePartitions, AnswersATopicThatComesTwiceOnceWithAnError) {
    const auto decision = decide({wanted("orders", 3), wanted("orders", 4), wanted("none", 2)});
    ASSERT_EQ(decision.reply.results.size(), 2U);
    EXPECT_EQ(decision.reply.results[0].error_code, ErrorCode::invalid_request);
    EXPECT_EQ(decision.reply.results[1].error_code, ErrorCode::unknown_topic_or_partition);
    EXPECT_THAT(decision.records, IsEmpty());
}

}  // namespace
}  // namespace moldau::controller
