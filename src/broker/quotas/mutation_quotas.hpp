// What each client may still change of the cluster: topics and partitions made and removed
// (KIP-599). On the home shard, where the controller decides.
#pragma once

#include "moldau/quota/client_quotas.hpp"
#include "moldau/quota/token_bucket.hpp"

#include <cstddef>
#include <string>
#include <unordered_map>

namespace moldau::broker {

/// Who asks for a change.
struct MutationAsker {
    std::string user;
    std::string client_id;
    /// Its version of the request knows of THROTTLING_QUOTA_EXCEEDED: changes beyond the quota are
    /// refused, not only held against it.
    bool is_strict = true;
};

class MutationQuotas {
public:
    MutationQuotas(quota::Windows windows, const HashSecret& secret)
        : windows_(windows), secret_(secret) {}

    /// For one request that is decided at once: not to be kept.
    quota::MutationQuota quota_of(const quota::ClientQuotas& set, const MutationAsker& asker,
                                  MonoTime now);

    std::size_t clients() const { return buckets_.size(); }  // that are remembered
    /// Client ids come from outside: of more than so many some are forgotten.
    static constexpr std::size_t kClientsMax = 10'000;

private:
    struct Bucket {
        quota::TokenBucket tokens;
        quota::BucketRule rule;
    };
    void make_room(MonoTime now);

    quota::Windows windows_;
    HashSecret secret_;
    std::unordered_map<quota::MeterKey, Bucket> buckets_;
    MonoTime swept_;
};

}  // namespace moldau::broker
