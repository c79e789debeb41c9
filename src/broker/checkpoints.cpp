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
    unread_.assign(names_.size(), false);
    for (std::size_t i = 0; i < names_.size(); ++i) {
        const LogDirectory& each = directories_->all()[i];
        unread_[i] = each.has_unread_checkpoints;
        for (const auto& [name, offset] : each.recovery_points) names_[i].insert(name);
        for (const auto& [name, offset] : each.log_starts) names_[i].insert(name);
    }
}

bool Checkpoints::holds(const std::vector<Name>& names) const {
    return std::ranges::any_of(names, [this](const Name& each) {
        return unread_[each.directory] || names_[each.directory].contains(each.partition);
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
    turn_->is_taken = true;
    const std::uint64_t covered = asked_;
    Result<> done = co_await write_in_turn();
    if (done) written_ = covered;
    turn_->is_taken = false;
    turn_->over.set();
    co_return done;
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
        if (Result<> ok = co_await write_directory(i, all); !ok) co_return ok;
    }
    co_return Result<>();
}

runtime::Task<Result<>> Checkpoints::write_directory(std::size_t directory,
                                                     const std::vector<Checkpoint>& all) {
    std::vector<log::PartitionOffset> recovery_points;
    std::vector<log::PartitionOffset> log_starts;
    std::set<std::string, std::less<>> names;
    for (const Checkpoint& each : all) {
        if (each.directory != directory) continue;
        if (each.recovery_point)
            recovery_points.push_back({each.topic, each.partition, *each.recovery_point});
        if (each.log_start) log_starts.push_back({each.topic, each.partition, *each.log_start});
        if (each.recovery_point || each.log_start)
            names.insert(log::directory_name({each.topic, each.partition}));
    }
    // Until both files are written either may be the old one or the new one.
    names_[directory].insert(names.begin(), names.end());
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
    names_[directory] = std::move(names);
    unread_[directory] = false;
    co_return Result<>();
}

}  // namespace moldau::broker
