#include "echo_log.hpp"

#include "moldau/runtime/disk_wait.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace moldau::sim {

using runtime::Task;
using runtime::Waited;

namespace {
constexpr std::uint64_t kAllocateBytes = 64 << 10;
}

Task<DiskResult<>> EchoLog::open(Replayed replayed) {
    if (auto made = disk_.create_directories(directory_); !made) co_return made;
    auto file = disk_.open(directory_ + "/echo.log", OpenMode::create_if_none);
    if (!file) co_return file.error();
    file_ = std::move(*file);
    auto bytes = co_await read_all();
    if (!bytes) co_return bytes.error();
    if (auto recovered = recover(*bytes, replayed); !recovered) co_return recovered;
    // What was recovered may still be in the page cache alone: durable before it is served.
    auto synced = co_await runtime::sync(shard_, *file_);
    if (!synced) co_return synced;
    if (bug_ == EchoBug::skip_directory_sync) co_return DiskResult<>{};
    for (std::string path = directory_; !path.empty(); path.resize(path.rfind('/'))) {
        synced = co_await runtime::sync_directory(shard_, disk_, path);
        if (!synced) co_return synced;
    }
    co_return co_await runtime::sync_directory(shard_, disk_, "/");
}

Task<DiskResult<std::string>> EchoLog::read_all() {
    const auto size = file_->size();
    if (!size) co_return size.error();
    std::string bytes;
    std::array<std::byte, 8192> buffer;
    while (bytes.size() < *size) {
        const auto got = file_->try_read(bytes.size(), buffer);
        if (!got) co_return got.error();
        if (got->would_block) {
            const auto cold = co_await runtime::read(shard_, *file_, bytes.size(), buffer.size());
            if (!cold) co_return cold.error();
            bytes += as_text(*cold);
        } else {
            bytes += as_text(BytesView(buffer).first(got->bytes));
        }
    }
    co_return bytes;
}

DiskResult<> EchoLog::recover(const std::string& bytes, const Replayed& replayed) {
    for (;;) {
        const auto record =
            parse_record(as_bytes(bytes).subspan(end_), bug_ != EchoBug::trust_torn_records);
        if (!record || record->message.sequence != last_[record->message.client] + 1) break;
        ++last_[record->message.client];
        replayed(record->message);
        end_ += record->size;
    }
    durable_end_ = end_;
    // Zeros, not old records, behind the end.
    if (auto cut = file_->truncate(end_); !cut) return cut;
    return make_room();
}

DiskResult<> EchoLog::make_room() {
    auto made = file_->preallocate(end_ + kAllocateBytes);
    if (made) allocated_ = end_ + kAllocateBytes;
    return made;
}

DiskResult<std::uint64_t> EchoLog::append(const EchoMessage& message) {
    if (failed_) return DiskError{DiskFault::failed, "the log has failed before"};
    std::uint64_t& last = last_[message.client];
    if (message.sequence <= last) return end_;  // it is before the end, whatever its place
    if (message.sequence != last + 1)
        return DiskError{DiskFault::denied, fmt::format("client={} sequence={} after {}",
                                                        message.client, message.sequence, last)};
    std::string record;
    append_record(record, message);
    DiskResult<> done;
    if (end_ + record.size() > allocated_) done = make_room();
    const std::array pieces{as_bytes(record)};
    if (done) done = file_->write(end_, pieces);
    if (!done) {
        // No room is no damage: nothing counts as written, and it may work later.
        failed_ = done.error().fault != DiskFault::no_space;
        settled_.set();
        appended_.set();
        return done.error();
    }
    last = message.sequence;
    end_ += record.size();
    appended_.set();
    return end_;
}

Task<Result<>> EchoLog::until_durable(std::uint64_t end) {
    if (bug_ == EchoBug::skip_sync) co_return Result<>{};
    while (durable_end_ < end && !failed_) {
        const Waited waited = co_await settled_.wait();
        if (waited != Waited::ready) co_return runtime::error_of(waited);
    }
    if (durable_end_ < end) co_return Error{ErrorCode::kafka_storage_error, "the log has failed"};
    co_return Result<>{};
}

Task<> EchoLog::keep_durable() {
    while (!failed_) {
        if (durable_end_ == end_) {
            if (co_await appended_.wait() != Waited::ready) co_return;
            continue;
        }
        const std::uint64_t end = end_;
        auto synced = co_await runtime::sync(shard_, *file_);
        if (!synced && bug_ == EchoBug::retry_failed_sync)
            synced = co_await runtime::sync(shard_, *file_);
        if (!synced && synced.error().fault == DiskFault::cancelled) co_return;
        if (!synced) {
            failed_ = true;
            shard_.log().error("log has failed detail='{}'", synced.error().detail);
        } else {
            durable_end_ = bug_ == EchoBug::sync_too_early ? end_ : end;
        }
        settled_.set();
    }
}

}  // namespace moldau::sim
