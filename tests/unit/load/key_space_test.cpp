#include "key_space.hpp"

#include "moldau/base/hashes.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>

namespace moldau::load {
namespace {

struct Drawn {
    std::int32_t partition = 0;
    std::uint32_t key = 0;
};

Drawn draw(const KeySpace& space, Draws& draws) {
    const std::int32_t partition = space.draw_partition(draws);
    return {partition, space.draw_key(partition, draws)};
}

TEST(KeySpace, GivesEachKeyThePartitionThatClientsGiveIt) {
    const KeySpace space({.kind = KeyKind::random, .count = 1000, .bytes = 8}, 7);
    Draws draws(1);
    for (int i = 0; i < 2000; ++i) {
        const Drawn drawn = draw(space, draws);
        std::string text(8, 'x');
        space.write(drawn.key, text);
        EXPECT_EQ(text, fmt::format("{:08}", drawn.key));
        EXPECT_EQ(partition_of_key(as_bytes(text), 7), drawn.partition);
    }
}

TEST(KeySpace, DrawsRandomKeysEachAsOften) {
    const KeySpace space({.kind = KeyKind::random, .count = 50, .bytes = 2}, 3);
    Draws draws(2);
    std::map<std::uint32_t, int> seen;
    for (int i = 0; i < 50'000; ++i) ++seen[draw(space, draws).key];
    EXPECT_EQ(seen.size(), 50U);
    for (const auto& [key, times] : seen) EXPECT_NEAR(times, 1000, 160) << key;
}

TEST(KeySpace, DrawsZipfKeysByTheirRank) {
    const KeySpace space({.kind = KeyKind::zipf, .count = 1000, .bytes = 4, .exponent = 1}, 4);
    Draws draws(3);
    std::map<std::uint32_t, int> seen;
    constexpr int kDraws = 200'000;
    for (int i = 0; i < kDraws; ++i) ++seen[draw(space, draws).key];
    constexpr double kHarmonic = 7.485;  // of 1000
    for (const std::uint32_t key : {0U, 1U, 2U, 9U, 99U}) {
        const double expected = kDraws / kHarmonic / (key + 1);
        EXPECT_NEAR(seen[key], expected, 6 * std::sqrt(expected)) << key;
    }
}

TEST(KeySpace, HasNoDrawOfAPartitionWithoutKeys) {
    const KeySpace space({.kind = KeyKind::zipf, .count = 3, .bytes = 1}, 50);
    Draws draws(4);
    std::set<std::int32_t> partitions;
    for (int i = 0; i < 5000; ++i) partitions.insert(draw(space, draws).partition);
    EXPECT_LE(partitions.size(), 3U);
    EXPECT_GE(partitions.size(), 1U);
}

}  // namespace
}  // namespace moldau::load
