#include "moldau/quota/token_bucket.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace moldau::quota {

double TokenBucket::tokens(MonoTime now, const BucketRule& rule) {
    const double come = std::chrono::duration<double>(now - at_).count() * rule.per_second;
    tokens_ = tokens_ ? std::min(rule.burst, *tokens_ + come) : rule.burst;
    at_ = now;
    return *tokens_;
}

void TokenBucket::take(MonoTime now, const BucketRule& rule, double count) {
    tokens_ = std::min(rule.burst, tokens(now, rule) - count);
}

bool TokenBucket::is_full(MonoTime now, const BucketRule& rule) {
    constexpr double kRounding = 1e-9;  // of tokens that came in many small pieces
    return tokens(now, rule) >= rule.burst * (1 - kRounding);
}

Milliseconds throttle_time(double tokens, const BucketRule& rule) {
    if (tokens >= 0) return Milliseconds(0);
    const double ms = -tokens / rule.per_second * 1000;
    constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
    if (!(ms < kMost)) return Milliseconds(kMost);
    return Milliseconds(std::llround(ms));
}

Result<> MutationQuota::charge(std::int64_t changes) {
    if (bucket_ == nullptr) return {};
    const Milliseconds owed = throttle_time(bucket_->tokens(now_, rule_), rule_);
    if (is_strict_ && owed > Milliseconds(0)) {
        throttle_ = owed;
        return Error{ErrorCode::throttling_quota_exceeded,
                     fmt::format("the quota for changes of the cluster is used up: wait {} ms",
                                 throttle_.count())};
    }
    bucket_->take(now_, rule_, static_cast<double>(changes));
    if (!is_strict_) throttle_ = throttle_time(bucket_->tokens(now_, rule_), rule_);
    return {};
}

}  // namespace moldau::quota
