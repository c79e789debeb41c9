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

TEST_F(ConnectionRules, OfAnOtherServersLogThatCannotBeReadHoldNothing) {
    this_broker("max.connections", "many");
    this_broker("max.connections.per.ip.overrides", "10.0.0.2");
    EXPECT_EQ(rules().total_max, std::numeric_limits<std::int32_t>::max());
    EXPECT_THAT(rules().per_ip_overrides, IsEmpty());
}

}  // namespace
}  // namespace moldau::broker
