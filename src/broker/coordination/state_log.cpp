#include "coordination/state_log.hpp"

#include "moldau/record/control.hpp"
#include "moldau/runtime/disk_wait.hpp"
#include "moldau/runtime/ending.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace moldau::broker {
namespace {

// What a batch of this size may unpack to is bounded anyway; this bounds what a read brings.
constexpr std::size_t kUnpackedMost = std::size_t{64} << 20U;

/// Takes batches apart.
class Parts {
public:
    explicit Parts(StateReader& reader) : reader_(reader) {}

    /// All whole batches of `log` from `next` on; `next` moves behind them.
    Result<> take(BytesView log, Offset& next) {
        while (true) {
            Result<std::optional<record::BatchBytes>> first = record::first_batch(log);
            if (!first) return first.error();
            if (!*first) return {};
            const BytesView bytes = (*first)->bytes;
            log = log.subspan(bytes.size());
            Result<record::BatchView> batch = record::BatchView::of(bytes);
            if (!batch) return batch.error();
            if (batch->next_offset() <= next) continue;
            if (!batch->is_crc_right()) return Error{ErrorCode::corrupt_message, "CRC"};
            if (Result<> ok = take_batch(*batch, next); !ok) return ok;
            next = batch->next_offset();
        }
    }

private:
    Result<> take_batch(const record::BatchView& batch, Offset from) {
        Result<BytesView> records =
            record::unpack_records(batch, kUnpackedMost, unpacker_, unpacked_);
        if (!records) return records.error();
        record::RecordCursor cursor(batch, *records);
        record::RecordView record;
        while (true) {
            Result<bool> more = cursor.next(record);
            if (!more) return more.error();
            if (!*more) return {};
            if (record.offset < from) continue;
            if (batch.is_control()) {
                if (Result<> ok = take_control(batch, record); !ok) return ok;
                continue;
            }
            std::optional<ProducerId> producer;
            if (batch.is_transactional()) producer = batch.producer_id();
            if (Result<> ok = reader_.take(record, producer); !ok) return ok;
        }
    }

    Result<> take_control(const record::BatchView& batch, const record::RecordView& record) {
        Result<record::ControlKey> key =
            record::parse_control_key(record.key.value_or(BytesView()));
        if (!key) return key.error();
        const bool is_commit = key->type == record::ControlType::commit;
        if (is_commit || key->type == record::ControlType::abort)
            reader_.end_transaction(batch.producer_id(), is_commit);
        return {};
    }

    StateReader& reader_;
    record::Unpacker unpacker_;
    record::GrowingBuffer unpacked_;
};

}  // namespace

runtime::Task<Result<>> read_state(BrokerShard* here, TopicPartition id, std::size_t read_bytes,
                                   std::shared_ptr<StateReader> reader) {
    Parts parts(*reader);
    Offset next{-1};
    while (true) {
        // Looked up each time: it may go, or come back as another, while this waits.
        Partition* partition = here->find(id);
        if (partition == nullptr || reader->is_over())
            co_return Error{ErrorCode::not_leader_or_follower, "no longer led here"};
        log::Log& log = partition->log();
        next = std::max(next, log.log_start_offset());
        if (next >= log.end_offset()) co_return Result<>();
        runtime::Ending<Result<FileSlice>> found(here->shard());
        auto at_once = log.read({.from = next, .end = log.end_offset(), .bytes_max = read_bytes},
                                found.done());
        Result<FileSlice> slice = at_once ? std::move(*at_once) : co_await found.wait();
        if (!slice) co_return slice.error();
        if (slice->empty()) co_return Result<>();  // compaction has left nothing at the end
        const std::shared_ptr<File> file = slice->file;
        auto bytes = co_await runtime::read(here->shard(), *file, slice->at, slice->bytes);
        if (!bytes) co_return Error(bytes.error());
        const Offset before = next;
        if (Result<> ok = parts.take(*bytes, next); !ok) {
            co_return Error{ok.error().code,
                            fmt::format("behind offset {}: {}", next.value, ok.error().detail)};
        }
        if (next == before) {
            co_return Error{ErrorCode::corrupt_message,
                            fmt::format("no batch can be read at offset {}", next.value)};
        }
    }
}

}  // namespace moldau::broker
