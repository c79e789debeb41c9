#include "moldau/quota/token_bucket.hpp"

#include <gtest/gtest.h>

namespace moldau::quota {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

MonoTime at(std::int64_t ms) {
    return MonoTime(seconds(1'000'000)) + milliseconds(ms);
}

const BucketRule kTwoASecond = BucketRule::of(2, {.samples = 11, .size = seconds(1)});

TEST(TokenBucket, IsFullAtFirstAndNeverHoldsMoreThanItsBurst) {
    TokenBucket bucket;
    EXPECT_EQ(bucket.tokens(at(0), kTwoASecond), 22);
    bucket.take(at(0), kTwoASecond, 10);
    EXPECT_EQ(bucket.tokens(at(0), kTwoASecond), 12);
    EXPECT_FALSE(bucket.is_full(at(4999), kTwoASecond));
    EXPECT_TRUE(bucket.is_full(at(5000), kTwoASecond));
    EXPECT_EQ(bucket.tokens(at(60'000), kTwoASecond), 22);
}

TEST(TokenBucket, OwesWhatWasTakenBeyondWhatItHeld) {
    TokenBucket bucket;
    bucket.take(at(0), kTwoASecond, 30);
    EXPECT_EQ(bucket.tokens(at(0), kTwoASecond), -8);
    EXPECT_EQ(throttle_time(bucket.tokens(at(0), kTwoASecond), kTwoASecond), seconds(4));
    EXPECT_EQ(throttle_time(bucket.tokens(at(1500), kTwoASecond), kTwoASecond), milliseconds(2500));
    EXPECT_EQ(throttle_time(bucket.tokens(at(4000), kTwoASecond), kTwoASecond), milliseconds(0));
}

TEST(TokenBucket, FollowsARuleThatChanges) {
    TokenBucket bucket;
    bucket.take(at(0), kTwoASecond, 30);
    const BucketRule faster = BucketRule::of(8, {.samples = 11, .size = seconds(1)});
    EXPECT_EQ(bucket.tokens(at(1000), faster), 0);
    const BucketRule smaller = BucketRule::of(0.5, {.samples = 2, .size = seconds(2)});
    EXPECT_EQ(bucket.tokens(at(100'000), smaller), 2);
}

TEST(MutationQuota, StrictRefusesWhileTokensAreOwed) {
    TokenBucket bucket;
    MutationQuota first(bucket, kTwoASecond, true, at(0));
    EXPECT_TRUE(first.charge(20));
    EXPECT_TRUE(first.charge(10)) << "there was a token left: the last may owe";
    EXPECT_EQ(first.throttle().count(), 0) << "nothing was refused";
    const Result<> refused = first.charge(1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::throttling_quota_exceeded);
    EXPECT_EQ(first.throttle(), seconds(4));
    EXPECT_EQ(bucket.tokens(at(0), kTwoASecond), -8) << "what is refused costs nothing";

    MutationQuota early(bucket, kTwoASecond, true, at(3999));
    EXPECT_FALSE(early.charge(1));
    MutationQuota in_time(bucket, kTwoASecond, true, at(4000));
    EXPECT_TRUE(in_time.charge(1));
}

TEST(MutationQuota, PermissiveTakesAllAndTellsToWait) {
    TokenBucket bucket;
    MutationQuota quota(bucket, kTwoASecond, false, at(0));
    EXPECT_TRUE(quota.charge(22));
    EXPECT_EQ(quota.throttle().count(), 0);
    EXPECT_TRUE(quota.charge(8));
    EXPECT_EQ(quota.throttle(), seconds(4));
    EXPECT_TRUE(quota.charge(2));
    EXPECT_EQ(quota.throttle(), seconds(5));
}

TEST(MutationQuota, WithoutALimitChargesNothing) {
    MutationQuota quota;
    EXPECT_TRUE(quota.charge(1'000'000'000));
    EXPECT_EQ(quota.throttle().count(), 0);
}

}  // namespace
}  // namespace moldau::quota
