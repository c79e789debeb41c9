#include "moldau/telemetry/subscriptions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::telemetry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Client kClient{.instance = {0x0123456789abcdefULL, 0xfedcba9876543210ULL},
                     .id = "orders-writer",
                     .software_name = "apache-kafka-java",
                     .software_version = "4.3.1",
                     .address = "10.0.0.7",
                     .port = 40404};

bool matches(const std::string& entry, const Client& client = kClient) {
    const Result<Match> match = Match::parse(entry);
    EXPECT_TRUE(match) << entry;
    return match && match->matches(client);
}

TEST(Match, ComparesTheWholeOfWhatIsKnownOfTheClient) {
    for (const char* entry :
         {"client_id=orders-.*", "client_id = orders-writer ", "client_software_name=.*java",
          "client_software_version=4\\..*", "client_source_address=10\\.0\\.0\\.[0-9]+",
          "client_source_port=40404", "client_instance_id=ASNFZ4mrze_-3LqYdlQyEA",
          "client_id=(orders|billing)-writer", "client_id=[a-z]+-\\w{6}"})
        EXPECT_TRUE(matches(entry)) << entry;
    for (const char* entry : {"client_id=orders", "client_id=writer", "client_source_port=4040",
                              "client_software_version=4", "client_id=ORDERS-.*"})
        EXPECT_FALSE(matches(entry)) << entry;
}

TEST(Match, RefusesWhatItCannotCompare) {
    for (const std::string entry :
         {"", "client_id", "client_id=", "=x", "who=x", "client_id=a=b", "client_id=(",
          "client_id=[z-a]", "client_id=(a)\\1", "client_id=a{33}", "client_id=(a{8}){8}",
          "client_id=a{99999999999999999999}"}) {
        const Result<Match> match = Match::parse(entry);
        ASSERT_FALSE(match) << entry;
        EXPECT_EQ(match.error().code, ErrorCode::invalid_config);
    }
    for (const char* entry : {"client_id=(", "client_id=a\\88888888888888888888", "client_id=a\x7f",
                              "client_id=\xff", "client_id=a\\"})
        EXPECT_FALSE(Match::parse(entry)) << entry;
    EXPECT_FALSE(Match::parse("client_id=" + std::string(kPatternBytesMax + 1, 'a')));
    EXPECT_TRUE(Match::parse("client_id=" + std::string(kPatternBytesMax, 'a')));
}

TEST(Match, TakesNoLongerForAnExpressionThatWouldBacktrack) {
    Client client = kClient;
    client.id = std::string(kMatchedBytesMax, 'a');
    EXPECT_TRUE(matches("client_id=(a|a)*", client));
    client.id.back() = 'b';
    EXPECT_FALSE(
        matches("client_id=(a|aa|a*)*", client));  // exponential, by trying one way after another
    EXPECT_FALSE(matches("client_id=(((a*)*)*)*c", client));
    client.id += 'b';
    EXPECT_FALSE(matches("client_id=.*", client)) << "longer than what is compared";
}

Subscription subscription(std::int32_t interval_ms, std::vector<std::string> metrics,
                          const std::vector<std::string>& entries = {}) {
    Subscription made{.interval_ms = interval_ms, .metrics = std::move(metrics), .matches = {}};
    for (const std::string& entry : entries) made.matches.push_back(*Match::parse(entry));
    return made;
}

TEST(WantedOf, IsNothingWhereNoSubscriptionMeansTheClient) {
    const Wanted none = wanted_of({subscription(1000, {"a"}, {"client_id=other"})}, kClient);
    EXPECT_THAT(none.metrics, IsEmpty());
    EXPECT_EQ(none.interval_ms, kUsualIntervalMs);
}

TEST(WantedOf, PutsTogetherWhatAllSubscriptionsWantAtTheShortestInterval) {
    const Wanted both =
        wanted_of({subscription(60'000, {"org.apache.kafka.producer."}),
                   subscription(5'000, {"org.apache.kafka.producer.", "b."},
                                {"client_id=orders-.*", "client_source_port=40404"}),
                   subscription(100, {"c."}, {"client_id=orders-.*", "client_source_port=1"})},
                  kClient);
    EXPECT_THAT(both.metrics, testing::UnorderedElementsAre("org.apache.kafka.producer.", "b."));
    EXPECT_EQ(both.interval_ms, 5'000);
    EXPECT_THAT(
        wanted_of({subscription(1000, {"a", "b"}), subscription(1000, {"*"})}, kClient).metrics,
        ElementsAre("*"));
    EXPECT_EQ(wanted_of({subscription(3'600'000, {"a"})}, kClient).interval_ms, kUsualIntervalMs)
        << "as Kafka, which begins with the usual one";
}

// What Kafka 4.3.1's broker told when it was asked; tests/compat/telemetry_test.py asks it again.
TEST(WantedOf, HasTheSubscriptionIdAndTheOrderOfKafkasBrokers) {
    const auto instance = [](std::uint64_t byte, std::uint64_t last) {
        const std::uint64_t all = byte * 0x0101010101010101ULL;
        return Client{.instance = {all, (all & ~0xFFULL) | last}};
    };
    EXPECT_EQ(wanted_of({}, instance(0x42, 0x42)).subscription_id, -725132322);

    const std::vector<std::string> eight = {
        "org.apache.kafka.producer.",
        "org.apache.kafka.consumer.fetch.manager.records.lag.max",
        "a.",
        "b.",
        "c.d.e",
        "librdkafka.",
        "xyz",
        "org.apache.kafka.admin.client."};
    const Wanted few = wanted_of({subscription(7000, eight)}, instance(0x11, 0x77));
    EXPECT_THAT(few.metrics, ElementsAre("org.apache.kafka.producer.", "librdkafka.",
                                         "org.apache.kafka.admin.client.",
                                         "org.apache.kafka.consumer.fetch.manager.records.lag.max",
                                         "xyz", "c.d.e", "b.", "a."));
    EXPECT_EQ(few.subscription_id, -1186173567);

    std::vector<std::string> thirty = {"c.d.e"};
    for (int i = 0; i < 30; ++i) thirty.push_back("m" + std::to_string(i) + ".");
    const Wanted many =
        wanted_of({subscription(7000, eight), subscription(60'000, thirty)}, instance(0x12, 0x77));
    EXPECT_EQ(many.metrics.size(), 38U);
    EXPECT_EQ(many.subscription_id, -1614856650) << "names that share a bucket stand as they came";
}

}  // namespace
}  // namespace moldau::telemetry
