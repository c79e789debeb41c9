// Counts what operator new is asked for while a push is read: what is left out costs nothing,
// however much of it there is.
#include "otlp_builder.hpp"
#include "support/counted_allocations.hpp"

#include "moldau/telemetry/otlp.hpp"

#include <gtest/gtest.h>

namespace moldau::telemetry {
namespace {

TEST(DecodeMetrics, TakesNoMemoryForPointsThatItLeavesOut) {
    std::string attributes;
    for (std::size_t i = 0; i < kAttributesMax; ++i)
        attributes += otlp::bytes(1, otlp::attribute(std::string(kAttributeBytesMax, 'k'),
                                                     std::string(kAttributeBytesMax, 'v')));
    const std::string attribute = otlp::bytes(7, otlp::attribute("key", std::string(100, 'v')));
    std::string points;
    for (std::size_t i = 0; i < 10'000; ++i)
        points += otlp::bytes(1, {}) + otlp::bytes(1, attribute) +
                  otlp::bytes(1, otlp::point(1, attribute));
    const std::string push = otlp::data(
        otlp::bytes(2, otlp::bytes(1, "a.name.that.is.long") + otlp::bytes(5, points)), attributes);
    const std::size_t before = allocations;
    const Result<Decoded> read = decode_metrics(as_bytes(push));
    const std::size_t made = allocations - before;
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->points.empty()) << "with their resource's they have too many attributes";
    EXPECT_EQ(read->left_out, 30'000U);
    EXPECT_LT(made, 20U);
}

}  // namespace
}  // namespace moldau::telemetry
