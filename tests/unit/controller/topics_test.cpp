#include "moldau/controller/topics.hpp"

#include "config_rules_fixture.hpp"

#include <gmock/gmock.h>

#include <random>

namespace moldau::controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using NewTopic = protocol::CreateTopicsRequest::CreatableTopic;

NewTopic new_topic(std::string name, std::int32_t partitions = 1, std::int16_t replicas = 1) {
    NewTopic topic;
    topic.name = std::move(name);
    topic.num_partitions = partitions;
    topic.replication_factor = replicas;
    return topic;
}
NewTopic with_assignments(std::map<std::int32_t, std::vector<std::int32_t>> assignments) {
    NewTopic topic = new_topic("assigned", -1, -1);
    for (auto& [index, brokers] : assignments) {
        NewTopic* const to = &topic;
        protocol::CreateTopicsRequest::CreatableReplicaAssignment assignment;
        assignment.partition_index = index;
        assignment.broker_ids = brokers;
        to->assignments.push_back(std::move(assignment));
    }
    return topic;
}
NewTopic with_config(std::string name, std::optional<std::string> value) {
    NewTopic topic = new_topic("configured");
    protocol::CreateTopicsRequest::CreatableTopicConfig config;
    config.name = std::move(name);
    config.value = std::move(value);
    topic.configs.push_back(std::move(config));
    return topic;
}

class Topics : public ConfigFixture {
protected:
    Decision<protocol::CreateTopicsResponse> decide(std::vector<NewTopic> topics,
                                                    bool validate_only = false) {
        protocol::CreateTopicsRequest request;
        request.topics = std::move(topics);
        request.validate_only = validate_only;
        const TopicContext context{.configs = rules,
                                   .default_partitions = 3,
                                   .default_replication_factor = 1,
                                   .random = [this] { return random_(); },
                                   .charge = charge};
        auto decision = create_topics(image(), context, request);
        for (std::int16_t v = 2; v <= 7; ++v)  // every version can say it
            EXPECT_TRUE(decision.reply.encoded_size(v)) << v;
        return decision;
    }
    ErrorCode create(NewTopic topic) {
        const auto decision = decide({std::move(topic)});
        append(decision.records);
        EXPECT_EQ(decision.reply.topics.size(), 1U);
        const auto& result = decision.reply.topics.at(0);
        EXPECT_EQ(result.error_code != ErrorCode::none, result.error_message.has_value());
        EXPECT_EQ(result.error_code != ErrorCode::none, decision.records.empty());
        return result.error_code;
    }
    Decision<protocol::DeleteTopicsResponse> remove(std::vector<std::string> names) {
        protocol::DeleteTopicsRequest request;
        request.topic_names = std::move(names);
        auto decision = delete_topics(image(), true, request, charge);
        for (std::int16_t v = 1; v <= 6; ++v) EXPECT_TRUE(decision.reply.encoded_size(v)) << v;
        append(decision.records);
        return decision;
    }

    ChargePartitions charge;

private:
    std::mt19937_64 random_{5};
};

TEST_F(Topics, AreMadeWithKafkasRecordsInItsOrder) {
    NewTopic topic = with_config("retention.ms", "77");
    protocol::CreateTopicsRequest::CreatableTopicConfig min_isr;
    min_isr.name = "min.insync.replicas";
    min_isr.value = "1";
    topic.configs.push_back(min_isr);
    const auto decision = decide({topic});
    ASSERT_THAT(decision.records, SizeIs(5));
    EXPECT_TRUE(decision.is_atomic);
    EXPECT_TRUE(std::holds_alternative<protocol::TopicRecord>(decision.records[0].value));
    EXPECT_EQ(std::get<protocol::ConfigRecord>(decision.records[1].value).name,
              "min.insync.replicas");
    EXPECT_EQ(std::get<protocol::ConfigRecord>(decision.records[2].value).name, "retention.ms");
    EXPECT_EQ(std::get<protocol::ClearElrRecord>(decision.records[3].value).topic_name,
              "configured");
    EXPECT_TRUE(std::holds_alternative<protocol::PartitionRecord>(decision.records[4].value));
    EXPECT_EQ(decision.records[4].version, 2);
    append(decision.records);
    const metadata::Topic* made = image().find_topic("configured");
    ASSERT_NE(made, nullptr);
    const metadata::Partition* partition = made->partitions.find(0);
    EXPECT_EQ(partition->leader, BrokerId{1});
    EXPECT_EQ(partition->leader_epoch, LeaderEpoch{0});
    EXPECT_EQ(partition->partition_epoch, 0);
    EXPECT_THAT(partition->isr, ElementsAre(BrokerId{1}));
    EXPECT_THAT(partition->directories, ElementsAre(Uuid{77, 1}));  // the broker's only one
    const auto& result = decision.reply.topics.at(0);
    EXPECT_EQ(result.topic_id, *image().topic_ids.find("configured"));
    EXPECT_EQ(result.num_partitions, 1);
    EXPECT_EQ(result.replication_factor, 1);
}

TEST_F(Topics, AreChargedByPartitionsOnceAllElseIsRight) {
    std::vector<std::int64_t> charged;
    charge = [&charged](std::int64_t partitions) -> Result<> {
        if (partitions > 3) return Error{ErrorCode::throttling_quota_exceeded, "too many"};
        charged.push_back(partitions);
        return {};
    };
    const auto decision = decide({new_topic("two", 2), new_topic("bad/name"), new_topic("four", 4),
                                  with_config("no.such", "1"), new_topic("three", -1)});
    EXPECT_THAT(charged, ElementsAre(2, 3));
    ASSERT_THAT(decision.reply.topics, SizeIs(5));
    EXPECT_EQ(decision.reply.topics[2].error_code, ErrorCode::throttling_quota_exceeded);
    append(decision.records);
    EXPECT_NE(image().find_topic("two"), nullptr);
    EXPECT_EQ(image().find_topic("four"), nullptr);

    charged.clear();
    EXPECT_EQ(remove({"three", "nowhere", "two"}).reply.responses.size(), 3U);
    EXPECT_THAT(charged, ElementsAre(3, 2));
    EXPECT_EQ(image().find_topic("two"), nullptr);

    charge = nullptr;
    ASSERT_EQ(create(new_topic("large", 4)), ErrorCode::none);
    charge = [](std::int64_t) -> Result<> {
        return Error{ErrorCode::throttling_quota_exceeded, "wait"};
    };
    const auto refused = remove({"large"});
    EXPECT_EQ(refused.reply.responses.at(0).error_code, ErrorCode::throttling_quota_exceeded);
    EXPECT_EQ(refused.reply.responses.at(0).error_message, "wait");
    EXPECT_NE(image().find_topic("large"), nullptr);
}

TEST_F(Topics, TakeTheServersDefaultsForMinusOne) {
    EXPECT_EQ(create(new_topic("t", -1, -1)), ErrorCode::none);
    EXPECT_EQ(image().find_topic("t")->partitions.size(), 3U);
}

TEST_F(Topics, ThatCannotBeAreRefusedAsKafkaDoes) {
    ASSERT_EQ(create(new_topic("x.y")), ErrorCode::none);
    struct Row {
        std::string what;
        NewTopic topic;
        ErrorCode expected;
    };
    NewTopic both = with_assignments({{0, {1}}});
    both.num_partitions = 3;
    NewTopic twice = with_assignments({{0, {1}}});
    twice.assignments.push_back(twice.assignments[0]);
    for (const Row& row : {
             Row{"a path", new_topic("../../etc/passwd"), ErrorCode::invalid_topic_exception},
             Row{"collides", new_topic("x_y"), ErrorCode::invalid_topic_exception},
             Row{"is there", new_topic("x.y"), ErrorCode::topic_already_exists},
             Row{"the metadata log", new_topic("__cluster_metadata"), ErrorCode::invalid_request},
             Row{"0 partitions", new_topic("t", 0), ErrorCode::invalid_partitions},
             Row{"-5 partitions", new_topic("t", -5), ErrorCode::invalid_partitions},
             Row{"too many", new_topic("t", 100'000), ErrorCode::policy_violation},
             Row{"10000 and a topic", new_topic("t", 10'000), ErrorCode::policy_violation},
             Row{"0 replicas", new_topic("t", 1, 0), ErrorCode::invalid_replication_factor},
             Row{"-2 replicas", new_topic("t", 1, -2), ErrorCode::invalid_replication_factor},
             Row{"2 of 1", new_topic("t", 1, 2), ErrorCode::invalid_replication_factor},
             Row{"32767", new_topic("t", 1, 32767), ErrorCode::invalid_replication_factor},
             Row{"unknown config", with_config("nope", "1"), ErrorCode::invalid_config},
             Row{"bad value", with_config("retention.ms", "abc"), ErrorCode::invalid_config},
             Row{"null value", with_config("retention.ms", std::nullopt),
                 ErrorCode::invalid_config},
             Row{"count and assignment", both, ErrorCode::invalid_request},
             Row{"gap", with_assignments({{1, {1}}}), ErrorCode::invalid_replica_assignment},
             Row{"nobody", with_assignments({{0, {}}}), ErrorCode::invalid_replica_assignment},
             Row{"broker twice", with_assignments({{0, {1, 1}}}),
                 ErrorCode::invalid_replica_assignment},
             Row{"unknown broker", with_assignments({{0, {77}}}),
                 ErrorCode::invalid_replica_assignment},
             Row{"partition twice", twice, ErrorCode::invalid_replica_assignment},
         }) {
        SCOPED_TRACE(row.what);
        EXPECT_EQ(create(row.topic), row.expected);
    }
}

TEST_F(Topics, WithConfigsThatCannotBeTogetherAreRefused) {
    rules.check_together = [](const metadata::ConfigResource&,
                              const metadata::Configs& all) -> Result<> {
        if (all.size() < 2) return {};
        return Error{ErrorCode::invalid_config, "both"};
    };
    NewTopic topic = with_config("retention.ms", "1");
    EXPECT_EQ(create(topic), ErrorCode::none);
    topic.name = "both";
    topic.configs.push_back(with_config("cleanup.policy", "delete").configs[0]);
    EXPECT_EQ(create(topic), ErrorCode::invalid_config);
}

TEST_F(Topics, AreAssignedAsAskedWithTheActiveOnesInTheIsr) {
    register_now(registration(2));  // registered, but fenced
    ASSERT_EQ(create(with_assignments({{0, {2, 1}}, {1, {1, 2}}})), ErrorCode::none);
    const metadata::Topic* made = image().find_topic("assigned");
    EXPECT_THAT(made->partitions.find(0)->replicas, ElementsAre(BrokerId{2}, BrokerId{1}));
    EXPECT_THAT(made->partitions.find(0)->isr, ElementsAre(BrokerId{1}));
    EXPECT_EQ(made->partitions.find(0)->leader, BrokerId{1});
    NewTopic fenced = with_assignments({{0, {2}}});
    fenced.name = "fenced";
    EXPECT_EQ(create(fenced), ErrorCode::invalid_replica_assignment);
    NewTopic uneven = with_assignments({{0, {1}}, {1, {1, 2}}});
    uneven.name = "uneven";
    EXPECT_EQ(create(uneven), ErrorCode::invalid_replica_assignment);
}

TEST_F(Topics, ABrokerWithSeveralDirectoriesChoosesItself) {
    auto request = registration(2);
    request.log_dirs = {Uuid{77, 2}, Uuid{77, 3}};
    register_now(request);
    beat(2);
    ASSERT_EQ(create(with_assignments({{0, {2}}})), ErrorCode::none);
    EXPECT_THAT(image().find_topic("assigned")->partitions.find(0)->directories,
                ElementsAre(metadata::kUnassignedDirectory));
}

TEST_F(Topics, NamedTwiceHaveOneResultAndTheOthersTheirs) {
    const auto decision = decide({new_topic("a"), new_topic("b"), new_topic("a")});
    ASSERT_THAT(decision.reply.topics, SizeIs(2));
    EXPECT_EQ(decision.reply.topics[0].error_code, ErrorCode::invalid_request);
    EXPECT_EQ(decision.reply.topics[1].error_code, ErrorCode::none);
    append(decision.records);
    EXPECT_EQ(image().find_topic("a"), nullptr);
    EXPECT_NE(image().find_topic("b"), nullptr);
}

TEST_F(Topics, AreOnlyJudgedWhenTheRequestSaysSo) {
    const auto decision = decide({new_topic("a"), new_topic("b", 0)}, true);
    EXPECT_THAT(decision.records, IsEmpty());
    EXPECT_EQ(decision.reply.topics[0].error_code, ErrorCode::none);
    EXPECT_EQ(decision.reply.topics[1].error_code, ErrorCode::invalid_partitions);
}

TEST_F(Topics, AreRemovedByNameOrId) {
    create(new_topic("a"));
    create(new_topic("b"));
    const Uuid b = *image().topic_ids.find("b");
    EXPECT_EQ(remove({"a"}).reply.responses.at(0).error_code, ErrorCode::none);
    EXPECT_EQ(image().find_topic("a"), nullptr);
    protocol::DeleteTopicsRequest request;
    request.topics.resize(1);
    request.topics[0].topic_id = b;
    const auto decision = delete_topics(image(), true, request);
    append(decision.records);
    EXPECT_EQ(decision.reply.responses.at(0).name, "b");
    EXPECT_EQ(image().find_topic("b"), nullptr);
}

TEST_F(Topics, ThatAreNotThereOrNamedWrongAreNotRemoved) {
    create(new_topic("a"));
    const auto code = [](const auto& decision) {
        EXPECT_TRUE(decision.records.empty());
        return decision.reply.responses.at(0).error_code;
    };
    EXPECT_EQ(code(remove({"none"})), ErrorCode::unknown_topic_or_partition);
    EXPECT_EQ(code(remove({"a", "a"})), ErrorCode::invalid_request);
    protocol::DeleteTopicsRequest request;
    request.topics.resize(1);
    EXPECT_EQ(code(delete_topics(image(), true, request)), ErrorCode::invalid_request);
    request.topics[0].topic_id = {1, 1};
    EXPECT_EQ(code(delete_topics(image(), true, request)), ErrorCode::unknown_topic_id);
    request.topics[0].name = "a";
    EXPECT_EQ(code(delete_topics(image(), true, request)), ErrorCode::invalid_request);
    request.topics[0].topic_id = {};
    EXPECT_EQ(code(delete_topics(image(), false, request)), ErrorCode::topic_deletion_disabled);
    EXPECT_NE(image().find_topic("a"), nullptr);
}

}  // namespace
}  // namespace moldau::controller
