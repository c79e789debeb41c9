#include "moldau/log/log_directory.hpp"

#include "moldau/log/small_files.hpp"

#include <charconv>
#include <utility>

namespace moldau::log {
namespace {

// A line of a checkpoint is at most 280 bytes: room for millions of partitions.
constexpr std::size_t kCheckpointBytesMax = std::size_t{1} << 30U;
constexpr std::size_t kSmallBytesMax = std::size_t{1} << 20U;
constexpr std::string_view kMetaProperties = "meta.properties";
constexpr std::string_view kCleanShutdown = ".kafka_cleanshutdown";

std::string path_of(const std::string& directory, std::string_view name) {
    return directory + "/" + std::string(name);
}

/// Reads a file that may be absent and parses it.
template <class T, class Parse>
void read_optional(Disk& disk, const std::string& path, std::size_t bytes_max, Parse parse,
                   ResultDone<std::optional<T>> done) {
    read_file(disk, path, bytes_max,
              [path, parse, done = std::move(done)](DiskResult<Bytes> bytes) mutable {
                  if (!bytes && bytes.error().fault == DiskFault::not_found)
                      return done(std::optional<T>());
                  if (!bytes) return done(Error(bytes.error()));
                  auto parsed = parse(as_text(*bytes));
                  if (!parsed)
                      return done(Error{parsed.error().code, path + ": " + parsed.error().detail});
                  done(std::optional<T>(std::move(*parsed)));
              });
}

void replace_text(Disk& disk, const std::string& path, std::string_view text, DiskDone<> done) {
    replace_file(disk, path, Bytes::copy_of(as_bytes(text)), std::move(done));
}

}  // namespace

std::string_view file_name(OffsetCheckpoint which) {
    switch (which) {
        case OffsetCheckpoint::recovery_point:
            return "recovery-point-offset-checkpoint";
        case OffsetCheckpoint::log_start:
            return "log-start-offset-checkpoint";
        case OffsetCheckpoint::high_watermark:
            return "replication-offset-checkpoint";
        case OffsetCheckpoint::cleaner:
            return "cleaner-offset-checkpoint";
    }
    return "";
}

void read_offsets(Disk& disk, const std::string& directory, OffsetCheckpoint which,
                  ResultDone<std::vector<PartitionOffset>> done) {
    using Offsets = std::vector<PartitionOffset>;
    const auto parse = [](std::string_view text) {
        Result<Offsets> parsed = parse_offset_checkpoint(text);
        if (!parsed) parsed = Error{ErrorCode::corrupt_message, parsed.error().detail};
        return parsed;
    };
    read_optional<Offsets>(disk, path_of(directory, file_name(which)), kCheckpointBytesMax, parse,
                           [done = std::move(done)](Result<std::optional<Offsets>> read) mutable {
                               if (!read) return done(read.error());
                               done(*read ? std::move(**read) : Offsets());
                           });
}

void write_offsets(Disk& disk, const std::string& directory, OffsetCheckpoint which,
                   const std::vector<PartitionOffset>& offsets, DiskDone<> done) {
    replace_text(disk, path_of(directory, file_name(which)), write_offset_checkpoint(offsets),
                 std::move(done));
}

void read_meta_properties(Disk& disk, const std::string& directory,
                          ResultDone<std::optional<MetaProperties>> done) {
    read_optional<MetaProperties>(disk, path_of(directory, kMetaProperties), kSmallBytesMax,
                                  parse_meta_properties, std::move(done));
}

void write_meta_properties(Disk& disk, const std::string& directory,
                           const MetaProperties& properties, DiskDone<> done) {
    replace_text(disk, path_of(directory, kMetaProperties), write_meta_properties(properties),
                 std::move(done));
}

void take_clean_shutdown(Disk& disk, const std::string& directory,
                         ResultDone<std::optional<CleanShutdown>> done) {
    using Taken = std::optional<CleanShutdown>;
    const std::string path = path_of(directory, kCleanShutdown);
    auto remove = [&disk, directory, path, done = std::move(done)](Result<Taken> read) mutable {
        if (!read || !*read) return done(std::move(read));
        if (auto removed = disk.remove(path); !removed) return done(Error(removed.error()));
        disk.sync_directory(directory,
                            [taken = *read, done = std::move(done)](DiskResult<> synced) mutable {
                                if (!synced) return done(Error(synced.error()));
                                done(taken);
                            });
    };
    read_optional<CleanShutdown>(disk, path, kSmallBytesMax, parse_clean_shutdown,
                                 std::move(remove));
}

void write_clean_shutdown(Disk& disk, const std::string& directory, const CleanShutdown& shutdown,
                          DiskDone<> done) {
    replace_text(disk, path_of(directory, kCleanShutdown), write_clean_shutdown(shutdown),
                 std::move(done));
}

std::string directory_name(const PartitionName& partition) {
    return partition.topic + "-" + std::to_string(partition.partition);
}

std::optional<PartitionName> partition_of(std::string_view directory_name) {
    const std::size_t dash = directory_name.rfind('-');
    if (dash == 0 || dash == std::string_view::npos) return std::nullopt;
    const std::string_view digits = directory_name.substr(dash + 1);
    std::int32_t partition = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), partition);
    if (error != std::errc() || end != digits.data() + digits.size() || partition < 0)
        return std::nullopt;
    // Only one spelling names a partition.
    if (std::to_string(partition) != digits) return std::nullopt;
    return PartitionName{std::string(directory_name.substr(0, dash)), partition};
}

}  // namespace moldau::log
