#include "record_sizes.hpp"

#include <gtest/gtest.h>

#include <map>

namespace moldau::load {
namespace {

TEST(RecordSizes, AreReadAndToldInOneForm) {
    for (const char* text : {"0", "1024", "100-2000", "5,3,3", "536870912"}) {
        const Result<RecordSizes> sizes = RecordSizes::parse(text);
        ASSERT_TRUE(sizes) << text;
        EXPECT_EQ(sizes->to_string(), text);
    }
    EXPECT_EQ(RecordSizes::parse("7,7")->to_string(), "7");
    EXPECT_EQ(RecordSizes::parse("7-7")->to_string(), "7");
}

TEST(RecordSizes, ThatAreNoneAreRefusedByName) {
    for (const char* text : {"", "-", "1-", "-1", "2-1", "1,", ",1", "1,,2", "a", "1 ", "536870913",
                             "1-2-3", "1-2,3", "99999999999999999999"}) {
        const Result<RecordSizes> sizes = RecordSizes::parse(text);
        ASSERT_FALSE(sizes) << text;
        EXPECT_NE(sizes.error().detail.find("'" + std::string(text) + "'"), std::string::npos);
    }
}

TEST(RecordSizes, OfARangeComeFromAllOfItAsOften) {
    const Result<RecordSizes> sizes = RecordSizes::parse("10-19");
    ASSERT_TRUE(sizes);
    EXPECT_FALSE(sizes->is_fixed());
    EXPECT_EQ(sizes->mean(), 14.5);
    Draws draws(1);
    std::map<std::size_t, int> seen;
    for (int i = 0; i < 10'000; ++i) ++seen[sizes->draw(draws)];
    EXPECT_EQ(seen.size(), 10U);
    EXPECT_EQ(seen.begin()->first, 10U);
    EXPECT_EQ(seen.rbegin()->first, 19U);
    for (const auto& [size, times] : seen) EXPECT_NEAR(times, 1000, 150) << size;
}

TEST(RecordSizes, OfAListComeAsOftenAsTheyStandThere) {
    const Result<RecordSizes> sizes = RecordSizes::parse("100,100,5000,100");
    ASSERT_TRUE(sizes);
    EXPECT_EQ(sizes->least(), 100U);
    EXPECT_EQ(sizes->most(), 5000U);
    EXPECT_EQ(sizes->mean(), 1325);
    Draws draws(2);
    int large = 0;
    for (int i = 0; i < 10'000; ++i) large += sizes->draw(draws) == 5000;
    EXPECT_NEAR(large, 2500, 250);
}

TEST(RecordSizes, OfOneSizeNeedNoDraw) {
    Draws draws(3);
    Draws same(3);
    EXPECT_EQ(RecordSizes(77).draw(draws), 77U);
    EXPECT_EQ(draws.next(), same.next());
}

}  // namespace
}  // namespace moldau::load
