#include "quotas/mutation_quotas.hpp"

#include <gtest/gtest.h>

#include <string>

namespace moldau::broker {
namespace {

using std::chrono::seconds;

const quota::Windows kWindows{.samples = 11, .size = seconds(1)};
constexpr HashSecret kSecret{.first = 1, .second = 2};

MonoTime at(std::int64_t s) {
    return MonoTime(seconds(1000 + s));
}
MutationAsker asker(std::string client_id, bool is_strict = true) {
    return {.user = "ANONYMOUS", .client_id = std::move(client_id), .is_strict = is_strict};
}
quota::ClientQuotas one_a_second() {
    quota::ClientQuotas quotas;
    quotas.set({.user = std::nullopt, .client_id = quota::Entity::Name()},
               quota::Kind::controller_mutation, 1);
    return quotas;
}

TEST(MutationQuotas, AreEachClientsFromOneRequestToTheNext) {
    MutationQuotas quotas(kWindows, kSecret);
    const quota::ClientQuotas set = one_a_second();
    EXPECT_TRUE(quotas.quota_of(set, asker("a"), at(0)).charge(15));
    EXPECT_FALSE(quotas.quota_of(set, asker("a"), at(0)).charge(1)) << "four are owed";
    EXPECT_TRUE(quotas.quota_of(set, asker("b"), at(0)).charge(15));
    EXPECT_FALSE(quotas.quota_of(set, asker("a"), at(3)).charge(1));
    EXPECT_TRUE(quotas.quota_of(set, asker("a"), at(4)).charge(1));
    auto old = quotas.quota_of(set, asker("a", false), at(4));
    EXPECT_TRUE(old.charge(2));
    EXPECT_EQ(old.throttle(), seconds(3));
}

TEST(MutationQuotas, DoNotHoldForWhoHasNone) {
    MutationQuotas quotas(kWindows, kSecret);
    EXPECT_TRUE(quotas.quota_of({}, asker("a"), at(0)).charge(1'000'000));
    EXPECT_TRUE(quotas.quota_of({}, asker("a"), at(0)).charge(1'000'000));
    EXPECT_TRUE(quotas.quota_of(one_a_second(), asker(""), at(0)).charge(1'000'000));
    EXPECT_EQ(quotas.clients(), 0U);
}

TEST(MutationQuotas, TellLongClientIdsApart) {
    MutationQuotas quotas(kWindows, kSecret);
    const quota::ClientQuotas set = one_a_second();
    const std::string same(32'000, 'x');
    EXPECT_TRUE(quotas.quota_of(set, asker(same + "a"), at(0)).charge(15));
    EXPECT_TRUE(quotas.quota_of(set, asker(same + "b"), at(0)).charge(15));
    EXPECT_FALSE(quotas.quota_of(set, asker(same + "a"), at(0)).charge(1));
    EXPECT_EQ(quotas.clients(), 2U);
}

TEST(MutationQuotas, AreBoundedHoweverManyClientIdsThereAre) {
    MutationQuotas quotas(kWindows, kSecret);
    const quota::ClientQuotas set = one_a_second();
    for (int i = 0; i < 30'000; ++i)
        EXPECT_TRUE(quotas.quota_of(set, asker(std::to_string(i)), at(0)).charge(1));
    EXPECT_EQ(quotas.clients(), MutationQuotas::kClientsMax);
    EXPECT_TRUE(quotas.quota_of(set, asker("x"), at(1)).charge(1));
    EXPECT_EQ(quotas.clients(), 1U) << "all others are as they were at first";
}

}  // namespace
}  // namespace moldau::broker
