#include "fixture.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace moldau::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string advertised_text(const Node& node) {
    std::vector<std::string> all;
    for (const Listener& listener : node.advertised)
        all.push_back(fmt::format("{}://{}:{}", listener.name, listener.host, listener.port));
    return all.empty() ? "none" : fmt::format("{}", fmt::join(all, ","));
}

// Where we part with KafkaConfig, and why. Everything else must be judged as Kafka judges it.
const std::map<std::string, std::string> kDeviations = {
    {"CONTROLLER://:99093", "a port above 65535, at which Kafka fails later"},
    {"PLAINTEXT://:-1", "a negative port, at which Kafka fails later"},
    {"controller:ssl", "TLS is not carried out yet"},
    {"=1e999", "an infinite number"},
    {"ratio=NaN", "no number"},
    {"overrides=a:-3", "a negative limit"},
    {"controller.listener.names=controller listeners=",
     "Kafka forgets to take the name's capitals"},
    // Kafka would not advertise it but tells of it all the same.
    {"process.roles=controller node.id=1 controller.quorum.voters=1@h:9093 "
     "controller.listener.names=CONTROLLER listeners=CONTROLLER://h:9092 "
     "advertised.listeners=PLAINTEXT://h:9092",
     "a node that is no broker advertises no broker's listener"},
};

bool is_deviation(const std::string& text) {
    return std::ranges::any_of(
        kDeviations, [&](const auto& each) { return text.find(each.first) != text.npos; });
}

TEST(Node, IsJudgedAsKafkaJudgesIt) {
    int compared = 0;
    for (const std::string& line : lines_of(golden("tests/golden/settings/listeners.txt"))) {
        if (line.starts_with('#')) continue;
        SCOPED_TRACE(line);
        const bool is_good = line.starts_with("good");
        const std::size_t arrow = line.find(" -> advertised=");
        const std::string text = line.substr(8, arrow - 8);
        std::string file;
        for (const std::string& pair : split(text, ' ')) {
            std::string spaced = pair;
            std::ranges::replace(spaced, '~', ' ');
            file += spaced + "\n";
        }
        const Loaded loaded = load_text("case.properties", file);
        const bool same =
            loaded.errors.empty() == is_good &&
            (!is_good || advertised_text(loaded.settings->node()) == line.substr(arrow + 15));
        EXPECT_EQ(same, !is_deviation(text))
            << fmt::format("{}", fmt::join(texts(loaded.errors), "\n"));
        ++compared;
    }
    EXPECT_EQ(compared, 88);
}

TEST(Node, IsImplicitWhenNobodySaysWhatItIs) {
    const Loaded loaded = load(std::nullopt, {});
    ASSERT_TRUE(loaded.settings);
    EXPECT_THAT(loaded.warnings, IsEmpty());
    const Node& node = loaded.settings->node();
    EXPECT_TRUE(node.is_implicit && node.is_broker && node.is_controller);
    EXPECT_EQ(node.id, BrokerId{1});
    EXPECT_THAT(node.broker_listeners,
                ElementsAre(Listener{"PLAINTEXT", SecurityProtocol::plaintext, "127.0.0.1", 9092}));
    EXPECT_THAT(node.controller_listeners,
                ElementsAre(Listener{"CONTROLLER", SecurityProtocol::plaintext, "127.0.0.1", 0}));
    EXPECT_TRUE(node.advertises_address_used);
    EXPECT_THAT(node.log_dirs, ElementsAre("/tmp/kafka-logs"));
    for (const std::string_view key :
         {"offsets.topic.replication.factor", "transaction.state.log.replication.factor"})
        EXPECT_EQ(loaded.settings->get(Key<std::int16_t>{key}), 1) << key;
    EXPECT_EQ(loaded.settings->get(Key<std::int32_t>{"transaction.state.log.min.isr"}), 1);
    EXPECT_THAT(loaded.settings->without_effect(), IsEmpty());
}

TEST(Node, OfAnImplicitClusterListensEverywhereWhenToldSoAndAdvertisesTheAddressUsed) {
    const Loaded loaded =
        load(std::nullopt, {{Overlay{"listeners", "PLAINTEXT://0.0.0.0:0", "--listen"},
                             Overlay{"node.id", "7", "--set"}}});
    ASSERT_TRUE(loaded.settings) << texts(loaded.errors).at(0);
    EXPECT_EQ(loaded.settings->node().id, BrokerId{7});
    EXPECT_TRUE(loaded.settings->node().advertises_address_used);
    EXPECT_THAT(
        texts(loaded.warnings),
        ElementsAre("--listen: listeners: PLAINTEXT://0.0.0.0:0: whoever can reach this may "
                    "do everything, and what is sent can be read and changed on the way"));
}

TEST(Node, OfAnImplicitClusterKeepsAControllersListenerThatIsGiven) {
    const Loaded loaded =
        load_text("a.yaml",
                  "listeners: [PLAINTEXT://127.0.0.1:1, CONTROLLER://127.0.0.1:2]\n"
                  "advertised.listeners: PLAINTEXT://example.org:1\n");
    ASSERT_TRUE(loaded.settings) << texts(loaded.errors).at(0);
    const Node& node = loaded.settings->node();
    EXPECT_EQ(node.controller_listeners.at(0).port, 2);
    EXPECT_EQ(node.broker_listeners.size(), 1U);
    EXPECT_FALSE(node.advertises_address_used);
    EXPECT_EQ(node.advertised.at(0).host, "example.org");
    EXPECT_EQ(node.inter_broker_listener, "PLAINTEXT");
}

Result<Node> with(const Settings& settings, std::string listeners, std::string protocols = {}) {
    NamedValues values{{"listeners", std::vector<std::string>{std::move(listeners)}}};
    auto& list = std::get<std::vector<std::string>>(values[0].second);
    list = split(list[0], ',');
    if (!protocols.empty())
        values.emplace_back("listener.security.protocol.map", std::move(protocols));
    return node_with(settings, std::move(values));
}

TEST(Node, HasOtherListenersWhenTheyAreGivenLater) {
    const Loaded loaded = load_text("a.properties",
                                    "listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2\n"
                                    "process.roles=broker,controller\nnode.id=1\n"
                                    "controller.quorum.bootstrap.servers=127.0.0.1:2\n"
                                    "controller.listener.names=CONTROLLER\n");
    ASSERT_TRUE(loaded.settings) << texts(loaded.errors).at(0);
    const auto found =
        with(*loaded.settings, "PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2,X://127.0.0.1:3",
             "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,X:PLAINTEXT");
    ASSERT_TRUE(found) << found.error().detail;
    EXPECT_THAT(found->broker_listeners,
                ElementsAre(Listener{"PLAINTEXT", SecurityProtocol::plaintext, "127.0.0.1", 1},
                            Listener{"X", SecurityProtocol::plaintext, "127.0.0.1", 3}));
    EXPECT_EQ(found->advertised, found->broker_listeners);
    EXPECT_EQ(loaded.settings->node().broker_listeners.size(), 1U) << "as it was";
    const std::pair<std::string, std::string> rows[] = {
        {"PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2,X://127.0.0.1:3",
         "no protocol for the name 'X'"},
        {"CONTROLLER://127.0.0.1:2", "has no listener for a broker's clients"},
        {"PLAINTEXT://127.0.0.1:1", "CONTROLLER is not among the names of listeners"},
        {"PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:1", "port 1 is used by 2 listeners"},
        {"PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2,SSL://127.0.0.1:3",
         "no protocol for the name 'CONTROLLER'"},
    };
    for (const auto& [listeners, reason] : rows) {
        const auto wrong = with(*loaded.settings, listeners);
        ASSERT_FALSE(wrong) << listeners;
        EXPECT_THAT(wrong.error().detail, HasSubstr(reason)) << listeners;
    }
}

TEST(Node, IsNotImplicitOnceAQuorumIsNamed) {
    const Loaded loaded = load_text("a.yaml", "controller.quorum.election.timeout.ms: 1500\n");
    EXPECT_THAT(texts(loaded.errors),
                ElementsAre("controller.listener.names: is required where process.roles or a "
                            "controller.quorum.* setting is given",
                            "node.id: is required where process.roles or a controller.quorum.* "
                            "setting is given",
                            "process.roles: is required where process.roles or a "
                            "controller.quorum.* setting is given"));
}

TEST(Node, RefusesProtocolsThatAreNotCarriedOut) {
    for (const std::string protocol : {"SSL", "SASL_PLAINTEXT", "SASL_SSL"}) {
        const Loaded loaded = load_text(
            "a.properties", "listeners=PLAINTEXT://127.0.0.1:1," + protocol + "://127.0.0.1:2\n");
        EXPECT_THAT(texts(loaded.errors),
                    ElementsAre("a.properties:1: listeners: listener '" + protocol + "' speaks " +
                                protocol +
                                ", which this version cannot carry out yet; allowed: PLAINTEXT"));
    }
}

TEST(Node, ReadsLimitsOfConnectionsBySingleAddress) {
    const Loaded good =
        load_text("a.yaml",
                  "max.connections.per.ip: 0\n"
                  "max.connections.per.ip.overrides: \"127.0.0.1:5, fe80::1:3,name:0,\"\n");
    ASSERT_TRUE(good.settings) << texts(good.errors).at(0);
    EXPECT_THAT(good.settings->node().connection_limits,
                ElementsAre(ConnectionLimit{"127.0.0.1", 5}, ConnectionLimit{"fe80::1", 3},
                            ConnectionLimit{"name", 0}));
    for (const std::string bad : {"a", "a:", ":3", "a:x", "a b:3", "a:99999999999"}) {
        const Loaded loaded =
            load_text("a.yaml", "max.connections.per.ip.overrides: '" + bad + "'\n");
        EXPECT_THAT(texts(loaded.errors),
                    ElementsAre(HasSubstr("a.yaml:1: max.connections.per.ip.overrides: '" + bad)));
    }
}

TEST(Node, RefusesACodecOfOffsetsThatThereIsNot) {
    EXPECT_TRUE(load_text("a.yaml", "offsets.topic.compression.codec: 4\n").settings);
    for (const std::string bad : {"5", "-1"}) {
        const Loaded loaded = load_text("a.yaml", "offsets.topic.compression.codec: " + bad + "\n");
        EXPECT_THAT(texts(loaded.errors),
                    ElementsAre(HasSubstr("a.yaml:1: offsets.topic.compression.codec")));
    }
}

TEST(Node, ReportsAllThatIsWrongAtOnce) {
    const Loaded loaded =
        load_text("a.properties",
                  "process.roles=broker\nnode.id=1\nbroker.id=2\n"
                  "controller.quorum.voters=2@h:1\ncontroller.listener.names=CONTROLLER\n"
                  "listeners=PLAINTEXT://0.0.0.0:1,B://h:1,C//h:2\n"
                  "max.connections.per.ip=0\nsocket.request.max.bytes=x\n");
    const auto errors = texts(loaded.errors);
    EXPECT_THAT(errors, Contains(HasSubstr("a.properties:3: broker.id: 2 is not node.id's 1")));
    EXPECT_THAT(errors, Contains(HasSubstr("a.properties:6: listeners: 'B://h:1': no protocol")));
    EXPECT_THAT(errors, Contains(HasSubstr("a.properties:6: listeners: 'C//h:2' has no ://")));
    EXPECT_THAT(errors, Contains(HasSubstr("'PLAINTEXT://0.0.0.0:1' would be advertised")));
    EXPECT_THAT(errors, Contains(HasSubstr("a.properties:7: max.connections.per.ip: 0 would")));
    EXPECT_THAT(errors, Contains(HasSubstr("a.properties:8: socket.request.max.bytes: 'x'")));
}

TEST(Node, MayCordonItsLogDirectoriesAndNoOthers) {
    for (const std::string good : {"", "/a", "/b,/a", "*"}) {
        const Loaded loaded = load_text("f", "log.dirs=/a,/b\ncordoned.log.dirs=" + good + "\n");
        EXPECT_THAT(texts(loaded.errors), IsEmpty()) << good;
    }
    EXPECT_THAT(texts(load_text("f", "log.dirs=/a,/b\ncordoned.log.dirs=/a,/c\n").errors),
                ElementsAre(HasSubstr("'/c' is none of the log directories")));
    EXPECT_THAT(texts(load_text("f", "log.dir=/a\ncordoned.log.dirs=/a,*\n").errors),
                ElementsAre(HasSubstr("* stands for all")));
}

}  // namespace
}  // namespace moldau::config
