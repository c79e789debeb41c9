#include "checkpoints.hpp"

#include "broker_shard.hpp"

#include "moldau/runtime/ending.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace moldau::broker {

void Checkpoints::found(const std::shared_ptr<const LogDirectories>& directories) {
    directories_ = directories;
    names_.assign(directories_->all().size(), {});
    for (std::size_t i = 0; i < names_.size(); ++i) {
        const LogDirectory& each = directories_->all()[i];
        names_[i].may_be_any = each.has_unread_checkpoints;
        for (const auto& [name, offset] : each.recovery_points) names_[i].written.insert(name);
        for (const auto& [name, offset] : each.log_starts) names_[i].written.insert(name);
    }
}

bool Checkpoints::holds(const std::vector<Name>& names) const {
    return std::ranges::any_of(names, [this](const Name& each) {
        const Names& held = names_[each.directory];
        return held.may_be_any || held.written.contains(each.partition) ||
               held.being_written.contains(each.partition);
    });
}

runtime::Task<Result<>> Checkpoints::forget(std::vector<Name> names) {
    if (!holds(names)) co_return Result<>();
    if (Result<> ok = co_await write(); !ok) co_return ok;
    if (holds(names))
        co_return Error{ErrorCode::kafka_storage_error, "a log of that name is open still"};
    co_return Result<>();
}

runtime::Task<Result<>> Checkpoints::write() {
    const std::uint64_t number = ++asked_;
    while (turn_->is_taken || turn_->is_writing) {
        if (const auto waited = co_await turn_->over.wait(); waited != runtime::Waited::ready)
            co_return runtime::error_of(waited);
        if (written_ >= number) co_return Result<>();
    }
    if (is_ended_) co_return Error{ErrorCode::broker_not_available, "the node stops"};
    turn_->is_taken = true;
    const std::uint64_t covered = asked_;
    Result<> done = co_await write_in_turn();
    if (done) written_ = covered;
    turn_->is_taken = false;
    turn_->over.set();
    co_return done;
}

runtime::Task<> Checkpoints::end() {
    is_ended_ = true;
    while (turn_->is_taken || turn_->is_writing) {
        if (co_await turn_->over.wait() != runtime::Waited::ready) co_return;
    }
}

runtime::Task<Result<>> Checkpoints::write_in_turn() {
    std::vector<Checkpoint> all;
    for (const auto& each : shards_) {
        BrokerShard* there = each.get();
        auto some =
            co_await runtime::call(home_, there->shard(), [there] { return there->checkpoint(); });
        if (!some) co_return some.error();
        std::ranges::move(*some, std::back_inserter(all));
    }
    for (std::size_t i = 0; i < names_.size(); ++i) {
        if (directories_->is_failed(i)) continue;
        if (Result<> ok = co_await write_directory(i, all); !ok) co_return ok;
    }
    co_return Result<>();
}

// The caller awaits at once. NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters)
runtime::Task<Result<>> Checkpoints::write_directory(std::size_t directory,
                                                     const std::vector<Checkpoint>& all) {
    std::vector<log::PartitionOffset> recovery_points;
    std::vector<log::PartitionOffset> log_starts;
    Names& names = names_[directory];
    // Of a write that failed either file may be the old one or the new one.
    names.written.merge(std::exchange(names.being_written, {}));
    for (const Checkpoint& each : all) {
        if (each.directory != directory) continue;
        if (each.recovery_point)
            recovery_points.push_back({each.topic, each.partition, *each.recovery_point});
        if (each.log_start) log_starts.push_back({each.topic, each.partition, *each.log_start});
        if (each.recovery_point || each.log_start)
            names.being_written.insert(log::directory_name({each.topic, each.partition}));
    }
    // The log start first: what it has dropped was perhaps never flushed.
    for (const auto& [which, offsets] :
         {std::pair{log::OffsetCheckpoint::log_start, &log_starts},
          std::pair{log::OffsetCheckpoint::recovery_point, &recovery_points}}) {
        runtime::Ending<DiskResult<>> written(home_);
        turn_->is_writing = true;
        log::write_offsets(disk_, directories_->all()[directory].path, which, *offsets,
                           [turn = turn_, told = written.done()](DiskResult<> ok) mutable {
                               turn->is_writing = false;
                               turn->over.set();
                               told(std::move(ok));
                           });
        if (DiskResult<> ok = co_await written.wait(); !ok) co_return Error(ok.error());
    }
    names = {.written = std::move(names.being_written), .being_written = {}, .may_be_any = false};
    co_return Result<>();
}

}  // namespace moldau::broker
