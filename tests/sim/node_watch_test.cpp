// What a node says of itself at every moment of its life: whether it serves, and its figures.
#include "node_process.hpp"

#include "moldau/metrics/samples.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace moldau::sim {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::size_t kShards = 3;

/// A node of three shards, watched from outside of it.
struct Watched {
    Watched() {
        id = world.add_process("node", kShards, [this](Process& process) {
            return std::make_unique<NodeProgram>(process, life);
        });
    }
    const broker::Node* node() const {
        return life.program == nullptr ? nullptr : life.program->node();
    }
    std::vector<std::string> reasons() const {
        return node() == nullptr ? std::vector<std::string>{"gone"} : node()->reasons_not_ready();
    }
    std::string page() const {
        metrics::Samples all;
        for (std::size_t i = 0; i < kShards; ++i) {
            metrics::Samples part;
            node()->sample(i, part);
            all.add(part);
        }
        return all.page(metrics::PageFormat::prometheus);
    }

    NodeLife life;
    World world{{.seed = 7}};
    ProcessId id = 0;
};

TEST(WatchedNode, IsReadyWhileItServesAndSaysWhyWhileItDoesNot) {
    Watched watched;
    watched.world.start(watched.id);
    ASSERT_FALSE(watched.world.run_for(seconds(30), [&] {
        if (!watched.life.is_serving) {
            EXPECT_THAT(watched.reasons(), ElementsAre("the node is starting"));
            EXPECT_THAT(watched.page(), HasSubstr("\nmoldau_ready 0\n"));
        }
        return watched.life.is_serving;
    })) << watched.life.gave_up;
    EXPECT_THAT(watched.reasons(), IsEmpty());
    const std::string page = watched.page();
    EXPECT_THAT(page, HasSubstr("\nmoldau_ready 1\n"));
    EXPECT_THAT(page, HasSubstr("\nmoldau_metadata_leads 1\n"));
    EXPECT_THAT(page, HasSubstr("\nmoldau_connections{listener=\"CONTROLLER\"} 0\n"));
    EXPECT_THAT(page, Not(HasSubstr("moldau_metadata_applied_offset{shard=\"3\"}")));

    watched.life.program->stop();
    std::vector<std::string> reasons;
    ASSERT_FALSE(watched.world.run_for(seconds(30), [&] {
        if (watched.node() != nullptr && !watched.reasons().empty()) {
            reasons = watched.reasons();
            EXPECT_THAT(watched.page(), HasSubstr("\nmoldau_ready 0\n"));
        }
        return watched.life.has_stopped;
    }));
    EXPECT_THAT(reasons, ElementsAre("the node is stopping"));
}

TEST(WatchedNode, TellsOfAStartThatFailsThatItHasNotStarted) {
    Watched watched;
    watched.world.set_faults(DiskFaults{.write_error = 1'000'000});
    watched.world.start(watched.id);
    ASSERT_FALSE(watched.world.run_for(seconds(30), [&] { return !watched.life.gave_up.empty(); }));
    EXPECT_THAT(watched.reasons(), ElementsAre("the node is starting"));
    EXPECT_THAT(watched.page(), HasSubstr("\nmoldau_ready 0\n"));
}

}  // namespace
}  // namespace moldau::sim
