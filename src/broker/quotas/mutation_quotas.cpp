#include "quotas/mutation_quotas.hpp"

#include <iterator>

namespace moldau::broker {
namespace {

constexpr Duration kSweepEvery = std::chrono::seconds(1);

}  // namespace

quota::MutationQuota MutationQuotas::quota_of(const quota::ClientQuotas& set,
                                              const MutationAsker& asker, MonoTime now) {
    constexpr quota::Kind kKind = quota::Kind::controller_mutation;
    const auto holding = set.find(kKind, asker.user, asker.client_id);
    if (!holding) return {};
    const quota::MeterKey key =
        quota::meter_key(secret_, kKind, *holding, asker.user, asker.client_id);
    auto found = buckets_.find(key);
    if (found == buckets_.end()) {
        make_room(now);
        found = buckets_.emplace(key, Bucket()).first;
    }
    Bucket& bucket = found->second;
    bucket.rule = quota::BucketRule::of(holding->bound, windows_);
    return {bucket.tokens, bucket.rule, asker.is_strict, now};
}

// A bucket that is full says no more than none.
void MutationQuotas::make_room(MonoTime now) {
    if (buckets_.size() < kClientsMax) return;
    if (now - swept_ >= kSweepEvery) {
        swept_ = now;
        for (auto at = buckets_.begin(); at != buckets_.end();) {
            Bucket& bucket = at->second;
            at = bucket.tokens.is_full(now, bucket.rule) ? buckets_.erase(at) : std::next(at);
        }
    }
    if (buckets_.size() >= kClientsMax) buckets_.erase(buckets_.begin());
}

}  // namespace moldau::broker
