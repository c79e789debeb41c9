#include "moldau/raft/log_batches.hpp"

#include "moldau/record/batch.hpp"
#include "moldau/record/builder.hpp"
#include "moldau/record/record.hpp"

#include <fmt/core.h>

namespace moldau::raft {
namespace {

record::BatchOptions options_of(const BatchPlace& place, bool is_control) {
    return {
        .base_offset = place.base_offset, .leader_epoch = place.epoch, .is_control = is_control};
}

Error corrupt(Offset at, std::string_view what) {
    return {ErrorCode::corrupt_message,
            fmt::format("metadata log, batch at offset {}: {}", at.value, what)};
}

Error invalid(Offset at, std::string_view what) {
    return {ErrorCode::invalid_record, fmt::format("metadata log, offset {}: {}", at.value, what)};
}

}  // namespace

Result<bool> BatchReader::next(LogBatch& batch) {
    if (left_.empty()) return false;
    const Result<std::optional<record::BatchBytes>> found = record::first_batch(left_);
    if (!found) return found.error();
    if (!*found) {
        return Error{ErrorCode::corrupt_message,
                     fmt::format("metadata log: {} bytes at its end are no batch", left_.size())};
    }
    const BytesView bytes = (*found)->bytes;
    if (Result<> ok = read(bytes, batch); !ok) return ok.error();
    left_ = left_.subspan(bytes.size());
    return true;
}

Result<> BatchReader::read(BytesView bytes, LogBatch& batch) {
    const Result<record::BatchView> view = record::BatchView::of(bytes);
    if (!view) return view.error();
    if (!view->is_crc_right()) return corrupt(view->base_offset(), "its CRC is wrong");
    if (view->count() <= 0) return corrupt(view->base_offset(), "it holds no record");
    batch.base_offset = view->base_offset();
    batch.end_offset = view->next_offset();
    batch.epoch = view->leader_epoch();
    batch.timestamp = view->max_timestamp();
    batch.size_bytes = bytes.size();
    batch.is_control = view->is_control();
    batch.control.clear();
    batch.payloads.clear();

    scratch_.clear();
    const Result<BytesView> records =
        record::unpack_records(*view, kUnpackedBytesMax, unpacker_, scratch_);
    if (!records) return records.error();
    record::RecordCursor cursor(*view, *records);
    record::RecordView record;
    for (Offset expected = batch.base_offset;; expected = expected + 1) {
        const Result<bool> more = cursor.next(record);
        if (!more) return more.error();
        if (!*more) {
            if (expected == batch.end_offset) return {};
            return invalid(expected, "records are missing at the end of the batch");
        }
        if (record.offset != expected) return invalid(expected, "a gap between the records");
        if (!record.value) return invalid(expected, "a record without a value");
        if (!batch.is_control) {
            batch.payloads.push_back(*record.value);
            continue;
        }
        Result<ControlRecord> control =
            decode_control(record.key.value_or(BytesView()), *record.value);
        if (!control) return invalid(expected, control.error().detail);
        batch.control.push_back(std::move(*control));
    }
}

Bytes control_batch(const BatchPlace& place, std::span<const ControlRecord> records) {
    MOLDAU_CHECK(!records.empty());
    record::BatchBuilder builder;
    builder.start(options_of(place, true));
    for (const ControlRecord& record : records) {
        const EncodedControl encoded = encode_control(record);
        const Result<> appended = builder.append({.timestamp = place.timestamp,
                                                  .key = encoded.key.view(),
                                                  .value = encoded.value.view(),
                                                  .headers = {}});
        MOLDAU_CHECK(appended.has_value(), "{}", appended.error().detail);
    }
    record::Packer packer;
    return builder.finish(packer);
}

Result<Bytes> data_batch(const BatchPlace& place, std::span<const Bytes> payloads) {
    MOLDAU_CHECK(!payloads.empty());
    record::BatchBuilder builder;
    builder.start(options_of(place, false));
    for (const Bytes& payload : payloads) {
        if (Result<> ok = builder.append({.timestamp = place.timestamp,
                                          .key = std::nullopt,
                                          .value = payload.view(),
                                          .headers = {}});
            !ok)
            return ok.error();
        if (builder.plain_bytes() > kBatchBytesMax) {
            return Error{ErrorCode::message_too_large,
                         fmt::format("{} metadata records together are more than {} bytes",
                                     payloads.size(), kBatchBytesMax)};
        }
    }
    record::Packer packer;
    return builder.finish(packer);
}

}  // namespace moldau::raft
