// The quotas of users and client ids on one shard: which hold for a client, how much of them it has
// used, how long it is to wait.
// A client's connections may be on several shards, and its use is that of all of them: each shard
// records what happens on it, and looks at what the others have recorded. Shards that count for one
// client get to know each other by messages when the second of them begins.
#pragma once

#include "quotas/rate_window.hpp"

#include "moldau/quota/client_quotas.hpp"
#include "moldau/quota/rate.hpp"
#include "moldau/runtime/shard.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace moldau::broker {

class BrokerShard;

/// There is no authentication yet: everybody is this user.
inline constexpr std::string_view kAnonymousUser = "ANONYMOUS";

/// The use of one quota by one client, as one shard sees it.
struct Meter {
    quota::MeterKey key;
    std::shared_ptr<RateWindow> own;
    std::vector<std::shared_ptr<const RateWindow>> others;  // by shard; null: not met
    bool has_asked_all = false;
};

/// The quotas that hold for a client, by quota::Kind; not those for changes of the cluster, which
/// the controller counts. A request and a connection may keep it.
struct LimitedClient {
    struct Limit {
        double bound = 0;
        std::shared_ptr<Meter> meter;
    };
    const std::optional<Limit>& limit(quota::Kind kind) const {
        return limits[static_cast<std::size_t>(kind)];
    }
    std::array<std::optional<Limit>, quota::kKinds> limits;
};

class ShardQuotas {
public:
    struct Place {
        runtime::Shard& shard;
        std::size_t index = 0;
        /// All of the node, this one among them; null: there is no other.
        const std::vector<std::unique_ptr<BrokerShard>>* shards = nullptr;
    };
    /// Of shards that are made one after the other, the first one first.
    ShardQuotas(Place place, quota::Windows windows);
    ShardQuotas(const ShardQuotas&) = delete;
    ShardQuotas& operator=(const ShardQuotas&) = delete;

    /// From now on these are set. What was counted stays.
    void take(quota::ClientQuotas set);
    const quota::ClientQuotas& set() const { return set_; }
    /// For the keys of meters, and of other tables by client; the same on all shards.
    const HashSecret& secret() const { return secret_; }
    /// Some client has a quota that LimitedClient tells of: most often none has.
    bool is_on() const { return is_on_; }
    /// Differs whenever other quotas may hold.
    std::uint64_t version() const { return version_; }

    /// Null: none of them holds for this client.
    std::shared_ptr<const LimitedClient> client(std::string_view user, std::string_view client_id);

    /// Counts `value`: how long the client is to wait.
    quota::Milliseconds charge(const LimitedClient::Limit& limit, double value);

    // The time that the shard spends on a request counts by percent of a second: from when its
    // handler is called until it returns, be it with the reply or with a task that will make it.
    // What is done between is noted by the reply.
    void handling_begins(const LimitedClient& client);
    /// The reply is made: how long the client is to wait.
    quota::Milliseconds charge_handling(const LimitedClient& client);
    /// Nobody is to wait because of the request that is being handled.
    void exempt_handling() { handling_since_.reset(); }
    /// The handler has returned: counts what the reply has not, or not yet.
    void handling_ends(const LimitedClient& client);

    /// The most bytes of one fetch: more than a quota lets through in all windows would never be
    /// answered.
    std::size_t fetch_bytes_max(const LimitedClient& client) const;

    /// Now and then: forgets who has been quiet for so long that nothing counts any more, and
    /// tells shards that could not be told.
    void sweep();
    std::size_t meters() const { return meters_.size(); }
    std::size_t bytes() const { return bytes_; }
    /// Of memory, on each shard. Client ids come from outside: when there are more, some of those
    /// that have no connection are forgotten. What connections' clients have is beyond that: a
    /// meter for each of three quotas, of about 1 KB with the usual windows.
    static constexpr std::size_t kBytesMax = std::size_t{8} << 20U;

private:
    std::shared_ptr<Meter> meter(const quota::MeterKey& key);
    std::size_t bytes_of(const Meter& meter) const;
    void make_room();
    void ask_others(Meter& meter);
    void met(const quota::MeterKey& key, std::size_t from, std::shared_ptr<const RateWindow> theirs,
             bool is_asking);
    BrokerShard& other(std::size_t index) const { return *(*place_.shards)[index]; }

    Place place_;
    quota::Windows windows_;
    HashSecret secret_;
    quota::ClientQuotas set_;
    bool is_on_ = false;
    std::uint64_t version_ = 0;
    std::unordered_map<quota::MeterKey, std::shared_ptr<Meter>> meters_;
    std::size_t bytes_ = 0;
    MonoTime swept_;
    std::size_t looked_at_ = 0;  // the bucket where make_room() was last
    std::optional<MonoTime> handling_since_;
    std::vector<quota::Sample> samples_;  // memory for charge()
};

}  // namespace moldau::broker
