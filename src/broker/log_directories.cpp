#include "log_directories.hpp"

#include "storage.hpp"

#include "moldau/base/topic_name.hpp"
#include "moldau/log/files/partition_metadata.hpp"
#include "moldau/log/small_files.hpp"
#include "moldau/raft/snapshot.hpp"
#include "moldau/runtime/disk_wait.hpp"
#include "moldau/runtime/ending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace moldau::broker {
namespace {

constexpr std::size_t kMetadataBytesMax = 4096;
constexpr std::string_view kFuture = "-future";

using log::OffsetCheckpoint;
using Offsets = std::vector<log::PartitionOffset>;

std::map<std::string, Offset, std::less<>> by_directory(const Offsets& offsets) {
    std::map<std::string, Offset, std::less<>> found;
    for (const log::PartitionOffset& each : offsets)
        found[log::directory_name({each.topic, each.partition})] = each.offset;
    return found;
}

/// Whether the entry shows that the directory is somebody's. What formatting writes before
/// meta.properties does not: it may have ended there.
Result<bool> says_something(Disk& disk, const std::string& directory, const DirectoryEntry& entry) {
    if (entry.name == ".lock" || entry.name == "lost+found" || entry.name.ends_with(".tmp") ||
        entry.name == raft::kBootstrapFile)
        return false;
    if (entry.name != kMetadataLogDirectory) return true;
    auto inner = disk.list(directory + "/" + entry.name);
    if (!inner) return Error(inner.error());
    return std::ranges::any_of(
        *inner, [](const DirectoryEntry& each) { return each.name.ends_with(".log"); });
}

Result<> list(Disk& disk, LogDirectory& into) {
    auto entries = disk.list(into.path);
    if (!entries) return Error(entries.error());
    into.is_empty = true;
    for (const DirectoryEntry& entry : *entries) {
        Result<bool> counts = says_something(disk, into.path, entry);
        if (!counts) return counts.error();
        if (*counts) into.is_empty = false;
        if (!entry.is_directory) continue;
        if (entry.name.ends_with("-delete")) into.doomed.push_back(entry.name);
        if (entry.name.ends_with(kFuture)) into.futures.push_back(entry.name);
        if (log::partition_of(entry.name)) into.partitions.push_back(entry.name);
    }
    return {};
}

}  // namespace

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): both outlive all tasks.
runtime::Task<Result<LogDirectory>> read_log_directory(runtime::Shard& shard, Disk& disk,
                                                       std::string path) {
    LogDirectory found{.path = std::move(path)};
    if (Result<> ok = list(disk, found); !ok) co_return ok.error();

    runtime::Ending<Result<std::optional<log::MetaProperties>>> properties(shard);
    log::read_meta_properties(disk, found.path, properties.done());
    auto read = co_await properties.wait();
    if (!read) co_return read.error();
    found.properties = std::move(*read);

    for (const auto& [which, into] :
         {std::pair{OffsetCheckpoint::recovery_point, &found.recovery_points},
          std::pair{OffsetCheckpoint::log_start, &found.log_starts}}) {
        runtime::Ending<Result<Offsets>> offsets(shard);
        log::read_offsets(disk, found.path, which, offsets.done());
        auto all = co_await offsets.wait();
        // What is there and cannot be had now is not passed over: without it records would come
        // back that were deleted.
        if (!all && all.error().code != ErrorCode::corrupt_message) co_return all.error();
        if (!all) {
            // As Kafka: what a recovery point says can be found out from the logs; it only takes
            // longer.
            shard.log().warn("ignoring a checkpoint that cannot be read reason={}",
                             all.error().detail);
            found.has_unread_checkpoints = true;
            continue;
        }
        *into = by_directory(*all);
    }

    runtime::Ending<Result<std::optional<log::CleanShutdown>>> clean(shard);
    log::take_clean_shutdown(disk, found.path, clean.done());
    auto taken = co_await clean.wait();
    if (!taken) co_return taken.error();
    found.clean = *taken;
    co_return found;
}

LogDirectory::Left LogDirectory::left(std::string_view partition_directory) const {
    const auto look = [&](const auto& in) {
        const auto at = in.find(partition_directory);
        return at == in.end() ? std::nullopt : std::optional<Offset>(at->second);
    };
    return {.recovery_point = look(recovery_points), .log_start = look(log_starts)};
}

namespace {

/// Whose the directory of a partition is; a zero id: that was never written, durably.
runtime::Task<Result<Uuid>> topic_of(
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): outlive the task.
    runtime::Shard& shard, Disk& disk, std::string path) {
    runtime::Ending<DiskResult<Bytes>> read(shard);
    log::read_file(disk, path + "/partition.metadata", kMetadataBytesMax, read.done());
    const DiskResult<Bytes> bytes = co_await read.wait();
    if (!bytes && bytes.error().fault == DiskFault::not_found) co_return Uuid{};
    if (!bytes) co_return Error(bytes.error());
    // A power cut may have left zeros of it: nothing there was durable.
    const auto metadata = log::parse_partition_metadata(as_text(*bytes));
    co_return metadata ? metadata->topic_id : Uuid{};
}

}  // namespace

runtime::Task<Result<Twins>> find_twins(
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): outlive the task.
    runtime::Shard& shard, Disk& disk, const std::vector<LogDirectory>& directories) {
    std::map<std::string, std::vector<std::size_t>> places;
    for (std::size_t i = 0; i < directories.size(); ++i) {
        for (const std::string& name : directories[i].partitions) places[name].push_back(i);
    }
    Twins twins;
    for (const auto& [name, all] : places) {
        if (all.size() == 1) continue;
        std::map<std::size_t, Uuid>& topics = twins[name];
        for (const std::size_t i : all) {
            const std::string path = directories[i].path + "/" + name;
            const Result<Uuid> topic = co_await topic_of(shard, disk, path);
            if (!topic) co_return topic.error();
            for (const auto& [other, id] : topics) {
                if (id != *topic || id == Uuid{}) continue;
                co_return Error{ErrorCode::kafka_storage_error,
                                fmt::format("{} and {}/{} are the same partition's", path,
                                            directories[other].path, name)};
            }
            topics[i] = *topic;
        }
    }
    co_return twins;
}

namespace {

/// `orders-3` and `orders-3.HEX` of `orders-3.HEX-future`; nothing: it is no copy of a replica.
struct FutureName {
    std::string partition;
    std::string with_number;
};
std::optional<FutureName> parse_future(std::string_view name) {
    name.remove_suffix(kFuture.size());
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || !log::partition_of(name.substr(0, dot)))
        return std::nullopt;
    return FutureName{std::string(name.substr(0, dot)), std::string(name)};
}

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

/// Gives the replica its name back, where it has none: it lost it to a copy that did not get it.
Result<> give_name_back(Disk& disk, std::vector<LogDirectory>& directories,
                        const FutureName& name) {
    for (const LogDirectory& each : directories) {
        if (has(each.partitions, name.partition)) return {};
    }
    const std::string aside = name.with_number + "-delete";
    for (LogDirectory& each : directories) {
        if (!has(each.doomed, aside)) continue;
        auto ok = disk.rename(each.path + "/" + aside, each.path + "/" + name.partition);
        if (!ok) return Error(ok.error());
        std::erase(each.doomed, aside);
        each.partitions.push_back(name.partition);
    }
    return {};
}

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): all outlive the tasks.
/// What an earlier process has renamed, or this one just now, does not go back any more.
runtime::Task<> sync_all(runtime::Shard& shard, Disk& disk,
                         std::vector<LogDirectory>& directories) {
    const bool has_left = std::ranges::any_of(directories, [](const LogDirectory& each) {
        return !each.doomed.empty() || !each.futures.empty();
    });
    if (!has_left || directories.size() == 1) co_return;
    for (LogDirectory& each : directories) {
        if (each.failure) continue;
        const DiskResult<> ok = co_await runtime::sync_directory(shard, disk, each.path);
        if (!ok) each.failure = ok.error();
    }
}

}  // namespace

runtime::Task<Result<ReplicaMovesLeft>> mend_moves(runtime::Shard& shard, Disk& disk,
                                                   std::vector<LogDirectory>& directories) {
    ReplicaMovesLeft moves;
    std::vector<std::string> unfinished;
    for (std::size_t i = 0; i < directories.size(); ++i) {
        for (const std::string& future : directories[i].futures) {
            const std::optional<FutureName> name = parse_future(future);
            if (!name) continue;
            if (Result<> ok = give_name_back(disk, directories, *name); !ok) co_return ok.error();
            const std::string path = directories[i].path + "/" + future;
            const bool is_there = std::ranges::any_of(directories, [&](const LogDirectory& each) {
                return has(each.partitions, name->partition);
            });
            if (is_there) {
                moves[name->partition] = i;
                unfinished.push_back(path);
            } else {
                shard.log().warn("a copy of a replica that is not there is left alone path={}",
                                 path);
            }
        }
    }
    co_await sync_all(shard, disk, directories);
    const bool are_durable = std::ranges::none_of(
        directories, [](const LogDirectory& each) { return each.failure.has_value(); });
    for (const std::string& path : unfinished) {
        if (!are_durable) break;
        if (auto gone = remove_directory_with_files(disk, path); !gone)
            shard.log().warn("cannot remove an unfinished copy of a replica reason={}",
                             gone.error().detail);
    }
    co_return moves;
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

LogDirectories::LogDirectories(std::vector<LogDirectory> all, Twins twins, ReplicaMovesLeft moves)
    : all_(std::move(all)),
      twins_(std::move(twins)),
      moves_(std::move(moves)),
      counts_(std::make_unique<std::atomic<std::size_t>[]>(all_.size())),
      failed_(std::make_unique<std::atomic<bool>[]>(all_.size())),
      cordoned_(std::make_unique<std::atomic<bool>[]>(all_.size())) {
    for (std::size_t i = 0; i < all_.size(); ++i) {
        counts_[i] = all_[i].partitions.size();
        failed_[i] = all_[i].failure.has_value();
        for (const std::string& each : all_[i].partitions) places_.emplace(each, i);
    }
}

std::optional<std::size_t> LogDirectories::find(std::string_view partition_directory,
                                                const Uuid& topic) const {
    const auto found = places_.find(partition_directory);
    if (found == places_.end()) return std::nullopt;
    const auto twins = twins_.find(partition_directory);
    if (twins == twins_.end()) return found->second;
    // One without an id was made last, and its process ended before it was written.
    std::optional<std::size_t> nobodys;
    for (const auto& [directory, id] : twins->second) {
        if (id == topic) return directory;
        if (id == Uuid{}) nobodys = directory;
    }
    return nobodys;
}

std::optional<std::size_t> LogDirectories::move_of(std::string_view partition_directory) const {
    const auto found = moves_.find(partition_directory);
    return found == moves_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::size_t> LogDirectories::index_of(std::string_view path) const {
    const auto found = std::ranges::find(all_, path, &LogDirectory::path);
    if (found == all_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - all_.begin());
}

std::size_t LogDirectories::place_new() const {
    // Once each: another shard may be changing them.
    const auto reluctance = [this](std::size_t i) {
        return std::tuple(failed_[i].load(), cordoned_[i].load(), counts_[i].load());
    };
    std::size_t least = 0;
    for (std::size_t i = 1; i < all_.size(); ++i) {
        if (reluctance(i) < reluctance(least)) least = i;
    }
    ++counts_[least];
    return least;
}

bool LogDirectories::have_all_failed() const {
    for (std::size_t i = 0; i < all_.size(); ++i) {
        if (!failed_[i]) return false;
    }
    return true;
}

}  // namespace moldau::broker
