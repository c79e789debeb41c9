// Consumers: from offset 0, in fetch sessions or without, with long polls.
#include "node_clients.hpp"

#include "moldau/protocol/messages/fetch.hpp"

#include <algorithm>

namespace moldau::sim {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;
using runtime::Task;
using std::chrono::milliseconds;

constexpr std::int16_t kTopicIdsVersion = 13;

/// Where a consumer stands in a partition.
struct Position {
    TopicPtr topic;
    std::size_t partition = 0;
    std::int64_t next = 0;
    std::int64_t high_watermark = -1;
    std::map<std::int64_t, BatchId> read;
    bool is_changed = true;  // against what the session knows
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
            if (is_check && std::ranges::all_of(positions_, [](const Position& each) {
                    return each.next == each.high_watermark;
                }))
                co_return true;
            if (orders_.checks_all && !is_check) co_return false;
        }
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
        if (data.error_code == ErrorCode::kafka_storage_error ||
            data.error_code == ErrorCode::not_leader_or_follower)
            return false;
        if (data.error_code != ErrorCode::none) {
            model_.wrong(fmt::format("L4: {}Fetch refused: {}", here(), name(data.error_code)));
            return false;
        }
        if (data.high_watermark < at.high_watermark)
            model_.wrong(fmt::format("L1: {}high watermark {}, before {}", here(),
                                     data.high_watermark, at.high_watermark));
        at.high_watermark = data.high_watermark;
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
