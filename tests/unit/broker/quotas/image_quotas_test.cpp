#include "quotas/image_quotas.hpp"

#include "broker/config_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace moldau::broker {
namespace {

using metadata::QuotaEntity;
using quota::Kind;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

void set(metadata::ClusterImage& image, std::vector<QuotaEntity::Part> parts,
         const std::string& key, double value) {
    const QuotaEntity entity{.parts = std::move(parts)};
    const auto* before = image.client_quotas.find(entity);
    auto quotas = before == nullptr ? metadata::PersistentMap<std::string, double>() : *before;
    quotas.set(key, value);
    image.client_quotas.set(entity, quotas);
}

TEST(ImageQuotas, OfUsersAndClientIdsAreThoseOfTheMetadata) {
    metadata::ClusterImage image;
    set(image, {{"user", "u"}}, "producer_byte_rate", 1);
    set(image, {{"user", "u"}}, "request_percentage", 2);
    set(image, {{"client-id", std::nullopt}}, "producer_byte_rate", 3);
    set(image, {{"client-id", "c"}, {"user", std::nullopt}}, "consumer_byte_rate", 4);
    set(image, {{"ip", "10.0.0.1"}}, "connection_creation_rate", 5);
    const quota::ClientQuotas quotas = client_quotas_of(image);
    EXPECT_EQ(quotas.find(Kind::produce, "u", "c")->bound, 1);
    EXPECT_EQ(quotas.find(Kind::request, "u", "c")->bound, 2);
    EXPECT_EQ(quotas.find(Kind::produce, "v", "c")->bound, 3);
    EXPECT_EQ(quotas.find(Kind::fetch, "v", "c")->bound, 4);
    EXPECT_FALSE(quotas.find(Kind::fetch, "v", "d"));
    EXPECT_FALSE(quotas.has(Kind::controller_mutation));
}

TEST(ImageQuotas, ThatCannotBeArePassedOver) {
    metadata::ClusterImage image;
    set(image, {{"user", "u"}}, "producer_byte_rate", 0);
    set(image, {{"user", "u"}}, "request_percentage", -1);
    set(image, {{"user", "u"}}, "consumer_byte_rate", std::numeric_limits<double>::quiet_NaN());
    set(image, {{"user", "u"}}, "of_tomorrow", 1);
    set(image, {{"planet", "p"}}, "controller_mutation_rate", 1);
    set(image, {{"ip", "localhost"}}, "connection_creation_rate", 1);
    const quota::ClientQuotas quotas = client_quotas_of(image);
    for (const Kind kind : {Kind::produce, Kind::fetch, Kind::request, Kind::controller_mutation})
        EXPECT_FALSE(quotas.has(kind));
    net::ConnectionRates::Rules rules;
    add_address_rates(image, rules);
    EXPECT_THAT(rules.by_ip, IsEmpty());
    EXPECT_THAT(hosts_with_rates(image), ElementsAre("localhost"));
}

TEST(ImageQuotas, OfAddressesAreByTheFormInWhichPeersAreTold) {
    metadata::ClusterImage image;
    set(image, {{"ip", "10.0.0.1"}}, "connection_creation_rate", 5);
    set(image, {{"ip", "2001:DB8:0:0::7"}}, "connection_creation_rate", 3e9);
    set(image, {{"ip", "::ffff:10.0.0.2"}}, "connection_creation_rate", 6);
    set(image, {{"ip", std::nullopt}}, "connection_creation_rate", 7);
    net::ConnectionRates::Rules rules;
    add_address_rates(image, rules);
    EXPECT_THAT(rules.by_ip,
                ElementsAre(Pair("10.0.0.1", 5), Pair("10.0.0.2", 6),
                            Pair("2001:db8::7", std::numeric_limits<std::int32_t>::max())));
    EXPECT_EQ(rules.other_ip_max, 7);
}

TEST(ImageQuotas, WindowsAreThoseOfTheSettings) {
    const config::Settings settings = settings_of(
        "quota.window.num=5\nquota.window.size.seconds=2\n"
        "controller.quota.window.num=7\ncontroller.quota.window.size.seconds=3\n");
    EXPECT_EQ(quota_windows(settings).samples, 5);
    EXPECT_EQ(quota_windows(settings).size, seconds(2));
    EXPECT_EQ(mutation_windows(settings).samples, 7);
    EXPECT_EQ(mutation_windows(settings).size, seconds(3));
    EXPECT_EQ(quota_windows(settings_of("quota.window.num=2000000000")).samples, 3600);
}

}  // namespace
}  // namespace moldau::broker
