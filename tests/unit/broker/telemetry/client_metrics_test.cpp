#include "telemetry/client_metrics.hpp"

#include "metric_families.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace moldau::broker {
namespace {

using std::chrono::seconds;
using telemetry::Decoded;
using telemetry::Point;
using testing::HasSubstr;
using testing::Not;

constexpr MonoTime kNow{seconds(1000)};

Point gauge(std::string name, double value, telemetry::Attributes attributes = {}) {
    return {.metric = std::move(name), .value = value, .attributes = std::move(attributes)};
}
Point delta(std::string name, double value) {
    return {.metric = std::move(name),
            .is_counter = true,
            .is_delta = true,
            .value = value,
            .attributes = {}};
}
ClientMetrics::Source source(std::uint64_t id, std::string client = "app") {
    return {.instance = {id, id}, .client_id = std::move(client), .silent_at = kNow + seconds(3)};
}
std::string page(const ClientMetrics& metrics, MonoTime now = kNow,
                 metrics::PageFormat format = metrics::PageFormat::prometheus) {
    metrics::Samples samples;
    metrics.sample(now, samples);
    return samples.page(format);
}

TEST(FamilyName, IsOnesThatPrometheusTakes) {
    EXPECT_EQ(family_name("org.apache.kafka.producer.record.send.rate", false),
              "client_org_apache_kafka_producer_record_send_rate");
    EXPECT_EQ(family_name("a.total", true), "client_a_total");
    EXPECT_EQ(family_name("a", true), "client_a_total");
    EXPECT_EQ(family_name("a.total", false), "client_a");
    EXPECT_EQ(family_name("ü 1", false), "client____1");
}

TEST(ClientMetrics, ShowWhatAClientPushedUnderItsName) {
    ClientMetrics metrics;
    metrics.take(kNow, source(1),
                 {.points = {gauge("a.rate", 2.5, {{"node.id", "3"}, {"client_id", "forged"}})}});
    EXPECT_THAT(page(metrics), HasSubstr("client_a_rate{client_id=\"app\",client_instance_id=\"" +
                                         Uuid{1, 1}.to_string() + "\",node_id=\"3\"} 2.5\n"));
    EXPECT_THAT(page(metrics), HasSubstr("moldau_client_metrics_clients 1\n"));
    metrics.take(kNow, source(1), {.points = {gauge("a.rate", 4, {{"node.id", "3"}})}});
    EXPECT_THAT(page(metrics), HasSubstr("\",node_id=\"3\"} 4\n"));
}

TEST(ClientMetrics, AddUpWhatCountersBring) {
    ClientMetrics metrics;
    for (int i = 0; i < 3; ++i) metrics.take(kNow, source(1), {.points = {delta("sent", 5)}});
    EXPECT_THAT(page(metrics), HasSubstr("# TYPE client_sent_total counter\n"));
    EXPECT_THAT(page(metrics), HasSubstr("\"} 15\n"));
    EXPECT_THAT(page(metrics), HasSubstr("moldau_client_metrics_pushes_total 3\n"));
}

TEST(ClientMetrics, ForgetWhoEndsOrIsSilent) {
    ClientMetrics metrics;
    metrics.take(kNow, source(1), {.points = {gauge("a", 1)}});
    metrics.take(kNow, source(2), {.points = {gauge("b", 1)}});
    metrics.forget({1, 1});
    EXPECT_THAT(page(metrics), Not(HasSubstr("client_a{")));
    EXPECT_THAT(page(metrics), HasSubstr("client_b{"));
    EXPECT_THAT(page(metrics, kNow + seconds(3)), Not(HasSubstr("client_b{")));
}

TEST(ClientMetrics, OfTheSilentGiveTheirRoomBackWithTheNextPush) {
    ClientMetrics metrics;
    ClientMetrics::Source lasting = source(0);
    lasting.silent_at += seconds(100);
    metrics.take(kNow, lasting, {.points = {gauge("a", 1)}});
    const std::size_t before = metrics.bytes();
    for (std::uint64_t id = 1; id <= 100; ++id) {
        ClientMetrics::Source each = source(id);
        each.silent_at = kNow + seconds(id % 10 + 1);
        metrics.take(kNow, each, {.points = {gauge("a", 1)}});
        if (id % 10 == 0) continue;
        each.silent_at += seconds(id % 2 == 0 ? 20 : 0);  // it pushes again, for longer or not
        metrics.take(kNow, each, {.points = {gauge("a", 2)}});
    }
    const std::size_t all = metrics.bytes();
    metrics.take(kNow + seconds(1), lasting, {});
    EXPECT_EQ(all - metrics.bytes(), (all - before) / 10) << "each tenth was silent";
    metrics.take(kNow + seconds(10), lasting, {});
    EXPECT_EQ(metrics.bytes() - before, (all - before) * 4 / 10) << "the even ones are there";
    metrics.take(kNow + seconds(30), lasting, {});
    EXPECT_EQ(metrics.bytes(), before);
}

TEST(ClientMetrics, KeepToTheirBounds) {
    ClientMetrics metrics({.bytes = 3000, .bytes_of_client = 1100});
    metrics.take(kNow, source(1), {.points = {gauge("a", 1), gauge("b", 1), gauge("c", 1)}});
    EXPECT_THAT(page(metrics), HasSubstr("moldau_client_metrics_left_out_total 1\n"));
    EXPECT_THAT(page(metrics), Not(HasSubstr("client_c")));
    Decoded many;
    for (int i = 0; i < 100; ++i) many.points.push_back(gauge("a", 1, {{"i", std::to_string(i)}}));
    metrics.take(kNow, source(2), many);
    metrics.take(kNow, source(3), many);
    const std::string full = page(metrics);
    EXPECT_THAT(full, Not(HasSubstr("moldau_client_metrics_left_out_total 1\n")));
    EXPECT_LT(full.size(), 4000U);
    // Room comes back with those who go.
    metrics.forget({2, 2});
    metrics.forget({3, 3});
    metrics.take(kNow, source(4), {.points = {gauge("a", 1)}});
    EXPECT_THAT(page(metrics), HasSubstr(Uuid{4, 4}.to_string()));
}

TEST(ClientMetrics, OfOneClientLeaveRoomForTheNamesOfOthers) {
    ClientMetrics metrics;
    Decoded many;
    for (int round = 0; round < 10; ++round) {
        for (int i = 0; i < 2000; ++i)
            many.points.push_back(gauge("m" + std::to_string(round * 2000 + i), 1));
        metrics.take(kNow, source(1), many);
        many.points.clear();
    }
    metrics.take(kNow, source(2), {.points = {gauge("of.another", 1)}});
    EXPECT_THAT(page(metrics), HasSubstr("client_of_another{"));
}

TEST(ClientMetrics, ForgetNamesWithTheLastWhoUsesThem) {
    // As much as ten clients' names take, a hundred times over.
    ClientMetrics metrics({.bytes = 100'000, .bytes_of_client = 10'000});
    for (std::uint64_t id = 1; id <= 1000; ++id) {
        Decoded names{.points = {gauge("of.all", 1)}};
        for (int i = 0; i < 10; ++i)
            names.points.push_back(gauge("m" + std::to_string(id) + "." + std::to_string(i), 1));
        metrics.take(kNow, source(id), names);
        if (id > 10) metrics.forget({id - 10, id - 10});
    }
    const std::string text = page(metrics);
    EXPECT_THAT(text, HasSubstr("moldau_client_metrics_left_out_total 0\n"));
    EXPECT_THAT(text, HasSubstr("client_of_all{"));
    EXPECT_THAT(text, HasSubstr("client_m1000_9{"));
    EXPECT_THAT(text, Not(HasSubstr("client_m990_")));
}

TEST(ClientMetrics, OfAPageThatIsBeingWrittenMayBeForgotten) {
    ClientMetrics metrics;
    metrics.take(kNow, source(1), {.points = {gauge("a.name.that.is.not.short", 1)}});
    metrics::Samples samples;
    metrics.sample(kNow, samples);
    metrics.forget({1, 1});
    EXPECT_THAT(samples.page(metrics::PageFormat::prometheus),
                HasSubstr("# TYPE client_a_name_that_is_not_short gauge\n"));
}

TEST(ClientMetrics, OfOneNameAreOfOneKind) {
    ClientMetrics metrics;
    metrics.take(kNow, source(1), {.points = {gauge("x", 1), delta("x", 2), delta("y", 3)}});
    metrics.take(kNow, source(2), {.points = {gauge("y.total", 4), gauge("x", 5)}});
    const std::string text = page(metrics, kNow, metrics::PageFormat::openmetrics);
    EXPECT_THAT(text, HasSubstr("# TYPE client_x gauge\n"));
    EXPECT_THAT(text, HasSubstr("# TYPE client_y counter\n"));
    EXPECT_THAT(text, Not(HasSubstr("# TYPE client_x counter\n")));
    EXPECT_THAT(text, Not(HasSubstr("# TYPE client_y gauge\n")));
    EXPECT_THAT(text, HasSubstr("moldau_client_metrics_left_out_total 2\n"));
    // The first kind holds for as long as somebody has it.
    metrics.forget({1, 1});
    metrics.forget({2, 2});
    metrics.take(kNow, source(3), {.points = {delta("x", 1)}});
    EXPECT_THAT(page(metrics), HasSubstr("# TYPE client_x_total counter\n"));
}

TEST(ClientMetrics, DoNotTakeTheNameThatACounterHasForItsBeginning) {
    ClientMetrics metrics;
    metrics.take(kNow, source(1), {.points = {delta("x", 1), gauge("x.created", 2)}});
    EXPECT_THAT(page(metrics), Not(HasSubstr("client_x_created")));
    metrics.take(kNow, source(1), {.points = {gauge("y.created", 2), delta("y", 1)}});
    EXPECT_THAT(page(metrics), HasSubstr("client_y_created{"));
    EXPECT_THAT(page(metrics), Not(HasSubstr("client_y_total")));
    metrics.take(kNow, source(1), {.points = {gauge("z.created", 2), gauge("z", 1)}});
    EXPECT_THAT(page(metrics), HasSubstr("client_z_created{"));
    EXPECT_THAT(page(metrics), HasSubstr("client_z{"));
}

TEST(ClientMetrics, HaveNoLabelOfPrometheussOwn) {
    ClientMetrics metrics;
    metrics.take(kNow, source(1), {.points = {gauge("x", 1, {{"__name__", "forged"}})}});
    EXPECT_THAT(page(metrics), HasSubstr("\",_name__=\"forged\"} 1\n"));
}

}  // namespace
}  // namespace moldau::broker
