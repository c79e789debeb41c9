// Against a scripted broker in the simulated world.
#include "topics_worker.hpp"

#include "topic_broker.hpp"

#include <gmock/gmock.h>

namespace moldau::load {
namespace {

Outcome create(TopicBroker& broker, const TopicsOptions& options, Share share = {}) {
    return run(broker, [=](client::Cluster& cluster, Transport&) {
        return std::make_unique<TopicsWorker>(cluster, options, "p", share);
    });
}

TEST(TopicsWorker, CreatesAsManyAsItIsToldAndDeletesThem) {
    TopicBroker broker;
    const Outcome outcome = create(broker, {.count = 250, .shape = {.partitions = 3}});
    ASSERT_TRUE(*outcome.ended) << outcome.ended->error().detail;
    EXPECT_EQ(outcome.figures.done, 250U);
    EXPECT_EQ(outcome.figures.batches, 250U);
    EXPECT_EQ(outcome.figures.latency.count(), 250U);
    EXPECT_EQ(broker.created, 250U);
    EXPECT_EQ(broker.partitions, 3);
    EXPECT_TRUE(broker.topics.empty());
}

TEST(TopicsWorker, KeepsThemWhereItIsTold) {
    TopicBroker broker;
    create(broker, {.count = 3, .keeps = true});
    EXPECT_THAT(broker.topics, testing::ElementsAre("p-0", "p-1", "p-2"));
}

TEST(TopicsWorker, CreatesSeveralInARequestTheRestInTheLast) {
    TopicBroker broker;
    EXPECT_EQ(create(broker, {.count = 25, .batch = 10}).figures.done, 25U);
    EXPECT_THAT(broker.batches, testing::ElementsAre(10, 10, 5));
}

TEST(TopicsWorker, SharesTheTopicsOutToClients) {
    TopicBroker broker;
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < 3; ++i)
        sum += create(broker, {.count = 20, .batch = 3, .keeps = true}, {.index = i, .of = 3})
                   .figures.done;
    EXPECT_EQ(sum, 20U);
    EXPECT_EQ(broker.topics.size(), 20U);
}

TEST(TopicsWorker, CountsWhatIsRefused) {
    TopicBroker broker;
    broker.refused = "p-1";
    const Outcome outcome = create(broker, {.count = 3});
    ASSERT_TRUE(*outcome.ended);
    EXPECT_EQ(outcome.figures.done, 2U);
    EXPECT_EQ(outcome.figures.failed, 1U);
    EXPECT_EQ(outcome.figures.errors.at("POLICY_VIOLATION"), 1U);
}

}  // namespace
}  // namespace moldau::load
