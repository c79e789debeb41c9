// Tokens that come at a rate and are taken in bursts (KIP-599): what changes of the cluster cost.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"
#include "moldau/quota/rate.hpp"

#include <cstdint>
#include <optional>

namespace moldau::quota {

/// Kafka gives a bucket the room of all windows (controller.quota.window.num times
/// controller.quota.window.size.seconds).
struct BucketRule {
    double per_second = 0;
    double burst = 0;

    static BucketRule of(double per_second, const Windows& windows) {
        return {.per_second = per_second, .burst = per_second * windows.span_seconds()};
    }
};

/// Full at first. It may owe tokens: then nothing is to be taken until they have come.
class TokenBucket {
public:
    double tokens(MonoTime now, const BucketRule& rule);
    void take(MonoTime now, const BucketRule& rule, double count);
    /// As good as a new one.
    bool is_full(MonoTime now, const BucketRule& rule);

private:
    std::optional<double> tokens_;  // nothing: full, whatever the rule
    MonoTime at_;
};

/// Until a bucket with `tokens` owes none any more.
Milliseconds throttle_time(double tokens, const BucketRule& rule);

/// What one request may change.
class MutationQuota {
public:
    /// Without a limit.
    MutationQuota() = default;
    /// Strict: a change is refused while tokens are owed. Else it is made, and the client is told
    /// to wait. `bucket` outlives the quota.
    MutationQuota(TokenBucket& bucket, BucketRule rule, bool is_strict, MonoTime now)
        : bucket_(&bucket), rule_(rule), is_strict_(is_strict), now_(now) {}

    /// Takes a token for each change. A strict one may owe by the last that it takes.
    /// Errors: throttling_quota_exceeded
    Result<> charge(std::int64_t changes);
    /// How long the client is to wait, counted from the moment in which it was charged.
    Milliseconds throttle() const { return throttle_; }

private:
    TokenBucket* bucket_ = nullptr;
    BucketRule rule_;
    bool is_strict_ = false;
    MonoTime now_;
    Milliseconds throttle_{0};
};

}  // namespace moldau::quota
