#include "storage.hpp"

#include "moldau/base/topic_name.hpp"
#include "moldau/log/small_files.hpp"
#include "moldau/raft/snapshot.hpp"
#include "moldau/runtime/disk_wait.hpp"
#include "moldau/runtime/ending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace moldau::broker {
namespace {

/// Random, and as in Kafka never one that begins with '-', which a shell takes for an option.
Uuid new_id(Random& random) {
    while (true) {
        const Uuid id{random.next(), random.next()};
        if (is_reserved_directory(id) || id.to_string().starts_with('-')) continue;
        return id;
    }
}

Bytes joined(const std::vector<Bytes>& pieces) {
    std::string all;
    for (const Bytes& piece : pieces) all += as_text(piece);
    return Bytes::copy_of(as_bytes(all));
}

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): shard and disk outlive all
// tasks; the rest stands in the frame of the caller, which awaits at once.
runtime::Task<Result<>> write_file(runtime::Shard& shard, Disk& disk, std::string path,
                                   Bytes content) {
    runtime::Ending<DiskResult<>> written(shard);
    log::replace_file(disk, path, content, written.done());
    if (auto ok = co_await written.wait(); !ok) co_return Error(ok.error());
    co_return Result<>();
}

runtime::Task<Result<>> write_properties(runtime::Shard& shard, Disk& disk,
                                         const LogDirectory& directory) {
    runtime::Ending<DiskResult<>> written(shard);
    log::write_meta_properties(disk, directory.path, *directory.properties, written.done());
    if (auto ok = co_await written.wait(); !ok) co_return Error(ok.error());
    co_return Result<>();
}

/// Makes the names of a directory and of those above it durable: this start or one that a crash
/// ended may have made any of them.
runtime::Task<Result<>> sync_names(runtime::Shard& shard, Disk& disk, std::string path) {
    while (path.size() > 1) {
        path.resize(std::max<std::size_t>(path.rfind('/'), 1));
        const auto ok = co_await runtime::sync_directory(shard, disk, path);
        // What may not be opened was made by somebody else.
        if (!ok && ok.error().fault != DiskFault::denied) co_return Error(ok.error());
    }
    co_return Result<>();
}

/// The files of a new cluster's only controller. meta.properties comes last: only with it is the
/// directory formatted.
runtime::Task<Result<>> write_first_files(runtime::Shard& shard, Disk& disk,
                                          const StorageRules& rules,
                                          const LogDirectory& directory) {
    const std::string metadata = fmt::format("{}/{}", directory.path, kMetadataLogDirectory);
    if (auto ok = disk.create_directories(metadata); !ok) co_return Error(ok.error());
    const controller::FormatFiles files = controller::format_files(
        shard.clock().wall(), rules.features,
        controller::lone_voter(rules.node_id, *directory.properties->directory_id,
                               rules.controller_listeners));
    if (Result<> ok = co_await write_file(
            shard, disk, fmt::format("{}/{}", metadata, raft::file_name(raft::kFirstSnapshot)),
            joined(files.first_snapshot));
        !ok)
        co_return ok;
    co_return co_await write_file(shard, disk,
                                  fmt::format("{}/{}", directory.path, raft::kBootstrapFile),
                                  joined(files.bootstrap));
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

log::MetaProperties properties_of(std::int32_t node_id, std::string cluster_id, Uuid directory) {
    return {.version = 1,
            .node_id = node_id,
            .cluster_id = std::move(cluster_id),
            .directory_id = directory};
}

Result<> check_properties(const StorageRules& rules, const Storage& storage) {
    std::set<Uuid> ids;
    for (const LogDirectory& each : storage.directories) {
        if (!each.properties) continue;
        const log::MetaProperties& properties = *each.properties;
        if (properties.cluster_id != storage.cluster_id) {
            return Error{ErrorCode::inconsistent_cluster_id,
                         fmt::format("{} belongs to cluster {}, {} to cluster {}", each.path,
                                     properties.cluster_id,
                                     storage.directories[rules.metadata].path, storage.cluster_id)};
        }
        if (properties.node_id && *properties.node_id != rules.node_id) {
            return Error{ErrorCode::kafka_storage_error,
                         fmt::format("{} belongs to node {}, but node.id={}", each.path,
                                     *properties.node_id, rules.node_id)};
        }
        if (properties.directory_id && !ids.insert(*properties.directory_id).second) {
            return Error{ErrorCode::kafka_storage_error,
                         fmt::format("{} has the directory.id {} of another log directory",
                                     each.path, properties.directory_id->to_string())};
        }
    }
    return {};
}

Error not_formatted(const StorageRules& rules, const LogDirectory& directory) {
    if (rules.formats_itself) {
        return {ErrorCode::kafka_storage_error,
                fmt::format("{} is no data directory: it is not empty and has no meta.properties",
                            directory.path)};
    }
    return {ErrorCode::kafka_storage_error,
            fmt::format("{} is not formatted; run: moldau storage format --config FILE "
                        "--cluster-id ID --standalone",
                        directory.path)};
}

}  // namespace

// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): both outlive all tasks.
runtime::Task<Result<Storage>> open_storage(runtime::Shard& shard, Disk& disk, StorageRules rules) {
    Storage storage;
    rules.failures.resize(rules.paths.size());
    for (std::size_t i = 0; i < rules.paths.size(); ++i) {
        LogDirectory& found = storage.directories.emplace_back();
        found.path = rules.paths[i];
        found.failure = rules.failures[i];
        if (found.failure) continue;
        Result<LogDirectory> read = co_await read_log_directory(shard, disk, found.path);
        if (read) {
            found = std::move(*read);
        } else {
            found.failure = read.error();
        }
    }
    if (const auto& failure = storage.directories[rules.metadata].failure) co_return *failure;
    LogDirectory& metadata = storage.directories[rules.metadata];
    const bool is_new = std::ranges::all_of(storage.directories, [](const LogDirectory& each) {
        return each.is_empty && !each.properties && !each.failure;
    });
    const bool formats = is_new && rules.formats_itself;
    if (!metadata.properties && !formats) {
        for (const LogDirectory& each : storage.directories) {
            if (each.failure) co_return *each.failure;
        }
        co_return not_formatted(rules, metadata);
    }
    storage.cluster_id =
        formats ? new_id(shard.random()).to_string() : metadata.properties->cluster_id;
    if (Result<> ok = check_properties(rules, storage); !ok) co_return ok.error();

    for (std::size_t i = 0; i < storage.directories.size(); ++i) {
        LogDirectory& each = storage.directories[i];
        if (each.failure || (each.properties && each.properties->directory_id)) continue;
        if (!each.properties && !is_new)
            shard.log().warn("an empty log directory is taken into use path={}", each.path);
        if (!each.properties && !each.is_empty) co_return not_formatted(rules, each);
        if (Result<> ok = co_await sync_names(shard, disk, each.path); !ok) co_return ok.error();
        each.properties = properties_of(rules.node_id, storage.cluster_id, new_id(shard.random()));
        if (i == rules.metadata && formats) {
            Result<> ok = co_await write_first_files(shard, disk, rules, each);
            if (!ok) co_return ok.error();
        }
        if (Result<> ok = co_await write_properties(shard, disk, each); !ok) co_return ok.error();
    }
    if (formats) {
        shard.log().info("formatted a new node cluster.id={} node.id={} directory={}",
                         storage.cluster_id, rules.node_id, metadata.path);
    }
    co_return storage;
}

DiskResult<std::string> set_aside(Disk& disk, Random& random, const std::string& directory,
                                  std::string_view suffix) {
    const std::uint64_t high = random.next();
    const std::string end = fmt::format(".{:016x}{:016x}-{}", high, random.next(), suffix);
    const std::size_t slash = directory.rfind('/') + 1;
    std::string aside =
        directory.substr(0, std::min(directory.size(), slash + 255 - end.size())) + end;
    if (auto ok = disk.rename(directory, aside); !ok) return ok.error();
    return aside;
}

DiskResult<> remove_directory_with_files(Disk& disk, const std::string& path) {
    auto entries = disk.list(path);
    if (!entries) return entries.error();
    for (const DirectoryEntry& entry : *entries) {
        const std::string inner = path + "/" + entry.name;
        auto ok =
            entry.is_directory ? remove_directory_with_files(disk, inner) : disk.remove(inner);
        if (!ok) return ok;
    }
    return disk.remove(path);
}

}  // namespace moldau::broker
