// Fetch sessions (KIP-227): a consumer of many partitions names only what changed, and is told only
// of what changed.
#pragma once

#include "moldau/base/error_code.hpp"
#include "moldau/base/uuid.hpp"
#include "moldau/protocol/messages/fetch.hpp"
#include "moldau/runtime/shard.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace moldau::broker {

/// One partition as a consumer asks for it.
struct FetchTarget {
    std::string topic;  // up to v12
    Uuid topic_id;      // from v13 on
    std::int32_t partition = 0;
    std::int32_t current_leader_epoch = -1;
    std::int64_t fetch_offset = 0;
    std::int32_t last_fetched_epoch = -1;
    std::int64_t log_start_offset = -1;
    std::int32_t max_bytes = 0;
};

class FetchSession {
public:
    std::int32_t id() const { return id_; }
    std::size_t size() const { return partitions_.size(); }
    /// About what it holds of memory.
    std::size_t bytes() const { return bytes_; }

    /// All partitions, the one whose turn it is first.
    std::vector<FetchTarget> targets() const;
    /// Whether an incremental answer is to tell this.
    bool has_to_tell(const FetchTarget& target,
                     const protocol::FetchResponse::PartitionData& answer) const;
    /// The same; notes what it tells. One that has records
    /// goes to the end of the order.
    bool tell(const FetchTarget& target, const protocol::FetchResponse::PartitionData& answer);

private:
    friend class FetchSessions;
    using Key = std::tuple<Uuid, std::string, std::int32_t>;
    struct Entry {
        FetchTarget target;
        std::int64_t high_watermark = -1;
        std::int64_t log_start_offset = -1;
    };

    /// Of one entry: itself, its key, the nodes of list and map, the name in both.
    static std::size_t bytes_of(const FetchTarget& target) {
        constexpr std::size_t kNodes = 96;
        return sizeof(Entry) + sizeof(Key) + kNodes + 2 * target.topic.size();
    }
    static bool differs(const Entry& entry, const protocol::FetchResponse::PartitionData& answer);
    static Key key_of(const FetchTarget& target) {
        return {target.topic_id, target.topic, target.partition};
    }
    void update(FetchTarget target);
    void forget(const Key& key);

    std::int32_t id_ = 0;
    std::int32_t next_epoch_ = 1;
    bool by_topic_id_ = false;
    std::size_t bytes_ = 0;
    MonoTime last_used_;
    std::list<Entry> partitions_;
    std::map<Key, std::list<Entry>::iterator> places_;
};

/// What one Fetch request means in terms of sessions.
struct FetchPlan {
    ErrorCode error = ErrorCode::none;      // for the whole response
    std::shared_ptr<FetchSession> session;  // null: the request stands alone
    bool is_incremental = false;            // only what changed is told
    std::vector<FetchTarget> targets;
};

/// The sessions of one shard. A client that comes back by another connection may meet another
/// shard, which does not know its session: it is told so and begins anew.
class FetchSessions {
public:
    struct Rules {
        std::size_t shard = 0, shards = 1;
        std::size_t sessions_max = 1000;                 // of the node
        std::size_t bytes_max = std::size_t{32} << 20U;  // likewise
        Duration idle_before_eviction = std::chrono::minutes(2);
    };
    FetchSessions(runtime::Shard& shard, Rules rules) : shard_(shard), rules_(rules) {}

    FetchPlan plan(const protocol::FetchRequest& request, std::int16_t version);
    /// Ends one, if it has not ended.
    void drop(const FetchSession& session);
    std::size_t size() const { return sessions_.size(); }
    std::size_t partitions() const;
    /// About what all of them hold of memory, and what they may.
    std::size_t bytes() const { return bytes_; }
    std::size_t bytes_max() const { return rules_.bytes_max / rules_.shards; }

private:
    using Sessions = std::unordered_map<std::int32_t, std::shared_ptr<FetchSession>>;

    FetchPlan resume(const protocol::FetchRequest& request, bool by_topic_id);
    std::shared_ptr<FetchSession> create(const std::vector<FetchTarget>& targets, bool by_topic_id);
    bool make_room(std::size_t bytes);
    void end(Sessions::iterator session);
    std::int32_t new_id();
    std::size_t share() const;

    runtime::Shard& shard_;
    Rules rules_;
    Sessions sessions_;
    std::size_t bytes_ = 0;
};

}  // namespace moldau::broker
