// Idempotent producers: several batches in flight, sent again with the same sequence until they are
// acknowledged.
#include "node_clients.hpp"

#include "moldau/protocol/messages/init_producer_id.hpp"
#include "moldau/protocol/messages/produce.hpp"
#include "moldau/record/builder.hpp"

#include <algorithm>
#include <deque>

namespace moldau::sim {
namespace {

using runtime::Task;
using std::chrono::milliseconds;
using Reply = client::Reply<protocol::ProduceResponse>;

struct Batch {
    std::int32_t sequence = 0;
    Bytes bytes;
    bool is_acknowledged = false;
};

/// What is under way to one partition. Nothing new is begun before all of it is acknowledged: only
/// the last five batches are recognised.
struct Lane {
    std::int32_t next_sequence = 0;
    std::deque<Batch> batches;
};

/// One topic as one producer writes to it.
struct Route {
    TopicPtr topic;
    std::int64_t producer = -1;
    std::vector<Lane> lanes;  // by partition
    bool is_open() const {
        return std::ranges::any_of(lanes, [](const Lane& lane) { return !lane.batches.empty(); });
    }
};

class Producer final : public NodeClient {
public:
    Producer(Process& process, NodeModel& model, const Orders& orders, ClientState& state,
             SeededRandom random)
        : NodeClient(process, model, orders, state, std::move(random)) {
        runtime::spawn(shard_, "producer", run(*this));
    }

private:
    static Task<> run(Producer& self) {
        do {
            std::erase_if(self.routes_, [&self](const Route& route) {
                return route.topic->is_doomed ||
                       std::ranges::find(self.model_.topics, route.topic) ==
                           self.model_.topics.end();
            });
            if (!co_await self.connected()) continue;
            const std::size_t route = self.choose();
            if (route < self.routes_.size()) co_await self.burst(self.routes_[route].topic);
            self.state_.is_idle = !self.orders_.makes_new &&
                                  std::ranges::none_of(self.routes_, [](const Route& each) {
                                      return each.is_open();
                                  });
        } while (co_await self.pause(milliseconds(self.random_.between(0, 120))));
    }

    /// One that has something open, else, if new ones are wanted, any.
    std::size_t choose() {
        for (std::size_t i = 0; i < routes_.size(); ++i)
            if (routes_[i].is_open()) return i;
        if (!orders_.makes_new || model_.topics.empty()) return routes_.size();
        const TopicPtr topic = model_.topics[random_.below(model_.topics.size())];
        if (topic->is_doomed) return routes_.size();
        for (std::size_t i = 0; i < routes_.size(); ++i)
            if (routes_[i].topic == topic) return i;
        routes_.push_back({.topic = topic, .producer = -1, .lanes = {}});
        routes_.back().lanes.resize(topic->partitions.size());
        return routes_.size() - 1;
    }

    Route* route_of(const TopicPtr& topic) {
        const auto found = std::ranges::find(routes_, topic, &Route::topic);
        return found == routes_.end() ? nullptr : &*found;
    }

    Task<> burst(TopicPtr topic) {
        Route* route = route_of(topic);
        if (route->producer < 0) {
            if (!co_await get_producer_id(*route)) co_return;
        }
        if (!route->is_open()) {
            if (!orders_.makes_new) co_return;
            fill(*route);
        }
        std::vector<Task<Result<Reply>>> asked;
        std::vector<std::vector<std::pair<std::size_t, std::int32_t>>> sent;
        std::size_t most = 0;
        for (const Lane& lane : route->lanes) most = std::max(most, lane.batches.size());
        for (std::size_t i = 0; i < most; ++i) {
            protocol::ProduceRequest request;
            request.acks = random_.chance(500'000) ? std::int16_t{-1} : std::int16_t{1};
            request.timeout_ms = 2000;
            auto& to = request.topic_data.emplace_back();
            to.name = topic->name;
            to.topic_id = topic->id;
            auto& parts = sent.emplace_back();
            for (std::size_t p = 0; p < route->lanes.size(); ++p) {
                if (i >= route->lanes[p].batches.size()) continue;
                const Batch& batch = route->lanes[p].batches[i];
                if (batch.is_acknowledged) continue;
                auto& part = to.partition_data.emplace_back();
                part.index = static_cast<std::int32_t>(p);
                part.records = batch.bytes.view();
                parts.emplace_back(p, batch.sequence);
            }
            if (parts.empty()) {
                sent.pop_back();
                continue;
            }
            // Versions before 13 name the topic.
            const std::int16_t newest =
                random_.chance(300'000) ? std::int16_t{12} : std::int16_t{13};
            asked.push_back(
                connection_->ask<protocol::ProduceResponse>(request, deadline(), newest));
        }
        std::vector<bool> failed(route->lanes.size());
        for (std::size_t i = 0; i < asked.size(); ++i) {
            Result<Reply> reply = co_await std::move(asked[i]);
            route = route_of(topic);
            if (!reply) {
                failed.assign(failed.size(), true);
                continue;
            }
            take(*route, *reply, sent[i], failed);
        }
        for (Lane& lane : route->lanes) {
            while (!lane.batches.empty() && lane.batches.front().is_acknowledged)
                lane.batches.pop_front();
            if (std::ranges::all_of(lane.batches, &Batch::is_acknowledged)) lane.batches.clear();
        }
        if (reset_) forget(*route);
    }

    void take(Route& route, const Reply& reply,
              const std::vector<std::pair<std::size_t, std::int32_t>>& sent,
              std::vector<bool>& failed) {
        const auto& topics = reply.message.responses;
        if (topics.size() != 1 || topics.front().partition_responses.size() != sent.size())
            return model_.wrong("Produce: not every partition is answered");
        for (std::size_t i = 0; i < sent.size(); ++i) {
            const auto [partition, sequence] = sent[i];
            const auto& result = topics.front().partition_responses[i];
            Lane& lane = route.lanes[partition];
            const auto batch = std::ranges::find(lane.batches, sequence, &Batch::sequence);
            if (result.error_code == ErrorCode::none) {
                batch->is_acknowledged = true;
                if (holds(*route.topic))
                    model_.saw_acknowledged(*route.topic, partition, {route.producer, sequence},
                                            result.base_offset);
                continue;
            }
            const bool is_first = !failed[partition] &&
                                  std::all_of(lane.batches.begin(), batch, [](const Batch& each) {
                                      return each.is_acknowledged;
                                  });
            failed[partition] = true;
            refused(route, partition, sequence, result, is_first);
        }
    }

    void refused(Route& route, std::size_t partition, std::int32_t sequence,
                 const protocol::ProduceResponse::PartitionProduceResponse& result, bool is_first) {
        switch (result.error_code) {
            case ErrorCode::kafka_storage_error:
            case ErrorCode::request_timed_out:
            case ErrorCode::not_leader_or_follower:
                return;
            case ErrorCode::unknown_topic_id:
            case ErrorCode::unknown_topic_or_partition:
                if (route.topic->is_doomed) return;
                break;
            case ErrorCode::out_of_order_sequence_number:
                if (!is_first) return;
                [[fallthrough]];
            case ErrorCode::unknown_producer_id:
                // What came before was lost, as it may be.
                if (!route.topic->is_flushed && model_.losses() > 0) {
                    reset_ = true;
                    return;
                }
                break;
            default:
                break;
        }
        if (!route.topic->is_doomed)
            model_.wrong(fmt::format("T1: {}producer {} sequence {} refused: {} {}",
                                     NodeModel::where(*route.topic, partition, -1), route.producer,
                                     sequence, name(result.error_code),
                                     result.error_message.value_or("")));
    }

    void forget(Route& route) {
        reset_ = false;
        route.producer = -1;
        route.lanes.assign(route.lanes.size(), {});
    }

    Task<bool> get_producer_id(const Route& of) {
        const TopicPtr topic = of.topic;
        protocol::InitProducerIdRequest request;
        request.transactional_id.reset();
        auto reply =
            co_await connection_->ask<protocol::InitProducerIdResponse>(request, deadline());
        if (!reply || reply->message.error_code != ErrorCode::none) co_return false;
        model_.saw_producer_id(reply->message.producer_id);
        route_of(topic)->producer = reply->message.producer_id;
        co_return true;
    }

    void fill(Route& route) {
        for (Lane& lane : route.lanes) {
            if (route.lanes.size() > 1 && random_.chance(400'000)) continue;
            const std::uint64_t count = random_.between(1, 4);
            for (std::uint64_t i = 0; i < count; ++i) {
                const auto records = static_cast<std::int32_t>(random_.between(1, 3));
                lane.batches.push_back(
                    {.sequence = lane.next_sequence,
                     .bytes = build(route.producer, lane.next_sequence, records)});
                lane.next_sequence += records;
            }
        }
    }
    Bytes build(std::int64_t producer, std::int32_t sequence, std::int32_t records) {
        builder_.start(
            {.producer_id = {producer}, .producer_epoch = {0}, .base_sequence = sequence});
        const std::string value(random_.between(0, 80), static_cast<char>('a' + random_.below(26)));
        for (std::int32_t i = 0; i < records; ++i) {
            if (!builder_.append({.timestamp = shard_.clock().wall(), .value = as_bytes(value)}))
                model_.wrong("cannot build a batch");
        }
        return builder_.finish(packer_);
    }

    std::vector<Route> routes_;
    bool reset_ = false;
    record::BatchBuilder builder_;
    record::Packer packer_;
};

}  // namespace

std::unique_ptr<Program> make_producer(Process& process, NodeModel& model, const Orders& orders,
                                       ClientState& state, SeededRandom random) {
    return std::make_unique<Producer>(process, model, orders, state, std::move(random));
}

}  // namespace moldau::sim
