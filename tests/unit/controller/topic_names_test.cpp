#include "moldau/controller/topic_names.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace moldau::controller {
namespace {

TEST(TopicNames, AreLettersDigitsDotsUnderscoresAndDashes) {
    for (const std::string_view name : {"a", "A.b_c-1", "...", "-", "__consumer_offsets"})
        EXPECT_TRUE(check_topic_name(name)) << name;
    EXPECT_TRUE(check_topic_name(std::string(249, 'a')));
    for (const std::string& name :
         {std::string(), std::string("."), std::string(".."), std::string("a/b"),
          std::string("a\\b"), std::string("sp ace"), std::string("\xC3\xA9"),
          std::string("a\0b", 3), std::string("a\nb"), std::string("%2e"), std::string(250, 'a')}) {
        const Result<> checked = check_topic_name(name);
        ASSERT_FALSE(checked) << name;
        EXPECT_EQ(checked.error().code, ErrorCode::invalid_topic_exception);
    }
}

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
