#include "connection_rules.hpp"

#include "config_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace moldau::broker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

struct ConnectionRules : testing::Test, ConfigFixture {
    net::ConnectionLimits::Rules rules() const {
        return connection_rules(BrokerLayers(image, settings));
    }
};

TEST_F(ConnectionRules, AreTheFilesUntilTheyAreChanged) {
    EXPECT_EQ(rules().total_max, std::numeric_limits<std::int32_t>::max());
    settings = settings_of(
        "max.connections=10\nmax.connections.per.ip=5\n"
        "max.connections.per.ip.overrides=10.0.0.1:2,::1:3\n");
    EXPECT_EQ(rules().total_max, 10);
    EXPECT_EQ(rules().per_ip_max, 5);
    EXPECT_THAT(rules().per_ip_overrides, ElementsAre(Pair("10.0.0.1", 2), Pair("::1", 3)));
    all_brokers("max.connections", "20");
    this_broker("max.connections.per.ip.overrides", "10.0.0.2:7");
    EXPECT_EQ(rules().total_max, 20);
    EXPECT_THAT(rules().per_ip_overrides, ElementsAre(Pair("10.0.0.2", 7)));
    this_broker("max.connections", "30");
    EXPECT_EQ(rules().total_max, 30);
}

TEST_F(ConnectionRules, OfAListenerAreItsOwn) {
    settings = settings_of("max.connections=10\nlistener.name.plaintext.max.connections=5\n");
    EXPECT_THAT(rules().by_listener, ElementsAre(Pair("PLAINTEXT", 5)));
    this_broker("listener.name.plaintext.max.connections", "6");
    this_broker("listener.name.other.max.connections", "7");
    EXPECT_THAT(rules().by_listener, ElementsAre(Pair("PLAINTEXT", 6)));
    this_broker("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,OTHER:PLAINTEXT");
    this_broker("listeners", "PLAINTEXT://127.0.0.1:1,OTHER://127.0.0.1:2");
    EXPECT_THAT(rules().by_listener, ElementsAre(Pair("OTHER", 7), Pair("PLAINTEXT", 6)));
    this_broker("listeners", "PLAINTEXT://127.0.0.1:1,OTHER://nonsense");
    EXPECT_THAT(rules().by_listener, ElementsAre(Pair("PLAINTEXT", 6))) << "the file's hold";
}

TEST_F(ConnectionRules, OfAnOtherServersLogThatCannotBeReadHoldNothing) {
    this_broker("max.connections", "many");
    this_broker("max.connections.per.ip.overrides", "10.0.0.2");
    EXPECT_EQ(rules().total_max, std::numeric_limits<std::int32_t>::max());
    EXPECT_THAT(rules().per_ip_overrides, IsEmpty());
}

struct ConnectionRates : testing::Test, ConfigFixture {
    net::ConnectionRates::Rules rules() const {
        return connection_rates(BrokerLayers(image, settings), image);
    }
};

TEST_F(ConnectionRates, AreTheFilesAndTheQuotasUntilTheyAreChanged) {
    EXPECT_EQ(rules().total_max, std::nullopt);
    EXPECT_EQ(rules().windows.samples, 11);
    settings = settings_of(
        "max.connection.creation.rate=100\nquota.window.num=5\n"
        "listeners=CLIENT://:9092,BROKER://:9093,CONTROLLER://:9094\n"
        "listener.security.protocol.map=CLIENT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT\n"
        "controller.listener.names=CONTROLLER\ninter.broker.listener.name=BROKER\n"
        "listener.name.client.max.connection.creation.rate=50\n");
    image.client_quotas.set({.parts = {{"ip", "10.0.0.1"}}}, [] {
        metadata::PersistentMap<std::string, double> quotas;
        quotas.set("connection_creation_rate", 3);
        return quotas;
    }());
    EXPECT_EQ(rules().total_max, 100);
    EXPECT_EQ(rules().windows.samples, 5);
    EXPECT_THAT(rules().by_listener, ElementsAre(Pair("CLIENT", 50)));
    EXPECT_EQ(rules().exempt_listener, "BROKER");
    EXPECT_THAT(rules().by_ip, ElementsAre(Pair("10.0.0.1", 3)));
    all_brokers("max.connection.creation.rate", "20");
    EXPECT_EQ(rules().total_max, 20);
    this_broker("max.connection.creation.rate", "2147483647");
    EXPECT_EQ(rules().total_max, std::nullopt);
    EXPECT_THAT(rules().by_listener, ElementsAre(Pair("CLIENT", 50)));
    const std::string of_client = "listener.name.client.max.connection.creation.rate";
    all_brokers(of_client, "40");
    all_brokers("listener.name.broker.max.connection.creation.rate", "7");
    EXPECT_THAT(rules().by_listener, ElementsAre(Pair("BROKER", 7), Pair("CLIENT", 40)));
    this_broker(of_client, "30");
    EXPECT_THAT(rules().by_listener, ElementsAre(Pair("BROKER", 7), Pair("CLIENT", 30)));
    this_broker(of_client, "2147483647");
    EXPECT_THAT(rules().by_listener, ElementsAre(Pair("BROKER", 7)));
    this_broker(of_client, "many");
    EXPECT_THAT(rules().by_listener, ElementsAre(Pair("BROKER", 7), Pair("CLIENT", 40)));
}

}  // namespace
}  // namespace moldau::broker
