// Against a scripted broker in the simulated world.
#include "connect_worker.hpp"

#include "topic_broker.hpp"

#include <gtest/gtest.h>

namespace moldau::load {
namespace {

using std::chrono::milliseconds;

Outcome connect(TopicBroker& broker, const ConnectOptions& options, Share share = {},
                sim::NetworkFaults network = {}) {
    return run(
        broker,
        [=](client::Cluster& cluster, Transport& transport) {
            return std::make_unique<ConnectWorker>(cluster, transport, options, share);
        },
        network);
}

TEST(ConnectWorker, OpensAsManyAsItIsTold) {
    TopicBroker broker;
    const Outcome outcome = connect(broker, {.count = 40});
    ASSERT_TRUE(*outcome.ended);
    EXPECT_EQ(outcome.figures.done, 40U);
    EXPECT_EQ(outcome.figures.latency.count(), 40U);
    EXPECT_EQ(broker.connections, 40);
    EXPECT_EQ(connect(broker, {.count = 40}, {.index = 1, .of = 3}).figures.done, 13U);
}

TEST(ConnectWorker, KeepsToItsRate) {
    TopicBroker broker;
    const Outcome outcome = connect(broker, {.count = 30, .rate = 10});
    ASSERT_TRUE(*outcome.ended);
    EXPECT_EQ(outcome.figures.send_delay.count(), 30U);
    EXPECT_LT(outcome.figures.latency.max(), Duration(milliseconds(50)).count());
}

TEST(ConnectWorker, CountsThoseThatAreRefused) {
    TopicBroker broker;
    const Outcome outcome = connect(broker, {.count = 100}, {}, {.refuse = 300'000});
    ASSERT_TRUE(*outcome.ended);
    EXPECT_EQ(outcome.figures.done + outcome.figures.failed, 100U);
    EXPECT_GT(outcome.figures.failed, 10U);
    EXPECT_EQ(outcome.figures.errors.at("NETWORK_EXCEPTION"), outcome.figures.failed);
}

}  // namespace
}  // namespace moldau::load
