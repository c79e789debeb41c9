#include "moldau/quota/client_quotas.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace moldau::quota {
namespace {

const Entity::Name kAny = std::nullopt;

Entity user(Entity::Name name) {
    return {.user = std::move(name), .client_id = std::nullopt};
}
Entity client(Entity::Name name) {
    return {.user = std::nullopt, .client_id = std::move(name)};
}
Entity pair(Entity::Name user, Entity::Name client) {
    return {.user = std::move(user), .client_id = std::move(client)};
}

TEST(ClientQuotas, TheMostParticularHoldsAndUsersComeBeforeClientIds) {
    // In the order in which they hold; the bound of each is its place.
    const std::vector<Entity> by_rank = {pair("u", "c"),  pair("u", kAny),  user("u"),
                                         pair(kAny, "c"), pair(kAny, kAny), user(kAny),
                                         client("c"),     client(kAny)};
    const std::vector<std::pair<bool, bool>> counted = {{true, true},  {true, true}, {true, false},
                                                        {true, true},  {true, true}, {true, false},
                                                        {false, true}, {false, true}};
    for (std::size_t from = 0; from < by_rank.size(); ++from) {
        SCOPED_TRACE(from);
        ClientQuotas quotas;
        for (std::size_t i = by_rank.size(); i-- > from;)
            quotas.set(by_rank[i], Kind::produce, static_cast<double>(i + 1));
        const auto holding = quotas.find(Kind::produce, "u", "c");
        ASSERT_TRUE(holding);
        EXPECT_EQ(holding->bound, static_cast<double>(from + 1));
        EXPECT_EQ(holding->is_by_user, counted[from].first);
        EXPECT_EQ(holding->is_by_client_id, counted[from].second);
    }
}

TEST(ClientQuotas, OfOthersDoNotHold) {
    ClientQuotas quotas;
    quotas.set(pair("other", kAny), Kind::fetch, 1);
    quotas.set(pair(kAny, "other"), Kind::fetch, 1);
    quotas.set(user("other"), Kind::fetch, 1);
    quotas.set(client("other"), Kind::fetch, 1);
    EXPECT_FALSE(quotas.find(Kind::fetch, "u", "c"));
    EXPECT_TRUE(quotas.find(Kind::fetch, "other", "c"));
    EXPECT_TRUE(quotas.find(Kind::fetch, "u", "other"));
}

TEST(ClientQuotas, OfOneKindSayNothingOfAnother) {
    ClientQuotas quotas;
    EXPECT_FALSE(quotas.has(Kind::request));
    quotas.set(user("u"), Kind::request, 50);
    quotas.set(user(kAny), Kind::produce, 1000);
    EXPECT_TRUE(quotas.has(Kind::request));
    EXPECT_FALSE(quotas.has(Kind::fetch));
    EXPECT_EQ(quotas.find(Kind::request, "u", "c")->bound, 50);
    EXPECT_FALSE(quotas.find(Kind::request, "v", "c"));
    EXPECT_EQ(quotas.find(Kind::produce, "u", "c")->bound, 1000) << "the user has none of his own";
    EXPECT_FALSE(quotas.find(Kind::controller_mutation, "u", "c"));
}

TEST(ClientQuotas, ByClientIdDoNotHoldForWhoHasNone) {
    ClientQuotas quotas;
    quotas.set(client(kAny), Kind::produce, 1);
    quotas.set(pair("u", kAny), Kind::produce, 2);
    EXPECT_FALSE(quotas.find(Kind::produce, "u", ""));
    quotas.set(user("u"), Kind::produce, 3);
    EXPECT_EQ(quotas.find(Kind::produce, "u", "")->bound, 3);
}

TEST(ClientQuotas, OfNobodyAreNone) {
    ClientQuotas quotas;
    quotas.set({}, Kind::produce, 1);
    EXPECT_FALSE(quotas.has(Kind::produce));
}

TEST(ClientQuotas, KindsAreNamedByTheirKeys) {
    EXPECT_EQ(kind_of("producer_byte_rate"), Kind::produce);
    EXPECT_EQ(kind_of("consumer_byte_rate"), Kind::fetch);
    EXPECT_EQ(kind_of("request_percentage"), Kind::request);
    EXPECT_EQ(kind_of("controller_mutation_rate"), Kind::controller_mutation);
    EXPECT_FALSE(kind_of("connection_creation_rate"));
    EXPECT_FALSE(kind_of(""));
}

TEST(MeterKey, IsThatOfWhoCountsAsOne) {
    constexpr HashSecret kSecret{.first = 1, .second = 2};
    const auto key = [&](Kind kind, bool is_by_user, bool is_by_client_id, std::string_view user,
                         std::string_view client_id) {
        return meter_key(kSecret, kind,
                         {.bound = 1, .is_by_user = is_by_user, .is_by_client_id = is_by_client_id},
                         user, client_id);
    };
    const MeterKey both = key(Kind::fetch, true, true, "ab", "c");
    EXPECT_EQ(both, key(Kind::fetch, true, true, "ab", "c"));
    EXPECT_NE(both, key(Kind::fetch, true, true, "a", "bc"));
    EXPECT_NE(both, key(Kind::produce, true, true, "ab", "c"));
    const MeterKey user = key(Kind::fetch, true, false, "ab", "c");
    EXPECT_EQ(user, key(Kind::fetch, true, false, "ab", "other"));
    EXPECT_NE(user, both);
    EXPECT_NE(user, key(Kind::fetch, true, true, "ab", ""));
    EXPECT_NE(user, key(Kind::fetch, false, true, "c", "ab"));
    EXPECT_NE(both,
              meter_key({.first = 1, .second = 3}, Kind::fetch,
                        {.bound = 1, .is_by_user = true, .is_by_client_id = true}, "ab", "c"));
}

}  // namespace
}  // namespace moldau::quota
