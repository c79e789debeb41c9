// Consumers: from offset 0, in fetch sessions or without, with long polls.
#include "node_clients.hpp"

#include "moldau/protocol/messages/fetch.hpp"
#include "moldau/protocol/messages/list_offsets.hpp"

#include <algorithm>

namespace moldau::sim {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;
using runtime::Task;
using std::chrono::milliseconds;

constexpr std::int16_t kTopicIdsVersion = 13;
constexpr std::int64_t kEarliest = -2;

/// Where a consumer stands in a partition.
struct Position {
    TopicPtr topic;
    std::size_t partition = 0;
    std::int64_t next = 0;
    std::int64_t high_watermark = -1;
    std::map<std::int64_t, BatchId> read;
    bool is_changed = true;            // against what the session knows
    bool is_deleted = false;           // what stands at `next`
    std::int64_t known_log_start = 0;  // by somebody, when the request was sent
};

class Consumer final : public NodeClient {
public:
    Consumer(Process& process, NodeModel& model, const Orders& orders, ClientState& state,
             SeededRandom random)
        : NodeClient(process, model, orders, state, std::move(random)) {
        runtime::spawn(shard_, "consumer", run(*this));
    }

private:
    static Task<> run(Consumer& self) {
        do {
            if (self.state_.has_checked || !co_await self.connected()) continue;
            const bool is_check = self.orders_.checks_all;
            const bool whole = co_await self.conversation(is_check);
            if (is_check && whole) {
                self.check();
                self.state_.has_checked = true;
            }
            if (self.random_.chance(300'000)) self.connection_.reset();
        } while (co_await self.pause(milliseconds(self.random_.between(20, 150))));
    }

    void check() {
        for (const Position& each : positions_)
            model_.check_whole(*each.topic, each.partition, each.read, each.next);
    }

    /// True when all was read to its end.
    Task<bool> conversation(bool is_check) {
        positions_.clear();
        for (const TopicPtr& topic : model_.topics) {
            for (std::size_t i = 0; i < topic->partitions.size(); ++i)
                positions_.push_back({.topic = topic, .partition = i});
        }
        if (positions_.empty()) co_return true;
        in_session_ = random_.chance(700'000);
        by_id_ = random_.chance(700'000);
        session_ = 0;
        epoch_ = in_session_ ? 0 : -1;
        const std::uint64_t rounds = random_.between(2, 12);
        for (std::uint64_t round = 0; is_check || round < rounds; ++round) {
            if (connection_ == nullptr || !connection_->is_open()) co_return false;
            const FetchRequest request = next_request(is_check);
            auto reply = co_await connection_->ask<FetchResponse>(
                request, deadline(),
                by_id_ ? INT16_MAX : static_cast<std::int16_t>(kTopicIdsVersion - 1));
            if (!reply || !take(reply->message)) co_return false;
            for (std::size_t i = 0; i < positions_.size(); ++i) {
                if (positions_[i].is_deleted && !co_await go_to_start(i)) co_return false;
            }
            if (is_check && std::ranges::all_of(positions_, [](const Position& each) {
                    return each.next == each.high_watermark;
                }))
                co_return true;
            if (orders_.checks_all && !is_check) co_return false;
        }
        co_return true;
    }

    static std::int64_t log_start_of(const Position& at) {
        return at.topic->partitions[at.partition].log_start;
    }

    /// Where the log begins.
    Task<bool> go_to_start(std::size_t index) {
        if (connection_ == nullptr || !connection_->is_open()) co_return false;
        protocol::ListOffsetsRequest request;
        request.replica_id = -1;
        auto& topic = request.topics.emplace_back();
        topic.name = positions_[index].topic->name;
        auto& asked = topic.partitions.emplace_back();
        asked.partition_index = static_cast<std::int32_t>(positions_[index].partition);
        asked.timestamp = kEarliest;
        const std::int64_t known = log_start_of(positions_[index]);
        auto reply = co_await connection_->ask<protocol::ListOffsetsResponse>(request, deadline());
        if (!reply) co_return false;
        Position& at = positions_[index];
        const auto& told = reply->message.topics.front().partitions.front();
        // By name it may be a later topic's.
        if (told.error_code != ErrorCode::none || at.topic->is_doomed || !holds(*at.topic))
            co_return false;
        model_.saw_log_start(*at.topic, at.partition, told.offset, known);
        if (told.offset <= at.next)
            model_.wrong(fmt::format("L12: {}out of range, and the log starts at {}",
                                     NodeModel::where(*at.topic, at.partition, at.next),
                                     told.offset));
        at.next = told.offset;
        at.is_changed = true;
        at.is_deleted = false;
        co_return true;
    }

    FetchRequest next_request(bool is_check) {
        FetchRequest request;
        request.max_wait_ms = is_check ? 0 : static_cast<std::int32_t>(random_.below(400));
        request.min_bytes = static_cast<std::int32_t>(random_.between(1, 300));
        request.max_bytes = static_cast<std::int32_t>(random_.between(500, 20'000));
        request.session_id = session_;
        request.session_epoch = epoch_;
        for (Position& each : positions_) {
            each.known_log_start = log_start_of(each);
            if (epoch_ > 0 && !each.is_changed) continue;
            each.is_changed = false;
            if (request.topics.empty() || request.topics.back().topic_id != each.topic->id)
                request.topics.push_back(
                    {.topic = each.topic->name, .topic_id = each.topic->id, .partitions = {}});
            auto& partition = request.topics.back().partitions.emplace_back();
            partition.partition = static_cast<std::int32_t>(each.partition);
            partition.fetch_offset = each.next;
            partition.partition_max_bytes = static_cast<std::int32_t>(random_.between(100, 6000));
        }
        return request;
    }

    /// False: begin anew.
    bool take(const FetchResponse& response) {
        if (response.error_code != ErrorCode::none) {
            if (response.error_code != ErrorCode::fetch_session_id_not_found)
                model_.wrong(fmt::format("Fetch refused: {}", name(response.error_code)));
            return false;
        }
        if (epoch_ >= 0) {
            session_ = response.session_id;
            if (session_ == 0) return false;
            ++epoch_;
        }
        bool all_well = true;
        for (const auto& topic : response.responses) {
            for (const auto& partition : topic.partitions) {
                const auto at = std::ranges::find_if(positions_, [&](const Position& each) {
                    return static_cast<std::int32_t>(each.partition) == partition.partition_index &&
                           (by_id_ ? each.topic->id == topic.topic_id
                                   : each.topic->name == topic.topic);
                });
                if (at == positions_.end()) {
                    model_.wrong("Fetch: a partition that nobody asked for");
                    return false;
                }
                if (!take(*at, partition)) all_well = false;
            }
        }
        return all_well;
    }

    bool take(Position& at, const FetchResponse::PartitionData& data) {
        TopicModel& topic = *at.topic;
        const auto here = [&] { return NodeModel::where(topic, at.partition, at.next); };
        // By name it may be a later topic's.
        if (topic.is_doomed || !holds(topic)) return false;
        model_.saw_fetched(topic, at.partition, data.error_code, life_);
        if (data.error_code == ErrorCode::kafka_storage_error ||
            data.error_code == ErrorCode::not_leader_or_follower)
            return false;
        if (data.error_code == ErrorCode::offset_out_of_range) {
            model_.saw_out_of_range(topic, at.partition, at.next);
            at.is_deleted = true;
            return true;
        }
        if (data.error_code != ErrorCode::none) {
            model_.wrong(fmt::format("L4: {}Fetch refused: {}", here(), name(data.error_code)));
            return false;
        }
        if (data.high_watermark < at.high_watermark)
            model_.wrong(fmt::format("L1: {}high watermark {}, before {}", here(),
                                     data.high_watermark, at.high_watermark));
        at.high_watermark = data.high_watermark;
        model_.saw_log_start(topic, at.partition, data.log_start_offset, at.known_log_start);
        if (data.log_start_offset > at.next)
            model_.wrong(
                fmt::format("L12: {}read below the log start {}", here(), data.log_start_offset));
        BytesView rest = data.records.value_or(BytesView());
        while (true) {
            const auto found = record::first_batch(rest);
            if (!found) model_.wrong("L9: " + here() + found.error().detail);
            if (!found || !*found) break;
            const auto batch = record::BatchView::of((*found)->bytes);
            if (!batch) {
                model_.wrong("L9: " + here() + batch.error().detail);
                return false;
            }
            if (batch->base_offset().value != at.next) {
                model_.wrong(fmt::format("L9: {}the next batch begins at {}", here(),
                                         batch->base_offset().value));
                return false;
            }
            model_.saw_batch(topic, at.partition, *batch);
            at.read[at.next] = {batch->producer_id().value, batch->base_sequence()};
            at.next = batch->next_offset().value;
            at.is_changed = true;
            if (at.next > at.high_watermark)
                model_.wrong(fmt::format("L1: {}read above the high watermark {}", here(),
                                         at.high_watermark));
            rest = rest.subspan((*found)->bytes.size());
        }
        return true;
    }

    std::vector<Position> positions_;
    bool in_session_ = false;
    bool by_id_ = false;
    std::int32_t session_ = 0;
    std::int32_t epoch_ = -1;
};

}  // namespace

std::unique_ptr<Program> make_consumer(Process& process, NodeModel& model, const Orders& orders,
                                       ClientState& state, SeededRandom random) {
    return std::make_unique<Consumer>(process, model, orders, state, std::move(random));
}

}  // namespace moldau::sim
