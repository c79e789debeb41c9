#include "moldau/metrics/samples.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace moldau::metrics {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Family kRequests{"t_requests_total", Kind::counter, "Requests."};
constexpr Family kDepth{"t_depth", Kind::gauge, "Depth."};
constexpr Family kTook{"t_took_seconds", Kind::histogram, "Time."};

TEST(Samples, AreWrittenByFamilyEachWithItsHelpAndTypeOnce) {
    Samples samples;
    samples.add(kRequests, {{"api", "Produce"}, {"code", "none"}}, 3);
    samples.add(kRequests, {{"api", "Fetch"}, {"code", "none"}}, 1e15);
    samples.add(kDepth, {}, 0.5);
    EXPECT_EQ(samples.page(PageFormat::prometheus),
              "# HELP t_depth Depth.\n"
              "# TYPE t_depth gauge\n"
              "t_depth 0.5\n"
              "# HELP t_requests_total Requests.\n"
              "# TYPE t_requests_total counter\n"
              "t_requests_total{api=\"Fetch\",code=\"none\"} 1000000000000000\n"
              "t_requests_total{api=\"Produce\",code=\"none\"} 3\n");
}

TEST(Samples, OfTheSameLabelsAreAddedUp) {
    Samples shard;
    shard.add(kRequests, {{"api", "Produce"}}, 3);
    Samples all;
    all.add(kRequests, {{"api", "Fetch"}}, 1);
    all.add(shard);
    all.add(shard);
    EXPECT_THAT(all.page(PageFormat::prometheus), HasSubstr("{api=\"Produce\"} 6\n"));
}

TEST(Samples, OfAFamilyThatIsGivenUpStayUntilThePageIsWritten) {
    struct Named {
        std::string name;
        Family family;
    };
    auto named = std::make_shared<Named>("t_a_name_that_is_not_short", Family{});
    named->family = {named->name, Kind::gauge, "For a while."};
    Samples all;
    {
        Samples shard;
        shard.add({named, &named->family}, {}, 3);
        all.add(shard);
        all.add(shard);
    }
    named.reset();
    EXPECT_EQ(all.page(PageFormat::prometheus),
              "# HELP t_a_name_that_is_not_short For a while.\n"
              "# TYPE t_a_name_that_is_not_short gauge\n"
              "t_a_name_that_is_not_short 6\n");
}

TEST(Samples, OfAHistogramGrowFromBoundToBoundUpToAll) {
    DurationHistogram took;
    took.record(std::chrono::nanoseconds(1024));
    took.record(std::chrono::nanoseconds(1025));
    took.record(std::chrono::hours(1));
    Samples samples;
    samples.add(kTook, {{"api", "Fetch"}}, took);
    const std::string page = samples.page(PageFormat::prometheus);
    EXPECT_THAT(page, HasSubstr("# TYPE t_took_seconds histogram\n"
                                "t_took_seconds_bucket{api=\"Fetch\",le=\"1.024e-06\"} 1\n"
                                "t_took_seconds_bucket{api=\"Fetch\",le=\"1.536e-06\"} 2\n"
                                "t_took_seconds_bucket{api=\"Fetch\",le=\"2.048e-06\"} 2\n"));
    EXPECT_THAT(page, HasSubstr("t_took_seconds_bucket{api=\"Fetch\",le=\"68.719476736\"} 2\n"
                                "t_took_seconds_bucket{api=\"Fetch\",le=\"+Inf\"} 3\n"
                                "t_took_seconds_sum{api=\"Fetch\"} 3600.00000"));
    EXPECT_THAT(page, HasSubstr("t_took_seconds_count{api=\"Fetch\"} 3\n"));
}

TEST(Samples, EscapeWhatALabelMayHold) {
    Samples samples;
    samples.add(kDepth, {{"listener", "a\"b\\c\nd\xff"}}, 1);
    samples.add(kDepth, {{"listener", std::string(100'000, 'x')}}, 1);
    const std::string page = samples.page(PageFormat::prometheus);
    EXPECT_THAT(page, HasSubstr(R"(t_depth{listener="a\"b\\\\c\\nd\\xff"} 1)"
                                "\n"));
    EXPECT_LT(page.size(), 1000U);
}

TEST(Samples, AsOpenMetricsNameACounterWithoutItsSuffixAndSayWhereTheyEnd) {
    Samples samples;
    samples.add(kRequests, {}, 3);
    EXPECT_EQ(
        samples.page(PageFormat::openmetrics),
        "# HELP t_requests Requests.\n# TYPE t_requests counter\nt_requests_total 3\n# EOF\n");
    EXPECT_THAT(samples.page(PageFormat::prometheus), Not(HasSubstr("EOF")));
}

}  // namespace
}  // namespace moldau::metrics
