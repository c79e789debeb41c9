#include "moldau/net/connection_rates.hpp"

#include <gtest/gtest.h>

#include <string>

namespace moldau::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

MonoTime at(std::int64_t ms) {
    return MonoTime(seconds(1000)) + milliseconds(ms);
}

ConnectionRates::Rules no_rules() {
    return {};
}

TEST(ConnectionRates, WithoutRulesHoldUpAndRememberNobody) {
    ConnectionRates rates(no_rules());
    for (int i = 0; i < 10'000; ++i) {
        ASSERT_EQ(rates.came(at(0), "CLIENTS"), Duration(0));
        ASSERT_EQ(rates.refusal(at(0), "10.0.0.1"), Duration(0));
    }
    EXPECT_EQ(rates.addresses(), 0U);
}

// The first moments count as ten windows of a second: ten connections more than one second's.
TEST(ConnectionRates, HoldUpWhoeverComesTooFastForAWindowAtMost) {
    ConnectionRates::Rules rules = no_rules();
    rules.total_max = 2;
    ConnectionRates rates(rules);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(rates.came(at(0), "CLIENTS"), Duration(0)) << i;
    EXPECT_EQ(rates.came(at(0), "CLIENTS"), milliseconds(500)) << "21 in 10 s, 20 are allowed";
    EXPECT_EQ(rates.came(at(0), "CLIENTS"), seconds(1));
    EXPECT_EQ(rates.came(at(0), "OTHERS"), seconds(1)) << "1500 ms would be right";
    EXPECT_EQ(rates.came(at(30'000), "CLIENTS"), Duration(0));
}

TEST(ConnectionRates, AListenerMayHaveARateOfItsOwnAndTheBrokersAreNotHeldUpByTheTotal) {
    ConnectionRates::Rules rules = no_rules();
    rules.total_max = 1;
    rules.by_listener = {{"SLOW", 1}};
    rules.exempt_listener = "BROKERS";
    ConnectionRates rates(rules);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(rates.came(at(0), "BROKERS"), Duration(0));
    for (int i = 0; i < 10; ++i) EXPECT_EQ(rates.came(at(0), "SLOW"), Duration(0));
    EXPECT_EQ(rates.came(at(0), "SLOW"), seconds(1));
    rules.total_max.reset();
    rates.set_rules(rules);
    EXPECT_EQ(rates.came(at(100), "CLIENTS"), Duration(0));
    EXPECT_EQ(rates.came(at(100), "SLOW"), seconds(1)) << "what was counted stays";
}

TEST(ConnectionRates, RefuseAnAddressThatComesTooFastAndDoNotCountWhatTheyRefuse) {
    ConnectionRates::Rules rules = no_rules();
    rules.by_ip = {{"10.0.0.1", 1}};
    rules.other_ip_max = 2;
    ConnectionRates rates(rules);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(rates.refusal(at(0), "10.0.0.1"), Duration(0));
    for (int i = 0; i < 100; ++i) EXPECT_EQ(rates.refusal(at(0), "10.0.0.1"), seconds(1));
    for (int i = 0; i < 20; ++i) EXPECT_EQ(rates.refusal(at(0), "10.0.0.2"), Duration(0));
    EXPECT_GT(rates.refusal(at(0), "10.0.0.2"), Duration(0));
    EXPECT_EQ(rates.refusal(at(0), "10.0.0.3"), Duration(0)) << "each address for itself";
    // 10 counted: with the 11th, one a second has gone by after 11 s.
    EXPECT_GT(rates.refusal(at(900), "10.0.0.1"), Duration(0));
    EXPECT_EQ(rates.refusal(at(11'000), "10.0.0.1"), Duration(0));
}

TEST(ConnectionRates, ForgetAddressesThatHaveBeenQuietAndNeverRememberTooMany) {
    ConnectionRates::Rules rules = no_rules();
    rules.other_ip_max = 5;
    ConnectionRates rates(rules);
    for (int i = 0; i < 30'000; ++i) rates.refusal(at(0), "10.0." + std::to_string(i));
    EXPECT_LE(rates.addresses(), 10'000U);
    rates.refusal(at(11'000), "10.1.0.0");
    EXPECT_EQ(rates.addresses(), 1U);
}

}  // namespace
}  // namespace moldau::net
