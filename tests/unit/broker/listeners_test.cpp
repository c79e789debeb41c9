#include "listeners.hpp"

#include "config_fixture.hpp"

#include "moldau/runtime/task_group.hpp"
#include "moldau/sim/world.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace moldau::broker {
namespace {

using runtime::Task;
using testing::ElementsAre;

const std::string kNode =
    "process.roles=broker,controller\nnode.id=1\ncontroller.listener.names=CONTROLLER\n"
    "controller.quorum.bootstrap.servers=server:1\n"
    "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,A:PLAINTEXT,"
    "B:PLAINTEXT\n";

class NoService final : public net::Service {
    std::unique_ptr<net::Session> open(runtime::Shard&, const net::ConnectionInfo&) override {
        return nullptr;  // nobody connects
    }
};

/// What is open, and what clients are told: `A://10.0.0.1:5`, `A://server:5`.
struct Seen {
    std::vector<std::string> open;
    std::vector<std::string> told;
};

/// The listeners of the file, then one change after the other; the first is there before the start.
class ListenersProgram final : public sim::Program {
public:
    ListenersProgram(sim::Process& process, const config::Settings& settings,
                     const std::vector<std::string>& changes, std::vector<Seen>& seen)
        : server_({.connection = {}, .limits = {}, .rates = {}},
                  {{&process.shard(0), &process.transport(0), &process.disk(0)}}, service_),
          listeners_(process.shard(0), settings.node(), server_,
                     [] { return std::string("machine.example"); }) {
        runtime::spawn(process.shard(0), "change", change(*this, settings, changes, seen));
    }

private:
    static Task<> change(ListenersProgram& self, const config::Settings& settings,
                         std::vector<std::string> changes, std::vector<Seen>& seen) {
        Listeners& listeners = self.listeners_;
        const Result<> bound = listeners.bind();
        EXPECT_TRUE(bound) << bound.error().detail;
        seen.push_back(look(listeners));
        metadata::ClusterImage image;
        for (std::string& each : changes) {
            set_config(image, metadata::ResourceType::broker, "1", "listeners", std::move(each));
            if (listeners.want(BrokerLayers(image, settings))) {
                co_await listeners.open_wanted();
                co_await listeners.close_others();
            }
            if (seen.size() == 1) self.server_.accept_connections();
            seen.push_back(look(listeners));
        }
        co_await self.server_.stop();
    }
    static Seen look(const Listeners& listeners) {
        Seen seen;
        for (const config::Listener& each : listeners.of_broker())
            seen.open.push_back(each.to_string());
        for (const auto& each : listeners.advertised())
            seen.told.push_back(fmt::format("{}://{}:{}", each.name, each.host, each.port));
        return seen;
    }

    NoService service_;
    net::Server server_;
    Listeners listeners_;
};

std::vector<Seen> run(const std::string& properties, const std::vector<std::string>& changes = {}) {
    const config::Settings settings = settings_of(kNode + properties);
    std::vector<Seen> seen;
    sim::World world({});
    world.start(world.add_process("server", 1, [&](sim::Process& process) {
        return std::make_unique<ListenersProgram>(process, settings, changes, seen);
    }));
    world.run_for(std::chrono::seconds(10));
    EXPECT_EQ(seen.size(), 1 + changes.size());
    return seen;
}

const std::string kOfTheFile = "listeners=PLAINTEXT://server:2,CONTROLLER://server:1\n";

TEST(Listeners, WithoutHostAreToldWithTheMachinesName) {
    EXPECT_THAT(run("listeners=PLAINTEXT://:2,CONTROLLER://server:1\n")[0].told,
                ElementsAre("PLAINTEXT://machine.example:2"));
    EXPECT_THAT(run("listeners=PLAINTEXT://:2,CONTROLLER://server:1\n"
                    "advertised.listeners=PLAINTEXT://:7\n")[0]
                    .told,
                ElementsAre("PLAINTEXT://machine.example:7"));
    EXPECT_THAT(run("listeners=PLAINTEXT://server:2,A://0.0.0.0:3,CONTROLLER://server:1\n"
                    "advertised.listeners=PLAINTEXT://example.org:7\n")[0]
                    .told,
                ElementsAre("PLAINTEXT://example.org:7", "A://machine.example:3"))
        << "one that is not advertised, too";
}

TEST(Listeners, ComeAndGoAsTheyAreWanted) {
    const std::vector<Seen> seen =
        run(kOfTheFile, {"PLAINTEXT://server:2,CONTROLLER://server:1,A://server:5,B://:6",
                         "PLAINTEXT://server:2,CONTROLLER://server:1,B://server:6",
                         "PLAINTEXT://server:2,CONTROLLER://server:1,B://server:6,A://server:7"});
    EXPECT_THAT(seen[0].told, ElementsAre("PLAINTEXT://server:2"));
    EXPECT_THAT(seen[1].told,
                ElementsAre("PLAINTEXT://server:2", "A://server:5", "B://machine.example:6"));
    EXPECT_THAT(seen[2].open, ElementsAre("PLAINTEXT://10.0.0.1:2", "B://10.0.0.1:6"));
    EXPECT_THAT(seen[2].told, ElementsAre("PLAINTEXT://server:2", "B://server:6"));
    EXPECT_THAT(seen[3].told, ElementsAre("PLAINTEXT://server:2", "B://server:6", "A://server:7"));
}

TEST(Listeners, OfTheFileThatWereGivenUpAreClosedBeforeAnybodyIsServed) {
    const std::vector<Seen> seen =
        run("listeners=PLAINTEXT://server:2,CONTROLLER://server:1,A://server:5\n",
            {"PLAINTEXT://server:3,CONTROLLER://server:1"});
    EXPECT_THAT(seen[0].told, ElementsAre("PLAINTEXT://server:2", "A://server:5"));
    EXPECT_THAT(seen[1].told, ElementsAre("PLAINTEXT://server:3"));
    EXPECT_THAT(seen[1].open, ElementsAre("PLAINTEXT://10.0.0.1:3"));
}

TEST(Listeners, ChangePlaces) {
    const std::vector<Seen> seen =
        run(kOfTheFile, {"PLAINTEXT://server:2,CONTROLLER://server:1,A://server:5",
                         "PLAINTEXT://server:5,CONTROLLER://server:1,A://server:2"});
    EXPECT_THAT(seen[2].told, ElementsAre("PLAINTEXT://server:5", "A://server:2"));
    EXPECT_THAT(seen[2].open, ElementsAre("PLAINTEXT://10.0.0.1:5", "A://10.0.0.1:2"));
}

TEST(Listeners, ThatCannotBeOpenedAreLeftOutOrStayWhereTheyAre) {
    const std::vector<Seen> seen =
        run(kOfTheFile, {"PLAINTEXT://server:2,CONTROLLER://server:1,A://nowhere:5",
                         "PLAINTEXT://nowhere:2,CONTROLLER://server:1,B://server:6"});
    EXPECT_THAT(seen[1].open, ElementsAre("PLAINTEXT://10.0.0.1:2"));
    EXPECT_THAT(seen[1].told, ElementsAre("PLAINTEXT://server:2"));
    EXPECT_THAT(seen[2].told, ElementsAre("PLAINTEXT://server:2", "B://server:6"));
}

TEST(Listeners, ThatTheNodeCouldNotHaveArePassedOver) {
    const std::vector<Seen> seen = run(
        kOfTheFile,
        {"A://server:5", "nonsense", "PLAINTEXT://server:2,CONTROLLER://server:9,A://server:5"});
    for (const Seen& each : seen) EXPECT_THAT(each.told, ElementsAre("PLAINTEXT://server:2"));
}

}  // namespace
}  // namespace moldau::broker
