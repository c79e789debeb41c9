#include "coordination/group_partition.hpp"

#include <algorithm>
#include <utility>

namespace moldau::broker {

using coordinator::Decision;
using coordinator::Write;

/// The log's records on their way into the core.
class GroupPartition::Reader final : public StateReader {
public:
    explicit Reader(std::shared_ptr<GroupPartition> into) : into_(std::move(into)) {}

    bool is_over() const override { return into_->state_ != State::loading; }

    // A record that cannot be read is one group's loss, and no reason to refuse all the others.
    Result<> take(const record::RecordView& record, std::optional<ProducerId> producer) override {
        if (!record.key) return {};
        Result<coordinator::Record> decoded = coordinator::decode_record(*record.key, record.value);
        if (!decoded) {
            into_->here_.shard().log().error(
                "a record of groups cannot be read partition=__consumer_offsets-{} offset={} "
                "reason={}",
                into_->id_.partition, record.offset.value, decoded.error().detail);
            return {};
        }
        const auto* offset = std::get_if<coordinator::OffsetRecord>(&*decoded);
        if (producer && offset != nullptr) {
            into_->groups_.apply_in_transaction(*producer, record.offset, *offset);
        } else {
            into_->groups_.apply(*decoded);
        }
        return {};
    }

    void end_transaction(ProducerId producer, bool is_committed) override {
        into_->groups_.end_transaction(producer, is_committed);
    }

private:
    std::shared_ptr<GroupPartition> into_;
};

GroupPartition::GroupPartition(BrokerShard& here, TopicPartition id,
                               coordinator::GroupSettings settings, StateBatches& batches)
    : here_(here),
      id_(id),
      batches_(batches),
      groups_(settings),
      timer_([](void* self) { static_cast<GroupPartition*>(self)->on_time(); }, this) {}

runtime::Task<> GroupPartition::load(std::shared_ptr<GroupPartition> self, std::size_t read_bytes) {
    const Result<> read =
        co_await read_state(&self->here_, self->id_, read_bytes, std::make_shared<Reader>(self));
    if (self->state_ != State::loading || runtime::cancelled(self->here_.shard())) co_return;
    if (!read) {
        self->here_.shard().log().error(
            "the groups of a partition cannot be read, they are not served "
            "partition=__consumer_offsets-{} reason={}",
            self->id_.partition, read.error().detail);
        self->state_ = State::failed;
        co_return;
    }
    self->begin();
    const Deleted deleted = std::exchange(self->deleted_meanwhile_, {});
    if (!deleted.empty()) self->partitions_deleted(deleted);
}

void GroupPartition::begin() {
    state_ = State::serving;
    carry_out(groups_.loaded(now()));
}

ErrorCode GroupPartition::state() const {
    switch (state_) {
        case State::loading:
            return ErrorCode::coordinator_load_in_progress;
        case State::serving:
            return ErrorCode::none;
        case State::failed:
        case State::ended:
            break;
    }
    return ErrorCode::not_coordinator;
}

coordinator::Now GroupPartition::now() const {
    return {.mono = here_.shard().now(), .wall = here_.shard().clock().wall()};
}

void GroupPartition::end() {
    const auto self = shared_from_this();
    state_ = State::ended;
    here_.shard().disarm(timer_);
    for (InFlight& each : in_flight_) {
        if (!each.outcome) each.outcome = ErrorCode::not_leader_or_follower;
    }
    settle();
    for (coordinator::Reply& reply : groups_.unload().replies) answer(std::move(reply));
    for (auto& [id, answered] : std::exchange(asked_, {}))
        answered(Error{ErrorCode::not_coordinator, "no longer led here"});
}

void GroupPartition::look_at_time() {
    const MonoTime next = groups_.next_deadline();
    if (state_ != State::serving || next >= timer_at_) return;
    timer_at_ = next;
    here_.shard().arm(timer_, next);
}

void GroupPartition::on_time() {
    timer_at_ = runtime::kForever;
    carry_out(groups_.on_time(now()));
}

void GroupPartition::partitions_deleted(const Deleted& partitions) {
    if (state_ == State::loading)
        deleted_meanwhile_.insert(deleted_meanwhile_.end(), partitions.begin(), partitions.end());
    if (state_ == State::serving) carry_out(groups_.partitions_deleted(partitions));
}

void GroupPartition::carry_out(Decision decision) {
    const auto self = shared_from_this();
    const bool is_inside = std::exchange(is_settling_, true);
    for (coordinator::Reply& reply : decision.replies) answer(std::move(reply));
    for (Write& write : decision.writes) append(std::move(write));
    is_settling_ = is_inside;
    settle();
}

void GroupPartition::answer(coordinator::Reply reply) {
    if (auto asked = asked_.extract(reply.request.value)) asked.mapped()(std::move(reply));
}

Result<Bytes> GroupPartition::batch_of(const Write& write) {
    batches_.start();
    const Timestamp wall = here_.shard().clock().wall();
    for (const coordinator::Record& record : write.records) {
        Result<coordinator::EncodedRecord> encoded = coordinator::encode_record(record);
        if (!encoded) return encoded.error();
        std::optional<BytesView> value;
        if (encoded->value) value = *encoded->value;
        if (Result<> ok = batches_.add(wall, encoded->key, value); !ok) return ok.error();
    }
    return batches_.finish();
}

void GroupPartition::append(Write write) {
    const std::uint64_t number = first_in_flight_ + in_flight_.size();
    in_flight_.push_back({std::move(write), std::nullopt});
    Partition* partition = here_.find(id_);
    if (state_ != State::serving || partition == nullptr)
        return ended(number, ErrorCode::not_leader_or_follower);
    const Result<Bytes> batch = batch_of(in_flight_.back().write);
    if (!batch) return ended(number, batch.error().code);
    partition->append_state(here_.validator(), *batch,
                            [weak = weak_from_this(), number](const AppendOutcome& outcome) {
                                if (const auto self = weak.lock()) {
                                    self->ended(number, outcome.error);
                                    self->settle();
                                }
                            });
}

void GroupPartition::ended(std::uint64_t write, ErrorCode outcome) {
    if (write < first_in_flight_) return;  // given up by end()
    in_flight_[static_cast<std::size_t>(write - first_in_flight_)].outcome = outcome;
}

// The core hears of its writes in their order, and not before all writes of a decision are under
// way.
void GroupPartition::settle() {
    if (is_settling_) return;
    is_settling_ = true;
    const auto self = shared_from_this();
    while (!in_flight_.empty() && in_flight_.front().outcome) {
        InFlight front = std::move(in_flight_.front());
        in_flight_.pop_front();
        ++first_in_flight_;
        Decision next = *front.outcome == ErrorCode::none
                            ? groups_.committed(now(), std::move(front.write))
                            : groups_.failed(now(), std::move(front.write), *front.outcome);
        carry_out(std::move(next));
    }
    is_settling_ = false;
    look_at_time();
}

}  // namespace moldau::broker
