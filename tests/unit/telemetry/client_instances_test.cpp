#include "moldau/telemetry/client_instances.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace moldau::telemetry {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kBytesMax = 1000;

struct Fixture {
    Fixture() { subscribe_all(1000); }

    void subscribe_all(std::int32_t interval_ms) {
        instances.set_subscriptions(
            {{.interval_ms = interval_ms, .metrics = {"*"}, .matches = {}}});
    }
    ErrorCode get() {
        const Result<Wanted> wanted = instances.subscribe(now, client);
        if (!wanted) return wanted.error().code;
        subscription = wanted->subscription_id;
        return ErrorCode::none;
    }
    ErrorCode push(ClientInstances::Push push) {
        const Result<Duration> pushed = instances.push(now, client, push);
        return pushed ? ErrorCode::none : pushed.error().code;
    }
    ErrorCode push() { return push({.subscription_id = subscription}); }
    ErrorCode push_last() {
        return push({.subscription_id = subscription, .is_terminating = true});
    }

    ClientInstances instances{kBytesMax};
    Client client{.instance = {1, 2}, .id = "c", .address = "127.0.0.1", .port = 1};
    MonoTime now{seconds(1000)};
    std::int32_t subscription = 0;
};

TEST(ClientInstances, LetAClientAskOnceAnInterval) {
    Fixture f;
    EXPECT_EQ(f.get(), ErrorCode::none);
    f.now += milliseconds(999);
    EXPECT_EQ(f.get(), ErrorCode::throttling_quota_exceeded);
    f.now += milliseconds(1);
    EXPECT_EQ(f.get(), ErrorCode::none);
}

TEST(ClientInstances, LetTheFirstPushComeAtOnceAndTheOthersOnceAnInterval) {
    Fixture f;
    ASSERT_EQ(f.get(), ErrorCode::none);
    f.now += milliseconds(1);
    EXPECT_EQ(f.push(), ErrorCode::none);
    f.now += milliseconds(999);
    EXPECT_EQ(f.push(), ErrorCode::throttling_quota_exceeded);
    EXPECT_EQ(f.get(), ErrorCode::throttling_quota_exceeded);
    f.now += milliseconds(1);
    EXPECT_EQ(f.push(), ErrorCode::none);
}

TEST(ClientInstances, LetAClientPushThatAskedAnotherBroker) {
    Fixture f;
    const Wanted wanted =
        wanted_of({{.interval_ms = 1000, .metrics = {"*"}, .matches = {}}}, f.client);
    EXPECT_EQ(f.push({.subscription_id = wanted.subscription_id}), ErrorCode::none);
}

TEST(ClientInstances, LetTheLastPushComeAtAnyTimeAndNothingAfterIt) {
    Fixture f;
    ASSERT_EQ(f.get(), ErrorCode::none);
    ASSERT_EQ(f.push(), ErrorCode::none);
    EXPECT_EQ(f.push_last(), ErrorCode::none);
    f.now += seconds(5);
    EXPECT_EQ(f.push_last(), ErrorCode::invalid_request);
    EXPECT_EQ(f.push(), ErrorCode::invalid_request);
    // As Kafka: what is refused says anew whether the client ends.
    EXPECT_EQ(f.push(), ErrorCode::none);
}

TEST(ClientInstances, RefuseWhatDoesNotFitTheSubscription) {
    Fixture f;
    ASSERT_EQ(f.get(), ErrorCode::none);
    EXPECT_EQ(f.push({.subscription_id = f.subscription + 1}), ErrorCode::unknown_subscription_id);
    f.now += seconds(1);
    EXPECT_EQ(f.push({.subscription_id = f.subscription, .compression = 5}),
              ErrorCode::unsupported_compression_type);
    f.now += seconds(1);
    EXPECT_EQ(f.push({.subscription_id = f.subscription, .compression = -1}),
              ErrorCode::unsupported_compression_type);
    f.now += seconds(1);
    EXPECT_EQ(f.push({.subscription_id = f.subscription, .bytes = kBytesMax + 1}),
              ErrorCode::telemetry_too_large);
    f.now += seconds(1);
    EXPECT_EQ(f.push({.subscription_id = f.subscription, .compression = 4, .bytes = kBytesMax}),
              ErrorCode::none);
}

TEST(ClientInstances, LetAClientAskAgainAtOnceThatHadAnOldSubscription) {
    Fixture f;
    ASSERT_EQ(f.get(), ErrorCode::none);
    ASSERT_EQ(f.push({.subscription_id = f.subscription + 1}), ErrorCode::unknown_subscription_id);
    EXPECT_EQ(f.get(), ErrorCode::none);
    EXPECT_EQ(f.get(), ErrorCode::throttling_quota_exceeded) << "once";
}

TEST(ClientInstances, DecideAnewWhenSubscriptionsChange) {
    Fixture f;
    ASSERT_EQ(f.get(), ErrorCode::none);
    ASSERT_EQ(f.push(), ErrorCode::none);
    f.subscribe_all(2000);
    EXPECT_EQ(f.push(), ErrorCode::unknown_subscription_id);
    EXPECT_EQ(f.get(), ErrorCode::none);
}

TEST(ClientInstances, HoldPushesToTheAnswerThatAClientGotLastWhereverItComesFrom) {
    Fixture f;
    Result<Match> match = Match::parse("client_source_port=1");
    ASSERT_TRUE(match);
    f.instances.set_subscriptions(
        {{.interval_ms = 120'000, .metrics = {"*"}, .matches = {std::move(*match)}}});
    ASSERT_EQ(f.get(), ErrorCode::none);
    const std::int32_t first = f.subscription;
    f.client.port = 2;
    EXPECT_EQ(f.push(), ErrorCode::none) << "it need not ask anew because it has connected anew";

    f.now += seconds(120);
    ASSERT_EQ(f.get(), ErrorCode::none);
    EXPECT_NE(f.subscription, first) << "it is asked for nothing any more";
    EXPECT_EQ(f.push(), ErrorCode::none);
    f.now += seconds(120);
    EXPECT_EQ(f.push(), ErrorCode::throttling_quota_exceeded) << "the interval is the new one, too";
    f.now += seconds(180);
    EXPECT_EQ(f.push(), ErrorCode::none);
}

TEST(ClientInstances, RefuseIdsThatNobodyMayHave) {
    Fixture f;
    for (const Uuid id : {Uuid{0, 0}, Uuid{0, 1}}) {
        f.client.instance = id;
        EXPECT_EQ(f.push(), ErrorCode::invalid_request);
    }
}

TEST(ClientInstances, ForgetWhoIsSilentForThreeIntervals) {
    Fixture f;
    f.subscribe_all(60'000);
    ASSERT_EQ(f.get(), ErrorCode::none);
    ASSERT_EQ(f.push_last(), ErrorCode::none);
    f.now += seconds(180) - milliseconds(1);
    Client other = f.client;
    other.instance = {5, 5};
    ASSERT_TRUE(f.instances.subscribe(f.now, other));
    EXPECT_TRUE(f.instances.knows(f.client.instance));
    f.now += milliseconds(1);
    EXPECT_EQ(f.push(), ErrorCode::none) << "it is a new client, which has not ended";
}

TEST(ClientInstances, KeepThoseThatWereHeardOfLast) {
    Fixture f;
    ASSERT_EQ(f.get(), ErrorCode::none);
    Client other = f.client;
    for (std::size_t i = 0; i < ClientInstances::kInstancesMax - 1; ++i) {
        other.instance = {7, i};
        ASSERT_TRUE(f.instances.subscribe(f.now, other));
    }
    EXPECT_EQ(f.get(), ErrorCode::throttling_quota_exceeded);
    EXPECT_EQ(f.instances.size(), ClientInstances::kInstancesMax);
    other.instance = {8, 8};
    ASSERT_TRUE(f.instances.subscribe(f.now, other));
    EXPECT_EQ(f.instances.size(), ClientInstances::kInstancesMax);
    EXPECT_TRUE(f.instances.knows(f.client.instance));
    EXPECT_FALSE(f.instances.knows({7, 0}));
}

}  // namespace
}  // namespace moldau::telemetry
