#include "metadata_log.hpp"

#include "log_directories.hpp"

#include "moldau/base/endian.hpp"
#include "moldau/base/topic_name.hpp"
#include "moldau/controller/bootstrap.hpp"
#include "moldau/log/log_directory.hpp"
#include "moldau/log/small_files.hpp"
#include "moldau/metadata/image_records.hpp"
#include "moldau/record/batch.hpp"
#include "moldau/runtime/disk_wait.hpp"
#include "moldau/runtime/ending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace moldau::broker {
namespace {

constexpr std::string_view kPartSuffix = ".part";
constexpr std::size_t kSnapshotBytesMax = std::size_t{1} << 31U;
constexpr std::size_t kReadBytes = std::size_t{4} << 20U;
/// What must remain free on the disk, so that no append to the metadata log ends half-way.
constexpr std::uint64_t kRoomToSpare = std::uint64_t{1} << 20U;

/// The bytes of the whole batches that `bytes` begins with.
std::size_t whole_batches(BytesView bytes) {
    constexpr std::size_t kLengthAt = 8;
    constexpr std::size_t kLengthEnd = 12;
    std::size_t at = 0;
    while (bytes.size() - at >= kLengthEnd) {
        const auto length = load_be<std::int32_t>(bytes.data() + at + kLengthAt);
        if (length < 0 || kLengthEnd + static_cast<std::size_t>(length) > bytes.size() - at) break;
        at += kLengthEnd + static_cast<std::size_t>(length);
    }
    return at;
}

}  // namespace

void merge(metadata::ImageChanges& into, metadata::ImageChanges more) {
    into.features |= more.features;
    into.nodes |= more.nodes;
    into.security |= more.security;
    into.quotas |= more.quotas;
    into.topics.merge(more.topics);
    into.configs.merge(more.configs);
}

MetadataLog::MetadataLog(runtime::Shard& shard, log::FileCache& files, Setup setup)
    : shard_(shard),
      files_(files),
      setup_(std::move(setup)),
      directory_(fmt::format("{}/{}", setup_.log_directory, kMetadataLogDirectory)),
      schedule_(setup_.snapshots, {}),
      moved_(shard),
      grew_(shard) {}

MetadataLog::~MetadataLog() = default;

runtime::Task<Result<>> MetadataLog::load() {
    const Result<std::optional<raft::SnapshotId>> newest = co_await load_snapshots();
    if (!newest) co_return newest.error();
    const Offset snapshot_end = *newest ? (*newest)->end_offset : Offset{0};
    if (*newest) last_epoch_ = (*newest)->epoch;
    if (Result<> ok = co_await open_log(snapshot_end); !ok) co_return ok;
    if (Result<> ok = co_await replay(snapshot_end); !ok) co_return ok;

    Result<std::optional<raft::QuorumState>> stored = co_await read_quorum_state();
    if (!stored) co_return stored.error();
    written_ = log_->end_offset();
    quorum_.emplace(raft::Quorum::Start{.self = setup_.self,
                                        .stored = std::move(*stored),
                                        .voters = voters_,
                                        .static_voters = setup_.static_voters,
                                        .log_end = written_,
                                        .last_epoch = last_epoch_});
    co_return Result<>();
}

runtime::Task<Result<std::optional<raft::SnapshotId>>> MetadataLog::load_snapshots() {
    auto entries = files_.disk().list(directory_);
    // Who is formatted for a quorum of the settings begins without.
    if (!entries && entries.error().fault == DiskFault::not_found)
        entries = std::vector<DirectoryEntry>();
    if (!entries) co_return Error(entries.error());
    std::vector<raft::StoredSnapshot> stored;
    std::optional<raft::SnapshotId> newest;
    for (const DirectoryEntry& entry : *entries) {
        if (entry.name.ends_with(kPartSuffix)) {  // of a snapshot that was never finished
            if (auto ok = files_.disk().remove(path(entry.name)); !ok) co_return Error(ok.error());
        }
        const std::optional<raft::SnapshotId> id = raft::parse_snapshot_name(entry.name);
        if (!id) continue;
        auto file = files_.disk().open(path(entry.name), OpenMode::read_only);
        if (!file) co_return Error(file.error());
        auto size = (*file)->size();
        if (!size) co_return Error(size.error());
        stored.push_back({.id = *id,
                          .size_bytes = static_cast<std::int64_t>(*size),
                          .last_contained = Timestamp{0}});
        if (!newest || *newest < *id) newest = id;
    }
    schedule_ = raft::SnapshotSchedule(setup_.snapshots, std::move(stored));
    if (newest) {
        if (Result<> ok = co_await load_snapshot(*newest); !ok) co_return ok.error();
    }
    co_return newest;
}

runtime::Task<Result<>> MetadataLog::load_snapshot(raft::SnapshotId id) {
    const std::string name = path(raft::file_name(id));
    Result<std::optional<Bytes>> file = co_await read_optional(name, kSnapshotBytesMax);
    if (!file) co_return file.error();
    const Bytes content = file->value_or(Bytes());
    raft::SnapshotReader reader(content);
    const auto wrong = [&name](const Error& error) {
        return Error{error.code, fmt::format("{}: {}", name, error.detail)};
    };
    Result<raft::SnapshotHead> head = reader.head();
    if (!head) co_return wrong(head.error());
    voters_.observe(*head, id);
    while (true) {
        auto payloads = reader.next();
        if (!payloads) co_return wrong(payloads.error());
        if (!*payloads) break;
        // From Kafka 4.4 on the first one carries the bootstrap's records (KIP-1170): they are
        // written to the log, and only that is applied.
        if (id == raft::kFirstSnapshot) continue;
        for (const BytesView payload : **payloads) {
            auto record = metadata::decode_record(payload);
            if (!record) co_return wrong(record.error());
            builder_.apply(*record);
        }
    }
    builder_.end_batch(
        {.end_offset = id.end_offset, .epoch = id.epoch, .timestamp = head->last_contained});
    co_return Result<>();
}

runtime::Task<Result<>> MetadataLog::open_log(Offset snapshot_end) {
    // Where the log starts is where its first segment does: what lies below a snapshot may be gone.
    runtime::Ending<Result<std::unique_ptr<log::Log>>> opened(shard_);
    log::Log::open(
        files_,
        {.directory = directory_,
         .config = setup_.log,
         .log_start_offset = Offset{0},
         .recovery_point = Offset{0},
         .was_clean = setup_.was_clean,
         .now = shard_.clock().wall(),
         .mono_now = shard_.now(),
         .topic_id = std::nullopt,
         .on_failure = [this](const DiskError& error, log::LogFailure) { fail(Error(error)); }},
        opened.done());
    Result<std::unique_ptr<log::Log>> log = co_await opened.wait();
    if (!log) co_return log.error();
    log_ = std::move(*log);
    for (const std::string& note : log_->report().notes)
        shard_.log().warn("metadata log mended note={}", note);
    if (log_->end_offset() >= snapshot_end) co_return Result<>();
    // The snapshot is of a leader's log that went further than ours: ours goes on behind it.
    runtime::Ending<DiskResult<>> truncated(shard_);
    log_->truncate_fully(snapshot_end, shard_.clock().wall(), shard_.now(), truncated.done());
    if (DiskResult<> ok = co_await truncated.wait(); !ok) co_return Error(ok.error());
    co_return Result<>();
}

runtime::Task<Result<>> MetadataLog::replay(Offset from) {
    Offset next = std::max(from, log_->log_start_offset());
    if (next > from && from > Offset{0}) {
        co_return Error{ErrorCode::kafka_storage_error,
                        fmt::format("{}: the log starts at {}, the newest snapshot ends at {}",
                                    directory_, next.value, from.value)};
    }
    while (next < log_->end_offset()) {
        runtime::Ending<Result<FileSlice>> found(shard_);
        auto at_once = log_->read(
            {.from = next, .end = log_->end_offset(), .bytes_max = kReadBytes}, found.done());
        Result<FileSlice> slice = at_once ? std::move(*at_once) : co_await found.wait();
        if (!slice) co_return slice.error();
        auto bytes = co_await runtime::read(shard_, *slice->file, slice->at, slice->bytes);
        if (!bytes) co_return Error(bytes.error());
        const Offset before = next;
        const BytesView batches = bytes->view().first(whole_batches(*bytes));
        if (Result<> ok = replay_batches(batches, next); !ok) co_return ok;
        if (next == before) {
            co_return Error{
                ErrorCode::kafka_storage_error,
                fmt::format("{}: no batch can be read at offset {}", directory_, next.value)};
        }
    }
    co_return Result<>();
}

Result<> MetadataLog::replay_batches(BytesView batches, Offset& next) {
    raft::BatchReader reader(batches);
    raft::LogBatch batch;
    while (true) {
        Result<bool> more = reader.next(batch);
        if (!more) {
            return Error{more.error().code,
                         fmt::format("{}: batch behind offset {}: {}", directory_, next.value,
                                     more.error().detail)};
        }
        if (!*more) return {};
        last_epoch_ = batch.epoch;
        if (batch.end_offset <= next) continue;  // what the snapshot holds already
        voters_.observe(batch);
        if (Result<> ok = apply(batch); !ok) return ok;
        if (!batch.is_control) schedule_.committed(batch.timestamp, batch.size_bytes);
        next = batch.end_offset;
    }
}

Result<> MetadataLog::apply(const raft::LogBatch& batch) {
    for (std::size_t i = 0; i < batch.payloads.size(); ++i) {
        auto record = metadata::decode_record(batch.payloads[i]);
        if (!record) {
            return Error{record.error().code,
                         fmt::format("{}: record {}: {}", directory_,
                                     batch.base_offset.value + static_cast<std::int64_t>(i),
                                     record.error().detail)};
        }
        builder_.apply(*record);
    }
    builder_.end_batch(
        {.end_offset = batch.end_offset, .epoch = batch.epoch, .timestamp = batch.timestamp});
    return {};
}

runtime::Task<Result<std::optional<Bytes>>> MetadataLog::read_optional(std::string path,
                                                                       std::size_t most) {
    runtime::Ending<DiskResult<Bytes>> ended(shard_);
    log::read_file(files_.disk(), path, most, ended.done());
    DiskResult<Bytes> bytes = co_await ended.wait();
    if (!bytes && bytes.error().fault == DiskFault::not_found) co_return std::optional<Bytes>();
    if (!bytes) co_return Error(bytes.error());
    co_return std::optional<Bytes>(std::move(*bytes));
}

runtime::Task<Result<std::optional<raft::QuorumState>>> MetadataLog::read_quorum_state() {
    const std::string file = path(raft::kQuorumStateFile);
    Result<std::optional<Bytes>> bytes = co_await read_optional(file, raft::kQuorumStateBytesMax);
    if (!bytes) co_return bytes.error();
    if (!*bytes) co_return std::optional<raft::QuorumState>();
    Result<raft::QuorumState> state = raft::parse_quorum_state(as_text(**bytes));
    if (!state) {
        co_return Error{state.error().code, fmt::format("{}: {}", file, state.error().detail)};
    }
    co_return std::optional<raft::QuorumState>(std::move(*state));
}

runtime::Task<Result<>> MetadataLog::write_quorum_state(raft::QuorumState state) {
    const std::string text = raft::write_quorum_state(state);
    runtime::Ending<DiskResult<>> ended(shard_);
    log::replace_file(files_.disk(), path(raft::kQuorumStateFile), Bytes::copy_of(as_bytes(text)),
                      ended.done());
    if (DiskResult<> ok = co_await ended.wait(); !ok) co_return Error(ok.error());
    co_return Result<>();
}

runtime::Task<Result<>> MetadataLog::lead(std::int32_t min_insync_replicas) {
    // A crash may have left control records alone: the bootstrap's are one batch, there or not.
    const bool is_log_empty = !newest().feature_level(metadata::kMetadataVersion);
    Result<raft::Effects> voted = quorum_->start();
    if (!voted) co_return voted.error();
    if (voted->persist) {
        if (Result<> ok = co_await write_quorum_state(*voted->persist); !ok) co_return ok;
    }
    const raft::Effects led = quorum_->persisted(shard_.clock().wall());
    if (led.persist) {
        if (Result<> ok = co_await write_quorum_state(*led.persist); !ok) co_return ok;
    }
    if (Result<> ok = write(led.append); !ok) co_return ok;
    if (Result<> ok = co_await bootstrap(is_log_empty, min_insync_replicas); !ok) co_return ok;
    start_flush();
    if (Result<> ok = co_await committed(end_offset()); !ok) co_return ok;
    co_return metadata::check_metadata_version(newest());
}

runtime::Task<Result<>> MetadataLog::bootstrap(bool is_log_empty,
                                               std::int32_t min_insync_replicas) {
    std::vector<Bytes> records;
    if (is_log_empty) {
        const std::string file = fmt::format("{}/{}", setup_.log_directory, raft::kBootstrapFile);
        Result<std::optional<Bytes>> own = co_await read_optional(file, kSnapshotBytesMax);
        if (!own) co_return own.error();
        Result<std::optional<Bytes>> first =
            co_await read_optional(path(raft::file_name(raft::kFirstSnapshot)), kSnapshotBytesMax);
        if (!first) co_return first.error();
        auto read = controller::read_bootstrap(*own, *first);
        if (!read) co_return read.error();
        records = std::move(*read);
    }
    auto first_records = controller::activation_records(
        newest(), is_log_empty, builder_.is_in_transaction(), records, min_insync_replicas);
    if (!first_records) co_return first_records.error();
    if (first_records->empty()) co_return Result<>();
    Result<Offset> appended = append(*first_records, true);
    if (!appended) co_return appended.error();
    co_return Result<>();
}

Result<Offset> MetadataLog::append(const controller::Records& records, bool is_atomic) {
    if (failure_) return *failure_;
    std::vector<Bytes> payloads;
    std::uint64_t bytes = 0;
    for (const metadata::MetadataRecord& record : records) {
        Result<Bytes> encoded = metadata::encode_record(record);
        if (!encoded) return encoded.error();
        bytes += encoded->size();
        payloads.push_back(std::move(*encoded));
    }
    if (Result<> ok = check_room(bytes); !ok) return ok.error();
    return write(quorum_->append(shard_.clock().wall(), payloads, is_atomic));
}

Result<Offset> MetadataLog::upgrade_quorum(const protocol::VotersRecord& voters) {
    if (failure_) return *failure_;
    if (Result<> ok = check_room(0); !ok) return ok.error();
    return write(quorum_->upgrade(shard_.clock().wall(), voters));
}

/// The quorum's core does not take back what it gave an offset: a disk that is too full for the
/// write is found out before.
Result<> MetadataLog::check_room(std::uint64_t bytes) const {
    auto space = files_.disk().space(directory_);
    if (!space) return Error(space.error());
    if (space->bytes_free >= 2 * bytes + kRoomToSpare) return {};
    return Error{ErrorCode::kafka_storage_error,
                 fmt::format("{}: {} bytes are free, too few for the metadata log", directory_,
                             space->bytes_free)};
}

Result<Offset> MetadataLog::write(const Result<raft::Appended>& appended) {
    if (!appended) return appended.error();
    if (Result<> ok = write(appended->effects.append); !ok) return ok.error();
    start_flush();
    return appended->offsets.end;
}

Result<> MetadataLog::write(const std::vector<Bytes>& batches) {
    const Timestamp now = shard_.clock().wall();
    for (const Bytes& bytes : batches) {
        const auto staged = log_->stage(bytes, now);
        if (!staged) {
            log_->drop_staged();
            fail(staged.error());
            return staged.error();
        }
    }
    const log::WrittenBatches written = log_->write_staged(now);
    if (written.error) {
        fail(*written.error);
        return *written.error;
    }
    for (const Bytes& bytes : batches) {
        raft::BatchReader reader(bytes);
        raft::LogBatch batch;
        Result<bool> read = reader.next(batch);
        MOLDAU_CHECK(read && *read, "a batch of our own cannot be read");
        if (Result<> ok = apply(batch); !ok) {
            fail(ok.error());
            return ok;
        }
        uncommitted_.push_back({.end = batch.end_offset,
                                .bytes = batch.size_bytes,
                                .is_control = batch.is_control,
                                .timestamp = batch.timestamp,
                                .told = {builder_.share(), builder_.take_changes()}});
        written_ = batch.end_offset;
    }
    return {};
}

void MetadataLog::start_flush() {
    if (flushing_ || failure_ || committed_ >= written_) return;
    flushing_ = true;
    log_->flush(written_, [this, to = written_](const DiskResult<>& done) {
        flushing_ = false;
        if (!done) {
            fail(Error(done.error()));
            return;
        }
        flushed(to);
        start_flush();
    });
}

void MetadataLog::flushed(Offset to) {
    const raft::Effects effects = quorum_->flushed(to);
    if (!effects.high_watermark) return;
    committed_ = *effects.high_watermark;
    std::optional<CommittedImage> told;
    while (!uncommitted_.empty() && uncommitted_.front().end <= committed_) {
        Uncommitted& each = uncommitted_.front();
        if (!each.is_control) schedule_.committed(each.timestamp, each.bytes);
        if (told) merge(each.told.changes, std::move(told->changes));
        told = std::move(each.told);
        uncommitted_.pop_front();
    }
    if (told) {
        told_ = told->image;
        setup_.on_committed(std::move(*told));
        grew_.set();
    }
    moved_.set();
}

void MetadataLog::fail(const Error& error) {
    if (failure_) return;
    failure_ = error;
    moved_.set();
    setup_.on_failure(error);
}

runtime::Task<Result<>> MetadataLog::committed(Offset end) {
    while (committed_ < end && !failure_) {
        if (const auto waited = co_await moved_.wait(); waited != runtime::Waited::ready)
            co_return runtime::error_of(waited);
    }
    if (committed_ < end) co_return *failure_;
    co_return Result<>();
}

runtime::Task<Result<>> MetadataLog::close() {
    if (log_ == nullptr || failure_) co_return Result<>();
    if (Result<> ok = co_await committed(written_); !ok) co_return ok;
    runtime::Ending<DiskResult<>> closed(shard_);
    log_->close(closed.done());
    if (DiskResult<> ok = co_await closed.wait(); !ok) co_return Error(ok.error());
    co_return Result<>();
}

}  // namespace moldau::broker
