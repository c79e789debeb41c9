#include "moldau/base/ids.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace moldau {
namespace {

template <class A, class B>
concept Addable = requires(A a, B b) { a + b; };

TEST(Ids, OnlySenseCompiles) {
    EXPECT_FALSE((std::is_convertible_v<std::int32_t, BrokerId>));
    EXPECT_FALSE((Addable<BrokerId, int>));
    EXPECT_FALSE((Addable<Offset, Offset>));
    EXPECT_TRUE((Addable<Offset, std::int64_t>));
}

TEST(Offset, DifferenceOfEndAndFirstIsTheNumberOfRecords) {
    EXPECT_EQ((Offset{12} - Offset{5}), 7);
    EXPECT_EQ((Offset{5} + 7), Offset{12});
}

}  // namespace
}  // namespace moldau
