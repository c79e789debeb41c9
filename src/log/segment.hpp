// One segment of a log: its file, its indexes, and what is known of it without reading.
#pragma once

#include "batch_info.hpp"
#include "byte_source.hpp"

#include "moldau/log/file_cache.hpp"
#include "moldau/log/files/offset_index.hpp"
#include "moldau/log/files/time_index.hpp"
#include "moldau/log/files/transaction_index.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::log {

/// "00000000000000000042.log"
std::string segment_file_name(Offset base, std::string_view suffix);

namespace suffix {
inline constexpr std::string_view kLog = ".log";
inline constexpr std::string_view kIndex = ".index";
inline constexpr std::string_view kTimeIndex = ".timeindex";
inline constexpr std::string_view kTransactionIndex = ".txnindex";
inline constexpr std::string_view kSnapshot = ".snapshot";
inline constexpr std::string_view kDeleted = ".deleted";
inline constexpr std::string_view kCleaned = ".cleaned";
inline constexpr std::string_view kSwap = ".swap";
}  // namespace suffix

/// Where a batch stands.
struct BatchPlace {
    std::uint64_t position = 0;
    BatchInfo batch;
};

/// The indexes of the active segment are vectors here and files when it ends; those of the others
/// are only files, of which a look-up reads a few pages.
class Segment {
public:
    Segment(FileCache& files, const std::string& directory, Offset base, Timestamp created)
        : base_offset(base), created_at(created), files_(files), directory_(directory) {}

    const Offset base_offset;
    Timestamp created_at;  // or opened
    std::uint64_t size_bytes = 0;
    Timestamp max_timestamp;
    Offset offset_of_max_timestamp;  // the last one of the batch that has it
    Timestamp first_timestamp;       // of the first batch, or -1
    std::uint64_t bytes_since_index_entry = 0;
    std::string_view log_suffix = suffix::kLog;
    bool has_transaction_file = false;
    bool indexes_in_memory = false;
    bool indexes_unsynced = false;  // files of them were written
    bool is_recovered = false;      // its file, be it empty, is not known to be durable as it is
    std::vector<OffsetIndexEntry> offset_index;
    std::vector<TimeIndexEntry> time_index;
    std::vector<AbortedTransaction> aborted;

    std::string path(std::string_view suffix) const {
        return directory_ + "/" + segment_file_name(base_offset, suffix);
    }
    DiskResult<std::shared_ptr<File>> log_file(OpenMode mode = OpenMode::existing) {
        return files_.get(log_, mode, [this] { return path(log_suffix); });
    }
    void close_files();

    /// A batch that was written at the end: counted, and indexed when it is due. An entry stands
    /// for all that was written before, so it is made before the batch is counted.
    void add(const BatchInfo& batch, std::size_t index_interval_bytes,
             std::size_t offset_entries_max, std::size_t time_entries_max);
    void add_time_entry(std::size_t entries_max);
    bool holds(Offset offset) const {
        return offset - base_offset <= std::numeric_limits<std::int32_t>::max();
    }

    DiskResult<> write_indexes();
    /// No longer active: from now on the files are the indexes.
    void forget_indexes();
    /// The files that a flush has to sync.
    DiskResult<std::vector<std::shared_ptr<File>>> files_to_sync();

    /// A position at or before the first batch that ends at or behind `offset`.
    Maybe<std::uint64_t> position_before(Offset offset, ByteSource& source);
    /// The offset up to which all is younger than `time`, or the base offset.
    Maybe<Offset> offset_before(Timestamp time, ByteSource& source);
    /// The first batch that ends at or behind `offset`; its position is size_bytes when there is
    /// none.
    Maybe<BatchPlace> find(Offset offset, ByteSource& source);
    /// The batch at `position`. Errors: denied: no batch stands
    /// there.
    Maybe<BatchInfo> batch_at(std::uint64_t position, ByteSource& source);

private:
    DiskResult<std::shared_ptr<File>> index_file() {
        return files_.get(index_, OpenMode::read_only, [this] { return path(suffix::kIndex); });
    }
    DiskResult<std::shared_ptr<File>> time_file() {
        return files_.get(time_, OpenMode::read_only, [this] { return path(suffix::kTimeIndex); });
    }

    FileCache& files_;
    const std::string& directory_;
    FileCache::Slot log_, index_, time_;
};

}  // namespace moldau::log
