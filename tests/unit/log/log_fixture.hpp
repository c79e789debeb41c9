// A log on a disk in memory, opened and written to in a line.
#pragma once

#include "made_batch.hpp"
#include "memory_disk.hpp"

#include "moldau/log/log.hpp"
#include "moldau/record/record.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace moldau::log {

inline constexpr const char* kDirectory = "/data/orders-0";

struct LogFixture {
    explicit LogFixture(LogConfig with = {}) : config(with) {}

    /// Opens what is on the disk; the log that was open is dropped as a crash of the process would.
    Result<> open(bool clean, Offset recovery_point = {0}, Offset log_start = {0}) {
        log.reset();
        std::optional<Result<std::unique_ptr<Log>>> opened;
        Log::open(files,
                  {.directory = kDirectory,
                   .config = config,
                   .log_start_offset = log_start,
                   .recovery_point = recovery_point,
                   .was_clean = clean,
                   .now = now,
                   .mono_now = mono_now,
                   .topic_id = topic_id,
                   .on_failure =
                       [this](const DiskError&, LogFailure what) {
                           ++failures;
                           last_failure = what;
                       }},
                  [&](Result<std::unique_ptr<Log>> got) { opened.emplace(std::move(got)); });
        disk.run();
        if (!opened) return Error{ErrorCode::unknown_server_error, "open did not end"};
        if (!*opened) return opened->error();
        log = std::move(**opened);
        return {};
    }
    /// Opens as new or after a crash of the process.
    void start() {
        const auto opened = open(false);
        ASSERT_TRUE(opened) << opened.error().detail;
    }

    Result<StagedBatch> stage(const MadeBatch& wanted) {
        MadeBatch at = wanted;
        at.base_offset = log->staged_end_offset().value;
        bytes.push_back(make(at));
        const BytesView view = bytes.back();
        return log->stage(view.first(record::kHeaderBytes), view.subspan(record::kHeaderBytes),
                          BatchOrigin::client, now);
    }
    /// "[first, end)", "duplicate [first, end)", or the error's name.
    std::string append(const MadeBatch& wanted = {}) {
        bytes.clear();
        const auto staged = stage(wanted);
        if (!staged) {
            log->drop_staged();
            return std::string(name(staged.error().code));
        }
        const auto written = log->write_staged(now);
        if (written.error) return std::string(name(written.error->code));
        return std::string(staged->is_duplicate ? "duplicate " : "") + "[" +
               std::to_string(staged->offsets.first.value) + ", " +
               std::to_string(staged->offsets.end.value) + ")";
    }
    std::string append_marker(MadeMarker marker) {
        bytes.clear();
        marker.base_offset = log->end_offset().value;
        bytes.push_back(make(marker));
        const BytesView view = bytes.back();
        const auto staged =
            log->stage(view.first(record::kHeaderBytes), view.subspan(record::kHeaderBytes),
                       BatchOrigin::coordinator, now);
        if (!staged) return std::string(name(staged.error().code));
        const auto written = log->write_staged(now);
        return written.error ? std::string(name(written.error->code)) : "ok";
    }

    Result<FileSlice> read(ReadRequest request) {
        std::optional<Result<FileSlice>> later;
        auto answer =
            log->read(request, [&](Result<FileSlice> got) { later.emplace(std::move(got)); });
        if (answer) return std::move(*answer);
        EXPECT_FALSE(later) << "not from inside the call";
        disk.run();
        if (!later) return Error{ErrorCode::unknown_server_error, "read did not end"};
        return std::move(*later);
    }
    Bytes bytes_of(const FileSlice& slice) {
        if (slice.empty()) return {};
        std::optional<DiskResult<Bytes>> got;
        slice.file->read(slice.at, slice.bytes,
                         [&](DiskResult<Bytes> read) { got.emplace(std::move(read)); });
        disk.run();
        return got && *got ? **got : Bytes();
    }
    /// Base offsets of the whole batches from `from` on, by as many reads as it takes.
    std::vector<std::int64_t> batches_from(std::int64_t from, std::size_t bytes_max = 1) {
        std::vector<std::int64_t> found;
        while (Offset{from} < log->end_offset()) {
            const auto slice =
                read({.from = {from}, .end = log->end_offset(), .bytes_max = bytes_max});
            if (!slice || slice->empty()) break;
            const Bytes content = bytes_of(*slice);
            BytesView rest = content;
            for (;;) {
                const auto batch = record::first_batch(rest);
                if (!batch || !*batch) break;
                const auto seen = record::BatchView::of((*batch)->bytes);
                if (!seen || !seen->is_crc_right()) return {-1};
                found.push_back(seen->base_offset().value);
                from = seen->next_offset().value;
                rest = rest.subspan((*batch)->bytes.size());
            }
        }
        return found;
    }
    DiskResult<> flush() {
        std::optional<DiskResult<>> done;
        log->flush(log->end_offset(), [&](DiskResult<> got) { done.emplace(std::move(got)); });
        disk.run();
        if (!done) return DiskError{DiskFault::cancelled, "flush did not end"};
        return *done;
    }
    DiskResult<> close() {
        std::optional<DiskResult<>> done;
        log->close([&](DiskResult<> got) { done.emplace(std::move(got)); });
        disk.run();
        if (!done) return DiskError{DiskFault::cancelled, "close did not end"};
        return *done;
    }
    DiskResult<> truncate(std::int64_t to) {
        std::optional<DiskResult<>> done;
        log->truncate({to}, mono_now, [&](DiskResult<> got) { done.emplace(std::move(got)); });
        disk.run();
        if (!done) return DiskError{DiskFault::cancelled, "truncate did not end"};
        return *done;
    }
    Result<std::optional<TimedOffset>> at_time(std::int64_t time) {
        std::optional<Result<std::optional<TimedOffset>>> done;
        log->offset_for_time({time}, [&](auto got) { done.emplace(std::move(got)); });
        disk.run();
        return std::move(*done);
    }
    Result<std::optional<TimedOffset>> max_timestamp() {
        std::optional<Result<std::optional<TimedOffset>>> done;
        log->offset_of_max_timestamp([&](auto got) { done.emplace(std::move(got)); });
        disk.run();
        return std::move(*done);
    }
    std::string path(const std::string& name) const { return std::string(kDirectory) + "/" + name; }
    std::vector<std::string> names() {
        std::vector<std::string> found;
        const auto entries = disk.list(kDirectory);
        for (const auto& entry : *entries) found.push_back(entry.name);
        return found;
    }

    LogConfig config;
    MemoryDisk disk;
    FileCache files{disk, 100};
    Timestamp now{10'000};
    MonoTime mono_now{std::chrono::hours(1)};
    std::optional<Uuid> topic_id = Uuid{1, 2};
    int failures = 0;
    std::optional<LogFailure> last_failure;
    std::vector<Bytes> bytes;
    std::unique_ptr<Log> log;
};

}  // namespace moldau::log
