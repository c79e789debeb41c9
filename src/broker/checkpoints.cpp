#include "checkpoints.hpp"

#include "broker_shard.hpp"

#include "moldau/runtime/ending.hpp"

#include <utility>

namespace moldau::broker {

void Checkpoints::found(const std::shared_ptr<const LogDirectories>& directories) {
    directories_ = directories;
    for (const LogDirectory& each : directories_->all()) {
        Names& names = files_.emplace_back(home_).names;
        names.may_be_any = each.has_unread_checkpoints;
        for (const auto& [name, offset] : each.recovery_points) names.written.insert(name);
        for (const auto& [name, offset] : each.log_starts) names.written.insert(name);
    }
}

bool Checkpoints::holds(const Name& name) const {
    const Names& held = files_[name.directory].names;
    return held.may_be_any || held.written.contains(name.partition) ||
           held.being_written.contains(name.partition);
}

runtime::Task<Result<>> Checkpoints::forget(std::vector<Name> names) {
    for (const Name& each : names) {
        if (!holds(each)) continue;
        if (Result<> ok = co_await write(each.directory); !ok) co_return ok;
        if (holds(each))
            co_return Error{ErrorCode::kafka_storage_error, "a log of that name is open still"};
    }
    co_return Result<>();
}

runtime::Task<Result<>> Checkpoints::write_all() {
    Result<> all;
    for (std::size_t i = 0; i < files_.size(); ++i) {
        if (directories_->is_failed(i)) continue;
        Result<> ok = co_await write(i);
        if (!ok && all) all = std::move(ok);
    }
    co_return all;
}

runtime::Task<Result<>> Checkpoints::write(std::size_t directory) {
    Files& files = files_[directory];
    const std::shared_ptr<Turn> turn = files.turn;
    const std::uint64_t number = ++files.asked;
    while (turn->is_taken || turn->is_writing) {
        if (const auto waited = co_await turn->over.wait(); waited != runtime::Waited::ready)
            co_return runtime::error_of(waited);
        if (files.written >= number) co_return Result<>();
    }
    if (is_ended_) co_return Error{ErrorCode::broker_not_available, "the node stops"};
    turn->is_taken = true;
    const std::uint64_t covered = files.asked;
    Result<> done = co_await write_in_turn(directory);
    if (done) files.written = covered;
    turn->is_taken = false;
    turn->over.set();
    co_return done;
}

runtime::Task<> Checkpoints::end() {
    is_ended_ = true;
    for (const Files& each : files_) {
        const std::shared_ptr<Turn> turn = each.turn;
        while (turn->is_taken || turn->is_writing) {
            if (co_await turn->over.wait() != runtime::Waited::ready) co_return;
        }
    }
}

runtime::Task<Result<>> Checkpoints::write_in_turn(std::size_t directory) {
    std::vector<log::PartitionOffset> recovery_points;
    std::vector<log::PartitionOffset> log_starts;
    Names& names = files_[directory].names;
    // Of a write that failed either file may be the old one or the new one.
    names.written.merge(std::exchange(names.being_written, {}));
    for (const auto& shard : shards_) {
        BrokerShard* there = shard.get();
        auto some = co_await runtime::call(
            home_, there->shard(), [there, directory] { return there->checkpoint(directory); });
        if (!some) co_return some.error();
        for (const Checkpoint& each : *some) {
            if (each.recovery_point)
                recovery_points.push_back({each.topic, each.partition, *each.recovery_point});
            if (each.log_start) log_starts.push_back({each.topic, each.partition, *each.log_start});
            if (each.recovery_point || each.log_start)
                names.being_written.insert(log::directory_name({each.topic, each.partition}));
        }
    }
    if (directories_->is_failed(directory))
        co_return Error{ErrorCode::kafka_storage_error, "the log directory is offline"};
    // The log start first: what it has dropped was perhaps never flushed.
    for (const auto& [which, offsets] :
         {std::pair{log::OffsetCheckpoint::log_start, &log_starts},
          std::pair{log::OffsetCheckpoint::recovery_point, &recovery_points}}) {
        runtime::Ending<DiskResult<>> written(home_);
        const std::shared_ptr<Turn> turn = files_[directory].turn;
        turn->is_writing = true;
        log::write_offsets(disk_, directories_->all()[directory].path, which, *offsets,
                           [turn, told = written.done()](DiskResult<> ok) mutable {
                               turn->is_writing = false;
                               turn->over.set();
                               told(std::move(ok));
                           });
        if (DiskResult<> ok = co_await written.wait(); !ok) {
            // It is not tried again over what may be lost.
            if (ok.error().fault == DiskFault::failed) on_failure_(directory, ok.error());
            co_return Error(ok.error());
        }
    }
    names = {.written = std::move(names.being_written), .being_written = {}, .may_be_any = false};
    co_return Result<>();
}

}  // namespace moldau::broker
