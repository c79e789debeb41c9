#include "partition.hpp"

#include "moldau/base/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace moldau::broker {

Partition::Partition(runtime::Shard& shard, TopicPartition id, std::string topic_name,
                     std::unique_ptr<log::Log> log, const TopicConfigs& configs,
                     WriteSoon write_soon)
    : shard_(shard),
      id_(id),
      topic_name_(std::move(topic_name)),
      log_(std::move(log)),
      configs_(configs),
      write_soon_(std::move(write_soon)),
      high_watermark_(log_->end_offset()),
      unflushed_since_(runtime::kForever) {
    log_->high_watermark_moved(high_watermark_);
    told_stable_ = last_stable_offset();
}

Partition::~Partition() {
    refuse_pending(ErrorCode::not_leader_or_follower, "the partition was closed");
    wake_waiters();
}

void Partition::set_state(const metadata::Partition& state, BrokerId self) {
    leader_ = state.leader;
    leader_epoch_ = state.leader_epoch;
    isr_size_ = state.isr.size();
    replica_count_ = state.replicas.size();
    const bool leads = state.leader == self;
    if (is_leader_ && !leads)
        refuse_pending(ErrorCode::not_leader_or_follower, "the leader has changed");
    is_leader_ = leads;
    wake_waiters();
}

void Partition::set_configs(const TopicConfigs& configs) {
    configs_ = configs;
    log_->set_config(configs_.log);
}

ErrorCode Partition::check_leader(std::int32_t epoch) const {
    // Whoever leads it now: this one has it and cannot use it.
    if (log_->is_offline()) return ErrorCode::kafka_storage_error;
    if (epoch >= 0) {
        if (epoch < leader_epoch_.value) return ErrorCode::fenced_leader_epoch;
        if (epoch > leader_epoch_.value) return ErrorCode::unknown_leader_epoch;
    }
    return is_leader_ ? ErrorCode::none : ErrorCode::not_leader_or_follower;
}

void Partition::append_state(record::AppendValidator& validator, const Bytes& batch,
                             AppendDone done) {
    record::AppendRules rules = configs_.append;
    rules.origin = record::AppendOrigin::coordinator;
    append(validator, rules, log::BatchOrigin::coordinator, {batch, batch}, true, std::move(done));
}

void Partition::append(record::AppendValidator& validator, const record::AppendRules& rules,
                       log::BatchOrigin origin, Received received, bool all_replicas,
                       AppendDone done) {
    AppendOutcome outcome;
    const auto refuse = [&](ErrorCode code, std::string why) {
        outcome.error = code;
        outcome.message = std::move(why);
        done(std::move(outcome));
    };
    if (const ErrorCode code = check_leader(-1); code != ErrorCode::none) return refuse(code, "");
    // Of a partition with fewer replicas all are enough (KIP-966).
    const std::size_t enough =
        std::min(static_cast<std::size_t>(configs_.min_insync_replicas), replica_count_);
    if (all_replicas && isr_size_ < enough) {
        return refuse(
            ErrorCode::not_enough_replicas,
            fmt::format("{} replicas are in sync, min.insync.replicas={}", isr_size_, enough));
    }
    const Timestamp now = shard_.clock().wall();
    const record::AppendPlace place{
        .now = now, .first_offset = log_->staged_end_offset(), .leader_epoch = leader_epoch_};
    Result<record::ValidatedBatch> batch =
        validator.validate(received.records, rules, place, record_errors_);
    if (!batch) {
        outcome.record_errors = std::move(record_errors_);
        record_errors_ = {};
        return refuse(batch.error().code, batch.error().detail);
    }
    pending_.push_back({.batch = std::move(*batch), .owner = received.owner});
    Pending& pending = pending_.back();
    Result<log::StagedBatch> staged = log_->stage(pending.batch, origin, now);
    if (!staged) {
        pending_.pop_back();
        outcome.log_start = log_->log_start_offset();
        return refuse(staged.error().code, staged.error().detail);
    }
    pending.done = std::move(done);
    pending.is_staged = !staged->is_duplicate;
    pending.end = staged->offsets.end;
    pending.bytes = pending.batch.size_bytes();
    pending.outcome.base_offset = staged->offsets.first;
    pending.outcome.log_append_time =
        staged->is_duplicate ? Timestamp{} : pending.batch.log_append_time;
    if (!std::exchange(is_queued_, true)) write_soon_(*this);
}

AppendedBatches Partition::write() {
    is_queued_ = false;
    AppendedBatches appended;
    if (pending_.empty()) return appended;
    const log::WrittenBatches written = log_->write_staged(shard_.clock().wall());
    std::size_t staged = 0;
    std::deque<Pending> all = std::exchange(pending_, {});
    for (Pending& pending : all) {
        const bool in_log =
            pending.is_staged ? staged++ < written.batches : pending.end <= log_->end_offset();
        if (!in_log) {
            pending.outcome.base_offset = Offset{-1};
            pending.outcome.log_append_time = {};
            pending.outcome.error = ErrorCode::kafka_storage_error;
            if (written.error) {
                pending.outcome.error = written.error->code;
                pending.outcome.message = written.error->detail;
            }
            finish(pending);
            continue;
        }
        if (pending.is_staged) {
            appended.add(
                {.batches = 1,
                 .records = static_cast<std::uint64_t>(pending.end - pending.outcome.base_offset),
                 .bytes = pending.bytes});
            unannounced_bytes_ += pending.bytes;
        }
        pending.owner = {};
        unflushed_.push_back(std::move(pending));
    }
    if (appended.batches > 0 && unflushed_since_ == runtime::kForever)
        unflushed_since_ = shard_.now();
    if (must_flush()) {
        start_flush();
    } else if (!flushing_) {
        flushed(log_->end_offset(), {});
    }
    return appended;
}

bool Partition::must_flush() const {
    return log_->end_offset() - log_->recovery_point() >= configs_.flush_messages;
}

void Partition::start_flush() {
    if (flushing_ || flushes_held_) return;
    flushing_ = true;
    unflushed_since_ = runtime::kForever;
    log_->flush(log_->end_offset(), [this, to = log_->end_offset()](const DiskResult<>& result) {
        flushing_ = false;
        flushed(to, result);
        // What was written meanwhile: there may be enough of it by now, or too little to wait for.
        if (!result || unflushed_.empty()) return;
        if (must_flush()) {
            start_flush();
        } else {
            flushed(log_->end_offset(), {});
        }
    });
}

void Partition::hold_flushes(bool held) {
    flushes_held_ = held;
    if (held || flushing_ || log_->is_offline()) return;
    if (must_flush()) {
        start_flush();
    } else {
        flushed(log_->end_offset(), {});
    }
}

std::unique_ptr<log::Log> Partition::exchange_log(std::unique_ptr<log::Log> log) {
    MOLDAU_CHECK(pending_.empty() && !flushing_ && flushes_held_, "topic={} partition={}",
                 topic_name_, id_.partition);
    MOLDAU_CHECK(log->end_offset() == log_->end_offset(), "new={} old={}", log->end_offset().value,
                 log_->end_offset().value);
    log_.swap(log);
    log_->set_config(configs_.log);
    log_->high_watermark_moved(high_watermark_);
    return log;
}

void Partition::flushed(Offset to, const DiskResult<>& result) {
    if (result) raise_high_watermark(to);
    while (!unflushed_.empty() && (!result || unflushed_.front().end <= to)) {
        Pending pending = std::move(unflushed_.front());
        unflushed_.pop_front();
        if (!result) {
            pending.outcome.error = ErrorCode::kafka_storage_error;
            pending.outcome.message = result.error().detail;
            pending.outcome.base_offset = Offset{-1};
        }
        finish(pending);
    }
}

void Partition::finish(Pending& pending) {
    if (pending.outcome.error == ErrorCode::none)
        pending.outcome.log_start = log_->log_start_offset();
    pending.done(std::move(pending.outcome));
}

void Partition::raise_high_watermark(Offset to) {
    if (to <= high_watermark_) return;
    high_watermark_ = to;
    log_->high_watermark_moved(to);
    const std::uint64_t bytes = std::exchange(unannounced_bytes_, 0);
    const Offset stable = last_stable_offset();
    const bool stable_moved = std::exchange(told_stable_, stable) < stable;
    // One that is woken may leave the list: the next is taken before.
    for (runtime::ListLink* at = waiters_.next(); at != &waiters_;) {
        FetchWaiter& waiter = static_cast<FetchWaiter::Place*>(at)->waiter;
        at = at->next();
        if (waiter.isolation() == Isolation::read_uncommitted || stable_moved) waiter.grown(bytes);
    }
}

void Partition::add_waiter(FetchWaiter& waiter) {
    waiter.places_.emplace_back(waiter).join(waiters_);
}

void Partition::wake_waiters() {
    while (!waiters_.alone()) {
        auto* place = static_cast<FetchWaiter::Place*>(waiters_.next());
        place->leave();
        place->waiter.wake();
    }
}

void Partition::refuse_pending(ErrorCode error, const std::string& why) {
    if (!pending_.empty()) log_->drop_staged();
    for (std::deque<Pending>* queue : {&pending_, &unflushed_}) {
        std::deque<Pending> all = std::exchange(*queue, {});
        for (Pending& pending : all) {
            pending.outcome.error = error;
            pending.outcome.message = why;
            pending.outcome.base_offset = Offset{-1};
            finish(pending);
        }
    }
}

MonoTime Partition::next_flush() const {
    if (configs_.flush_ms < 0 || unflushed_since_ == runtime::kForever) return runtime::kForever;
    constexpr std::int64_t kEver = std::int64_t{1} << 40U;
    if (configs_.flush_ms > kEver) return runtime::kForever;
    return unflushed_since_ + std::chrono::milliseconds(configs_.flush_ms);
}

void Partition::flush_if_due(MonoTime now) {
    if (next_flush() <= now) start_flush();
}

}  // namespace moldau::broker
