#include "segment.hpp"

#include "moldau/log/small_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace moldau::log {
namespace {

constexpr std::size_t kOffsetEntryBytes = 8;
constexpr std::size_t kTimeEntryBytes = 12;
constexpr std::size_t kPageBytes = 4096;

/// What the disk holds is wrong, though the disk itself answers.
DiskError damaged(std::string detail) {
    return {DiskFault::denied, std::move(detail)};
}

/// The last of `count` entries in a file for which `is_before` holds, by halves; nothing is known
/// of the file but that it is sorted. -1: none.
template <class IsBefore>
Maybe<std::int64_t> last_before(std::int64_t count, const IsBefore& is_before) {
    std::int64_t low = -1;
    std::int64_t high = count;
    while (high - low > 1) {
        const std::int64_t middle = low + (high - low) / 2;
        auto before = is_before(middle);
        if (!before) return before.error();
        if (!*before) return std::optional<std::int64_t>();
        (**before ? low : high) = middle;
    }
    return std::optional(low);
}

/// The bytes of entry `index` of a file of `size` bytes, read with the page around it.
Maybe<BytesView> entry_at(const std::shared_ptr<File>& file, std::uint64_t size, std::int64_t index,
                          std::size_t bytes, ByteSource& source) {
    const std::uint64_t at = static_cast<std::uint64_t>(index) * bytes;
    const std::uint64_t page = at / kPageBytes * kPageBytes;
    // An entry may lie across two pages.
    auto got = source.get(file, page, std::min<std::uint64_t>(2 * kPageBytes, size - page));
    if (!got || !*got) return got;
    const BytesView pages = **got;
    if (pages.size() < at - page + bytes)
        return damaged("an index is shorter than its file's size");
    return std::optional(pages.subspan(at - page, bytes));
}

}  // namespace

std::string segment_file_name(Offset base, std::string_view suffix) {
    return fmt::format("{:020}{}", base.value, suffix);
}

void Segment::close_files() {
    log_.reset();
    index_.reset();
    time_.reset();
}

void Segment::add(const BatchInfo& batch, std::size_t index_interval_bytes,
                  std::size_t offset_entries_max, std::size_t time_entries_max) {
    if (size_bytes == 0) first_timestamp = batch.max_timestamp;
    if (batch.max_timestamp > max_timestamp) {
        max_timestamp = batch.max_timestamp;
        offset_of_max_timestamp = batch.last_offset;
    }
    if (bytes_since_index_entry > index_interval_bytes) {
        if (offset_index.size() < offset_entries_max)
            offset_index.push_back({batch.last_offset, static_cast<std::int32_t>(size_bytes)});
        add_time_entry(time_entries_max);
        bytes_since_index_entry = 0;
    }
    size_bytes += batch.size_bytes;
    bytes_since_index_entry += batch.size_bytes;
}

void Segment::add_time_entry(std::size_t entries_max) {
    const Timestamp last = time_index.empty() ? Timestamp() : time_index.back().timestamp;
    if (max_timestamp > last && time_index.size() < entries_max)
        time_index.push_back({max_timestamp, offset_of_max_timestamp});
}

DiskResult<> Segment::write_indexes() {
    if (!indexes_in_memory) return {};
    index_.reset();
    time_.reset();
    Disk& disk = files_.disk();
    if (auto ok =
            write_file(disk, path(suffix::kIndex), write_offset_index(offset_index, base_offset));
        !ok)
        return ok;
    if (auto ok =
            write_file(disk, path(suffix::kTimeIndex), write_time_index(time_index, base_offset));
        !ok)
        return ok;
    // An older one, from before a recovery, must not speak for this one.
    if (!aborted.empty() || has_transaction_file) {
        has_transaction_file = true;
        if (auto ok =
                write_file(disk, path(suffix::kTransactionIndex), write_transaction_index(aborted));
            !ok)
            return ok;
    }
    indexes_unsynced = true;
    return {};
}

void Segment::forget_indexes() {
    indexes_in_memory = false;
    offset_index = {};
    time_index = {};
}

DiskResult<std::vector<std::shared_ptr<File>>> Segment::files_to_sync() {
    std::vector<std::shared_ptr<File>> files;
    auto log = log_file();
    if (!log) return log.error();
    files.push_back(std::move(*log));
    if (!indexes_unsynced) return files;
    for (const std::string_view each :
         {suffix::kIndex, suffix::kTimeIndex, suffix::kTransactionIndex}) {
        if (each == suffix::kTransactionIndex && !has_transaction_file) continue;
        auto file = files_.disk().open(path(each), OpenMode::existing);
        if (!file) return file.error();
        files.push_back(std::move(*file));
    }
    return files;
}

Maybe<std::uint64_t> Segment::position_before(Offset offset, ByteSource& source) {
    const auto place = [&](std::int64_t position) {
        const auto at = static_cast<std::uint64_t>(position);
        // What points behind the end is not trusted.
        return std::optional(position < 0 || at >= size_bytes ? std::uint64_t{0} : at);
    };
    if (indexes_in_memory) {
        const auto behind =
            std::ranges::upper_bound(offset_index, offset, {}, &OffsetIndexEntry::offset);
        return behind == offset_index.begin() ? std::optional(std::uint64_t{0})
                                              : place(std::prev(behind)->position);
    }
    auto file = index_file();
    if (!file) return file.error();
    auto size = (*file)->size();
    if (!size) return size.error();
    const auto count = static_cast<std::int64_t>(*size / kOffsetEntryBytes);
    auto last = last_before(count, [&](std::int64_t index) -> Maybe<bool> {
        auto entry = entry_at(*file, *size, index, kOffsetEntryBytes, source);
        if (!entry) return entry.error();
        if (!*entry) return std::optional<bool>();
        const auto relative = load_be<std::int32_t>((*entry)->data());
        // Zeros behind the first entry are room that was not used.
        const bool is_room = relative == 0 && load_be<std::int32_t>((*entry)->data() + 4) == 0;
        return std::optional(!is_room && base_offset + relative <= offset);
    });
    if (!last) return last.error();
    if (!*last) return std::optional<std::uint64_t>();
    if (**last < 0) return std::optional(std::uint64_t{0});
    auto entry = entry_at(*file, *size, **last, kOffsetEntryBytes, source);
    if (!entry) return entry.error();
    if (!*entry) return std::optional<std::uint64_t>();
    return place(load_be<std::int32_t>((*entry)->data() + 4));
}

Maybe<Offset> Segment::offset_before(Timestamp time, ByteSource& source) {
    if (indexes_in_memory) {
        const auto behind =
            std::ranges::upper_bound(time_index, time, {}, &TimeIndexEntry::timestamp);
        return std::optional(behind == time_index.begin() ? base_offset
                                                          : std::prev(behind)->offset);
    }
    auto file = time_file();
    if (!file) return file.error();
    auto size = (*file)->size();
    if (!size) return size.error();
    const auto count = static_cast<std::int64_t>(*size / kTimeEntryBytes);
    auto last = last_before(count, [&](std::int64_t index) -> Maybe<bool> {
        auto entry = entry_at(*file, *size, index, kTimeEntryBytes, source);
        if (!entry) return entry.error();
        if (!*entry) return std::optional<bool>();
        const auto timestamp = load_be<std::int64_t>((*entry)->data());
        const bool is_room =
            index > 0 && timestamp == 0 && load_be<std::int32_t>((*entry)->data() + 8) == 0;
        return std::optional(!is_room && timestamp <= time.ms);
    });
    if (!last) return last.error();
    if (!*last) return std::optional<Offset>();
    if (**last < 0) return std::optional(base_offset);
    auto entry = entry_at(*file, *size, **last, kTimeEntryBytes, source);
    if (!entry) return entry.error();
    if (!*entry) return std::optional<Offset>();
    return std::optional(base_offset + load_be<std::int32_t>((*entry)->data() + 8));
}

Maybe<BatchInfo> Segment::batch_at(std::uint64_t position, ByteSource& source) {
    auto file = log_file();
    if (!file) return file.error();
    auto bytes = source.get(*file, position, record::kHeaderBytes, kPageBytes);
    if (!bytes) return bytes.error();
    if (!*bytes) return std::optional<BatchInfo>();
    auto info = batch_info(**bytes);
    if (!info || info->size_bytes > size_bytes - position)
        return damaged(fmt::format("{}: no batch at position {}", path(suffix::kLog), position));
    return info;
}

Maybe<BatchPlace> Segment::find(Offset offset, ByteSource& source) {
    auto start = position_before(offset, source);
    if (!start) return start.error();
    if (!*start) return std::optional<BatchPlace>();
    BatchPlace place{.position = **start, .batch = {}};
    while (place.position < size_bytes) {
        auto batch = batch_at(place.position, source);
        if (!batch) return batch.error();
        if (!*batch) return std::optional<BatchPlace>();
        place.batch = **batch;
        if (place.batch.last_offset >= offset) return std::optional(place);
        place.position += place.batch.size_bytes;
    }
    return std::optional(place);
}

}  // namespace moldau::log
