#include "moldau/base/xoshiro.hpp"

#include <gtest/gtest.h>

namespace moldau {
namespace {

// What the authors' reference program prints for this state.
TEST(Xoshiro256, GivesTheNumbersOfTheReferenceProgram) {
    Xoshiro256 generator({1, 2, 3, 4});
    for (const std::uint64_t wanted :
         {11520ULL, 0ULL, 1509978240ULL, 1215971899390074240ULL, 1216172134540287360ULL,
          607988272756665600ULL, 16172922978634559625ULL, 8476171486693032832ULL,
          10595114339597558777ULL, 2904607092377533576ULL}) {
        EXPECT_EQ(generator.next(), wanted);
    }
}

}  // namespace
}  // namespace moldau
