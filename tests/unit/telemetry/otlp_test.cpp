#include "moldau/telemetry/otlp.hpp"

#include "otlp_builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace moldau::telemetry {
namespace {

using testing::ElementsAre;
using testing::Pair;

Decoded decoded(const std::string& bytes) {
    Result<Decoded> result = decode_metrics(as_bytes(bytes));
    EXPECT_TRUE(result);
    return result ? std::move(*result) : Decoded();
}

TEST(DecodeMetrics, GivesTheNumbersOfGaugesAndSums) {
    const Decoded all = decoded(otlp::data(otlp::gauge("a.rate", otlp::point(1.5)) +
                                           otlp::sum("b.total", otlp::integer_point(-7)) +
                                           otlp::sum("c", otlp::point(3), false, false)));
    ASSERT_EQ(all.points.size(), 3U);
    EXPECT_EQ(all.left_out, 0U);
    EXPECT_EQ(all.points[0].metric, "a.rate");
    EXPECT_EQ(all.points[0].value, 1.5);
    EXPECT_FALSE(all.points[0].is_counter);
    EXPECT_FALSE(all.points[0].is_delta);
    EXPECT_EQ(all.points[1].value, -7);
    EXPECT_TRUE(all.points[1].is_counter);
    EXPECT_TRUE(all.points[1].is_delta);
    EXPECT_FALSE(all.points[2].is_counter);
    EXPECT_FALSE(all.points[2].is_delta);
}

TEST(DecodeMetrics, GivesTheAttributesOfTheResourceAndOfThePoint) {
    const std::string of_point =
        otlp::bytes(7, otlp::attribute("node.id", "3")) +
        otlp::bytes(7, otlp::bytes(1, "n") + otlp::bytes(2, otlp::number(3, 12))) +
        otlp::bytes(7, otlp::bytes(1, "b") + otlp::bytes(2, otlp::number(2, 1)));
    const Decoded all = decoded(otlp::data(otlp::gauge("a", otlp::point(1, of_point)),
                                           otlp::bytes(1, otlp::attribute("group_id", "g"))));
    ASSERT_EQ(all.points.size(), 1U);
    EXPECT_THAT(all.points[0].attributes, ElementsAre(Pair("group_id", "g"), Pair("node.id", "3"),
                                                      Pair("n", "12"), Pair("b", "true")));
}

TEST(DecodeMetrics, PassesOverWhatIsOfOtherKinds) {
    const std::string histogram =
        otlp::bytes(2, otlp::bytes(1, "h") + otlp::bytes(9, "what it says"));
    const Decoded all = decoded(otlp::data(
        histogram + otlp::gauge("nan", otlp::point(std::numeric_limits<double>::quiet_NaN())) +
        otlp::gauge("", otlp::point(1)) +
        otlp::gauge(std::string(kNameBytesMax + 1, 'x'), otlp::point(1)) +
        otlp::gauge("kept", otlp::point(2) + otlp::number(99, 1))));
    ASSERT_EQ(all.points.size(), 1U);
    EXPECT_EQ(all.points[0].metric, "kept");
    EXPECT_EQ(all.left_out, 4U);
}

TEST(DecodeMetrics, KeepsToItsBounds) {
    std::string metrics;
    for (std::size_t i = 0; i < kPointsMax + 3; ++i) metrics += otlp::gauge("m", otlp::point(1));
    const Decoded many = decoded(otlp::data(metrics));
    EXPECT_EQ(many.points.size(), kPointsMax);
    EXPECT_EQ(many.left_out, 3U);

    std::string attributes;
    for (std::size_t i = 0; i <= kAttributesMax; ++i)
        attributes += otlp::bytes(7, otlp::attribute("k", "v"));
    EXPECT_EQ(decoded(otlp::data(otlp::gauge("m", otlp::point(1, attributes)))).left_out, 1U);
    const std::string long_one =
        otlp::bytes(7, otlp::attribute("k", std::string(kAttributeBytesMax + 1, 'v')));
    EXPECT_EQ(decoded(otlp::data(otlp::gauge("m", otlp::point(1, long_one))))
                  .points[0]
                  .attributes[0]
                  .second.size(),
              kAttributeBytesMax);
}

TEST(DecodeMetrics, KeepsNoMoreTextThanAClientMayHave) {
    std::string attributes;
    for (std::size_t i = 0; i < kAttributesMax; ++i)
        attributes += otlp::bytes(1, otlp::attribute(std::string(kAttributeBytesMax, 'k'),
                                                     std::string(kAttributeBytesMax, 'v')));
    std::string metrics;
    for (std::size_t i = 0; i < kPointsMax; ++i) metrics += otlp::gauge("m", otlp::point(1));
    const Decoded all = decoded(otlp::data(metrics, attributes));
    std::size_t bytes = 0;
    for (const Point& point : all.points) {
        bytes += point.metric.size();
        for (const auto& [key, value] : point.attributes) bytes += key.size() + value.size();
    }
    EXPECT_LE(bytes, kTextBytesMax);
    EXPECT_GT(bytes, kTextBytesMax - 2 * kAttributesMax * kAttributeBytesMax);
    EXPECT_EQ(all.points.size() + all.left_out, kPointsMax);
}

TEST(DecodeMetrics, ReadsNoMoreFieldsThanTheMostPointsTakeAndKeepsWhatStandsBefore) {
    std::string points;
    for (std::size_t i = 0; i < 2 * kFieldsMax; ++i) points += otlp::bytes(1, {});
    const Decoded all = decoded(otlp::data(
        otlp::gauge("first", otlp::point(1)) +
        otlp::bytes(2, otlp::bytes(1, "empty") + otlp::bytes(5, points)) + "no metric at all"));
    ASSERT_EQ(all.points.size(), 1U);
    EXPECT_EQ(all.points[0].metric, "first");
    EXPECT_GT(all.left_out, kFieldsMax - 100);
    EXPECT_LE(all.left_out, kFieldsMax);
}

TEST(DecodeMetrics, RefusesWhatIsNoSuchMessage) {
    const std::string whole = otlp::data(otlp::gauge("a", otlp::point(1)));
    for (std::size_t size = 1; size < whole.size(); ++size)
        EXPECT_FALSE(decode_metrics(as_bytes(whole).first(size))) << size;
    for (const std::string& bytes : {std::string("\x0b", 1), std::string("\x00\x00", 2),
                                     std::string(11, '\xff'), std::string("\x0a\x05", 2)})
        EXPECT_FALSE(decode_metrics(as_bytes(bytes)));
    EXPECT_TRUE(decode_metrics({}));
}

}  // namespace
}  // namespace moldau::telemetry
