// Fetch: api key 1, versions 4..18
//   v7   sessions                                                  KIP-227
//   v9   leader epochs                                             KIP-320
//   v12  diverging epochs                                          KIP-595
//   v13  topics by id                                              KIP-516
// Consumers are served; a request of a follower is refused with NOT_LEADER_OR_FOLLOWER, since no
// other broker is a replica of what this one leads.
// The partitions are read on the shards that own them, all at once. When there is less than
// min_bytes and nothing that must be told, each shard gets one waiter: nothing polls.
// The response counts for the client's consumer_byte_rate. Where it is used up, or the client's
// time on this broker is, the answer has no partitions and tells the client to wait.
#include "handlers/data/fetch.hpp"

#include "fetch_share.hpp"

#include "moldau/config/keys.hpp"
#include "moldau/runtime/wait.hpp"

#include <algorithm>
#include <utility>

namespace moldau::broker {
namespace {

using PartitionData = protocol::FetchResponse::PartitionData;

constexpr std::int16_t kTopicIdsVersion = 13;
constexpr std::int16_t kReplicaStateVersion = 15;

/// One fetch under way, on the connection's shard. When it ends, what waits on other shards does,
/// too.
class Operation : public std::enable_shared_from_this<Operation> {
public:
    Operation(const RequestContext& context, const protocol::FetchRequest& request, FetchPlan plan)
        : context_(context), plan_(std::move(plan)), progress_(context.here.shard()) {
        isolation_ =
            request.isolation_level == 1 ? Isolation::read_committed : Isolation::read_uncommitted;
        const std::int32_t most = context.node.facts.settings.get(config::kFetchMaxBytes);
        bytes_max_ = static_cast<std::size_t>(std::clamp(request.max_bytes, 0, most));
        bytes_min_ = static_cast<std::uint64_t>(std::clamp(request.min_bytes, 0, most));
        if (context.limits != nullptr) {
            bytes_max_ =
                std::min(bytes_max_, context.here.quotas().fetch_bytes_max(*context.limits));
            bytes_min_ = std::min<std::uint64_t>(bytes_min_, bytes_max_);
        }
        deadline_ = context.here.shard().now() +
                    std::chrono::milliseconds(std::max(request.max_wait_ms, 0));
        waits_ = request.max_wait_ms > 0;
        const std::int32_t replica = context.version >= kReplicaStateVersion
                                         ? request.replica_state.replica_id
                                         : request.replica_id;
        is_follower_ = replica >= 0;
    }
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
    ~Operation() {
        for (std::size_t owner = 0; owner < waits_on_.size(); ++owner) end_wait(owner);
    }

    void prepare();
    void read();
    bool is_read() const { return under_way_ == 0; }
    bool is_enough() const;
    void await_more();
    bool is_woken() const { return woken_; }
    runtime::Signal& progress() { return progress_; }
    MonoTime deadline() const { return deadline_; }
    net::Reply reply();

private:
    void resolve(std::size_t index);
    void fail(std::size_t index, ErrorCode error) {
        answers_[index].error = error;
        has_failed_ = true;
    }
    void end_wait(std::size_t owner);
    void share_read();
    void woken();
    void collect();
    PartitionData data_of(std::size_t index) const;
    quota::Milliseconds charge_response() const;
    std::size_t response_bytes() const;
    net::Reply throttled(quota::Milliseconds wait);
    net::Reply gathered(const protocol::FetchResponse& response,
                        std::vector<FileSlice> slices) const;

    RequestContext context_;
    FetchPlan plan_;
    Isolation isolation_ = Isolation::read_uncommitted;
    std::size_t bytes_max_ = 0;
    std::uint64_t bytes_min_ = 0;
    MonoTime deadline_;
    bool waits_ = false;
    bool is_follower_ = false;
    bool has_failed_ = false;
    bool woken_ = false;
    std::size_t under_way_ = 0;
    std::vector<std::shared_ptr<FetchShare>> shares_;   // by shard; null where there is none
    std::vector<std::shared_ptr<FetchWait>> waits_on_;  // likewise
    std::vector<FetchedPartition> answers_;             // by target
    runtime::Signal progress_;
};
using OperationPtr = std::shared_ptr<Operation>;

void Operation::prepare() {
    answers_.resize(plan_.targets.size());
    shares_.resize(context_.node.shards.size());
    waits_on_.resize(shares_.size());
    for (std::size_t i = 0; i < plan_.targets.size(); ++i) resolve(i);
    const auto owners = static_cast<std::size_t>(
        std::ranges::count_if(shares_, [](const auto& share) { return share != nullptr; }));
    for (const auto& share : shares_) {
        if (share == nullptr) continue;
        share->isolation = isolation_;
        share->bytes_max = bytes_max_ / owners;
    }
}

void Operation::resolve(std::size_t index) {
    const FetchTarget& target = plan_.targets[index];
    const metadata::ClusterImage& image = context_.image();
    Uuid topic = target.topic_id;
    if (context_.version >= kTopicIdsVersion) {
        if (image.topics.find(topic) == nullptr) return fail(index, ErrorCode::unknown_topic_id);
    } else {
        const Uuid* found = image.topic_ids.find(target.topic);
        if (found == nullptr) return fail(index, ErrorCode::unknown_topic_or_partition);
        topic = *found;
    }
    if (image.find_partition(topic, target.partition) == nullptr)
        return fail(index, ErrorCode::unknown_topic_or_partition);
    if (is_follower_) return fail(index, ErrorCode::not_leader_or_follower);
    if (target.max_bytes < 0) return fail(index, ErrorCode::invalid_request);
    const TopicPartition id{topic, target.partition};
    auto& share = shares_[context_.here.owner_of(id)];
    if (share == nullptr) share = std::make_shared<FetchShare>();
    share->items.push_back({.target = index,
                            .partition = id,
                            .from = Offset{target.fetch_offset},
                            .current_leader_epoch = target.current_leader_epoch,
                            .last_fetched_epoch = target.last_fetched_epoch,
                            .bytes_max = static_cast<std::size_t>(target.max_bytes)});
}

void Operation::read() {
    woken_ = false;
    under_way_ = 1;
    for (std::size_t owner = 0; owner < shares_.size(); ++owner) {
        const std::shared_ptr<FetchShare>& share = shares_[owner];
        if (share == nullptr) continue;
        end_wait(owner);
        ++under_way_;
        BrokerShard& there = *context_.node.shards[owner];
        const std::weak_ptr<Operation> self = weak_from_this();
        const auto read = [self] {
            if (const OperationPtr operation = self.lock()) operation->share_read();
        };
        if (owner == context_.here.index()) {
            read_share(there, share, read);
            continue;
        }
        runtime::Shard& home = context_.here.shard();
        const Result<> posted = there.shard().post([&there, &home, share, read] {
            read_share(there, share, [&home, read] { (void)home.post_answer(read); });
        });
        if (!posted) {  // its answers are empty: the client asks again
            share->answers.assign(share->items.size(), {});
            share_read();
        }
    }
    share_read();
}

void Operation::end_wait(std::size_t owner) {
    const std::shared_ptr<FetchWait> wait = std::move(waits_on_[owner]);
    if (wait == nullptr || owner == context_.here.index()) return;
    // It hangs in lists of that shard.
    (void)context_.node.shards[owner]->shard().post_answer([wait] { wait->waiter.reset(); });
}

void Operation::share_read() {
    if (--under_way_ == 0) progress_.set();
}

void Operation::woken() {
    woken_ = true;
    progress_.set();
}

bool Operation::is_enough() const {
    if (!waits_ || has_failed_ || plan_.targets.empty()) return true;
    std::uint64_t bytes = 0;
    for (const auto& share : shares_) {
        if (share == nullptr) continue;
        if (share->must_answer) return true;
        bytes += share->bytes;
    }
    return bytes >= bytes_min_;
}

void Operation::await_more() {
    std::uint64_t bytes = 0;
    std::uint64_t owners = 0;
    for (const auto& share : shares_) {
        if (share == nullptr) continue;
        bytes += share->bytes;
        ++owners;
    }
    // When no shard has grown by that much, all of them together have not by what is missing.
    const std::uint64_t each = (bytes_min_ - bytes + owners - 1) / owners;
    const std::weak_ptr<Operation> self = weak_from_this();
    const auto wake = [self] {
        if (const OperationPtr operation = self.lock()) operation->woken();
    };
    for (std::size_t owner = 0; owner < shares_.size(); ++owner) {
        const std::shared_ptr<FetchShare>& share = shares_[owner];
        if (share == nullptr) continue;
        const auto wait = std::make_shared<FetchWait>(*share);
        waits_on_[owner] = wait;
        BrokerShard& there = *context_.node.shards[owner];
        if (owner == context_.here.index()) {
            begin_wait(there, *wait, each, wake);
            continue;
        }
        runtime::Shard& home = context_.here.shard();
        const Result<> posted = there.shard().post([&there, &home, wait, each, wake] {
            begin_wait(there, *wait, each, [&home, wake] { (void)home.post_answer(wake); });
        });
        if (!posted) woken();
    }
}

void Operation::collect() {
    for (const auto& share : shares_) {
        if (share == nullptr) continue;
        for (std::size_t i = 0; i < share->items.size(); ++i)
            answers_[share->items[i].target] = std::move(share->answers[i]);
    }
}

PartitionData Operation::data_of(std::size_t index) const {
    const FetchedPartition& answer = answers_[index];
    PartitionData data;
    data.partition_index = plan_.targets[index].partition;
    data.error_code = answer.error;
    data.high_watermark = answer.high_watermark.value;
    data.last_stable_offset = answer.last_stable_offset.value;
    data.log_start_offset = answer.log_start.value;
    // Only its size is looked at: the bytes stay in the file.
    data.records = BytesView(static_cast<const std::byte*>(nullptr), answer.records.bytes);
    data.aborted_transactions.reset();
    if (isolation_ == Isolation::read_committed) {
        data.aborted_transactions.emplace();
        for (const log::AbortedTransaction& each : answer.aborted) {
            data.aborted_transactions->push_back(
                {.producer_id = each.producer_id.value, .first_offset = each.first_offset.value});
        }
    }
    if (answer.diverging) {
        data.diverging_epoch.epoch = answer.diverging->epoch.value;
        data.diverging_epoch.end_offset = answer.diverging->end_offset.value;
    }
    return data;
}

void add(protocol::FetchResponse& response, const FetchTarget& target, PartitionData data) {
    if (response.responses.empty() || response.responses.back().topic != target.topic ||
        response.responses.back().topic_id != target.topic_id) {
        response.responses.push_back(
            {.topic = target.topic, .topic_id = target.topic_id, .partitions = {}});
    }
    response.responses.back().partitions.push_back(std::move(data));
}

/// Of the whole response, as it would be sent, on the wire.
std::size_t Operation::response_bytes() const {
    protocol::FetchResponse response;
    for (std::size_t i = 0; i < plan_.targets.size(); ++i) {
        PartitionData data = data_of(i);
        if (plan_.is_incremental && !plan_.session->has_to_tell(plan_.targets[i], data)) continue;
        add(response, plan_.targets[i], std::move(data));
    }
    const auto size = response.gathered_size(context_.version);
    return size ? protocol::kFrameSizeBytes + size->total : 0;
}

quota::Milliseconds Operation::charge_response() const {
    const quota::Milliseconds by_time = charge_handling(context_);
    if (!context_.limits->limit(quota::Kind::fetch)) return by_time;
    const auto bytes = static_cast<double>(response_bytes());
    const quota::Milliseconds by_bytes = charge(context_, quota::Kind::fetch, bytes);
    const quota::Milliseconds wait = std::max(by_time, by_bytes);
    // What is not sent is taken back.
    if (wait > quota::Milliseconds(0))
        (void)context_.here.quotas().charge(*context_.limits->limit(quota::Kind::fetch), -bytes);
    return wait;
}

net::Reply Operation::throttled(quota::Milliseconds wait) {
    protocol::FetchResponse response;
    response.throttle_time_ms = static_cast<std::int32_t>(wait.count());
    if (plan_.is_incremental) {
        response.session_id = plan_.session->id();
    } else if (plan_.session != nullptr) {
        // The client has heard nothing of its partitions: it begins anew.
        context_.here.sessions().drop(*plan_.session);
    }
    net::Reply reply = gathered(response, {});
    if (reply.outcome == net::Reply::Outcome::send) reply.rest = wait;
    return reply;
}

net::Reply Operation::reply() {
    collect();
    if (context_.limits != nullptr) {
        const quota::Milliseconds wait = charge_response();
        if (wait > quota::Milliseconds(0)) return throttled(wait);
    }
    protocol::FetchResponse response;
    if (plan_.session != nullptr) response.session_id = plan_.session->id();
    std::vector<FileSlice> slices;
    for (std::size_t i = 0; i < plan_.targets.size(); ++i) {
        const FetchTarget& target = plan_.targets[i];
        PartitionData data = data_of(i);
        const bool told = plan_.session == nullptr || plan_.session->tell(target, data);
        if (!told && plan_.is_incremental) continue;
        add(response, target, std::move(data));
        if (answers_[i].records.empty()) continue;
        context_.here.counters().fetched_bytes += answers_[i].records.bytes;
        slices.push_back(std::move(answers_[i].records));
    }
    return gathered(response, std::move(slices));
}

net::Reply Operation::gathered(const protocol::FetchResponse& response,
                               std::vector<FileSlice> slices) const {
    count_errors(context_.here.counters(), context_.api, response);
    Result<protocol::GatheredFrame> frame =
        protocol::gathered_response_frame(context_.correlation_id, response, context_.version);
    if (!frame) {
        context_.here.shard().log().error("cannot encode a response api=Fetch version={} reason={}",
                                          context_.version, frame.error().detail);
        return {.outcome = net::Reply::Outcome::close, .first = {}, .more = {}};
    }
    net::Reply reply{.outcome = net::Reply::Outcome::send, .first = frame->head, .more = {}};
    std::size_t at = 0;
    std::size_t next = 0;
    for (const protocol::Splice& splice : frame->splices) {
        if (splice.records.empty()) continue;
        const Bytes before = frame->head.slice(at, splice.position - at);
        if (next == 0) {
            reply.first = before;
        } else {
            reply.more.emplace_back(before);
        }
        reply.more.emplace_back(std::move(slices[next++]));
        at = splice.position;
    }
    MOLDAU_CHECK(next == slices.size(), "{} of {} slices are in the response", next, slices.size());
    if (next > 0) reply.more.emplace_back(frame->head.slice(at, frame->head.size() - at));
    return reply;
}

runtime::Task<net::Reply> wait_and_reply(OperationPtr operation) {
    while (true) {
        while (!operation->is_read()) {
            if (co_await operation->progress().wait() == runtime::Waited::cancelled)
                co_return net::Reply{
                    .outcome = net::Reply::Outcome::close, .first = {}, .more = {}};
        }
        if (operation->is_enough()) break;
        operation->await_more();
        runtime::Waited waited = runtime::Waited::ready;
        while (!operation->is_woken() && waited == runtime::Waited::ready)
            waited = co_await operation->progress().wait(operation->deadline());
        if (waited == runtime::Waited::cancelled)
            co_return net::Reply{.outcome = net::Reply::Outcome::close, .first = {}, .more = {}};
        if (waited == runtime::Waited::deadline_passed) break;
        operation->read();
    }
    co_return operation->reply();
}

ErrorCode refusal_of(const protocol::FetchRequest& request) {
    // Kafka answers these with UNKNOWN_SERVER_ERROR, which clients retry.
    if (request.max_bytes < 0) return ErrorCode::invalid_request;
    if (request.isolation_level != 0 && request.isolation_level != 1)
        return ErrorCode::invalid_request;
    return ErrorCode::none;
}

/// An error for all; where the response has no place for it, for each partition.
net::Reply refuse(const RequestContext& context, const protocol::FetchRequest& request,
                  ErrorCode error) {
    constexpr std::int16_t kErrorVersion = 7;
    protocol::FetchResponse response;
    response.error_code = context.version >= kErrorVersion ? error : ErrorCode::none;
    for (const auto& topic : request.topics) {
        auto& told = response.responses.emplace_back();
        told.topic = topic.topic;
        told.topic_id = topic.topic_id;
        for (const auto& partition : topic.partitions) {
            PartitionData data;
            data.partition_index = partition.partition;
            data.error_code = error;
            data.high_watermark = -1;
            told.partitions.push_back(std::move(data));
        }
    }
    return final_reply(context, response);
}

}  // namespace

Result<net::Answer> handle_fetch(const RequestContext& context, protocol::Reader& body) {
    protocol::FetchRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    if (const ErrorCode error = refusal_of(request); error != ErrorCode::none)
        return net::Answer(refuse(context, request, error));
    FetchPlan plan = context.here.sessions().plan(request, context.version);
    if (plan.error != ErrorCode::none) {
        protocol::FetchResponse response;
        response.error_code = plan.error;
        return net::Answer(final_reply(context, response));
    }
    auto operation = std::make_shared<Operation>(context, request, std::move(plan));
    operation->prepare();
    operation->read();
    if (operation->is_read() && operation->is_enough()) return net::Answer(operation->reply());
    return net::Answer(wait_and_reply(std::move(operation)));
}

}  // namespace moldau::broker
