// Counts what operator new is asked for while a push is read: what is left out costs nothing,
// however much of it there is.
#include "otlp_builder.hpp"

#include "moldau/telemetry/otlp.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

namespace {

std::size_t allocations = 0;
bool counts = false;

}  // namespace

// The other forms end in these two.
void* operator new(std::size_t size) {
    if (counts) ++allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

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
    counts = true;
    const Result<Decoded> read = decode_metrics(as_bytes(push));
    counts = false;
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->points.empty()) << "with their resource's they have too many attributes";
    EXPECT_EQ(read->left_out, 30'000U);
    EXPECT_LT(allocations, 20U);
}

}  // namespace
}  // namespace moldau::telemetry
