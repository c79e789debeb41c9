#include "moldau/metadata/persistent_map.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace moldau::metadata {
namespace {

using Map = PersistentMap<int, std::string>;
using Model = std::map<int, std::string>;

void expect_same(const Map& map, const Model& model) {
    ASSERT_EQ(map.size(), model.size());
    auto at = map.begin();
    for (const auto& [key, value] : model) {
        ASSERT_NE(at, map.end());
        EXPECT_EQ(at->key, key);
        EXPECT_EQ(at->value, value);
        ++at;
    }
    EXPECT_EQ(at, map.end());
}

TEST(PersistentMap, AnswersAsAMapDoesAndOldCopiesStay) {
    std::mt19937 random(20260101);
    Map map;
    Model model;
    std::vector<std::pair<Map, Model>> kept;
    for (int step = 0; step < 4000; ++step) {
        const int key = static_cast<int>(random() % 300);
        if (random() % 3 != 0) {
            map.set(key, std::to_string(step));
            model[key] = std::to_string(step);
        } else {
            EXPECT_EQ(map.erase(key), model.erase(key) == 1);
        }
        ASSERT_EQ(map.contains(key), model.contains(key));
        if (step % 400 == 0) kept.emplace_back(map, model);
    }
    expect_same(map, model);
    for (const auto& [then, then_model] : kept) expect_same(then, then_model);
}

TEST(PersistentMap, StaysBalancedWhateverTheOrder) {
    for (const int direction : {1, -1}) {
        PersistentMap<int, int> map;
        for (int i = 0; i < 100'000; ++i) map.set(i * direction, i);
        EXPECT_LE(map.height(), 1.4405 * std::log2(map.size() + 2));
        for (int i = 0; i < 99'000; ++i) EXPECT_TRUE(map.erase(i * direction));
        EXPECT_LE(map.height(), 1.4405 * std::log2(map.size() + 2));
        EXPECT_EQ(map.size(), 1000U);
    }
}

TEST(PersistentMap, IsWalkedFromAKeyOrTheNextOneBehindIt) {
    PersistentMap<int, int> map;
    for (int i = 0; i < 100; ++i) map.set(i * 10, i);
    for (int from = -5; from < 1005; ++from) {
        const auto at = map.from(from);
        const int expected = from <= 0 ? 0 : (from + 9) / 10 * 10;
        if (expected > 990) {
            EXPECT_EQ(at, map.end());
            continue;
        }
        ASSERT_NE(at, map.end());
        EXPECT_EQ(at->key, expected);
        EXPECT_EQ(std::distance(at, map.end()), (1000 - expected) / 10);
    }
}

TEST(PersistentMap, EqualityIsOfWhatIsInItNotOfHowItCameThere) {
    PersistentMap<int, int> up;
    PersistentMap<int, int> down;
    for (int i = 0; i < 50; ++i) {
        up.set(i, i);
        down.set(49 - i, 49 - i);
    }
    EXPECT_EQ(up, down);
    EXPECT_FALSE(up.is_shared_with(down));
    PersistentMap<int, int> copy = up;
    EXPECT_TRUE(copy.is_shared_with(up));
    copy.set(7, 8);
    EXPECT_NE(copy, up);
    copy.set(7, 7);
    EXPECT_EQ(copy, up);
}

}  // namespace
}  // namespace moldau::metadata
