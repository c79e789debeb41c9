#include "moldau/controller/topic_names.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace moldau::controller {
namespace {

metadata::ClusterImage with_topics(std::initializer_list<std::string_view> names) {
    metadata::ClusterImage image;
    for (const std::string_view name : names)
        image.topic_ids.set(std::string(name), Uuid{1, image.topic_ids.size()});
    return image;
}

TEST(TopicNames, CollideWhenTheyDifferOnlyByDotAndUnderscore) {
    const auto image = with_topics({"a.b", "a_b.c", "plain", "x.y.z", "ab"});
    EXPECT_EQ(colliding_topic(image, "a_b"), "a.b");
    EXPECT_EQ(colliding_topic(image, "a.b.c"), "a_b.c");
    EXPECT_EQ(colliding_topic(image, "x_y_z"), "x.y.z");
    EXPECT_EQ(colliding_topic(image, "x_y.z"), "x.y.z");
    for (const std::string_view name :
         {"a.b", "a-b", "plain", "plain_", "x.y", "x_y_z_", "_", "a."})
        EXPECT_EQ(colliding_topic(image, name), std::nullopt) << name;
}

TEST(TopicNames, CollisionsAreFoundAsByComparingWithAll) {
    std::mt19937 random(7);
    const auto name = [&] {
        std::string text;
        for (int i = 0; i < 6; ++i) text += "a._"[random() % 3];
        return text;
    };
    const auto folded = [](std::string text) {
        std::ranges::replace(text, '.', '_');
        return text;
    };
    metadata::ClusterImage image;
    for (int i = 0; i < 60; ++i) image.topic_ids.set(name(), Uuid{1, 1});
    int collisions = 0;
    for (int i = 0; i < 2000; ++i) {
        const std::string wanted = name();
        bool expected = false;
        for (const auto& [other, id] : image.topic_ids)
            expected = expected || (other != wanted && folded(other) == folded(wanted));
        EXPECT_EQ(colliding_topic(image, wanted).has_value(), expected) << wanted;
        collisions += expected ? 1 : 0;
    }
    EXPECT_GT(collisions, 100);
}

TEST(TopicNames, OfNothingButSeparatorsAreSearchedInNoTime) {
    metadata::ClusterImage image = with_topics({"a", "."});
    image.topic_ids.set(std::string(249, '_'), Uuid{1, 9});
    EXPECT_EQ(colliding_topic(image, std::string(249, '.')), std::string(249, '_'));
    EXPECT_EQ(colliding_topic(image, std::string(248, '.')), std::nullopt);
}

}  // namespace
}  // namespace moldau::controller
