#include "moldau/base/topic_name.hpp"

#include <gtest/gtest.h>

#include <string>

namespace moldau {
namespace {

TEST(TopicName, IsMadeOfLettersDigitsDotsUnderscoresAndDashes) {
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

}  // namespace
}  // namespace moldau
