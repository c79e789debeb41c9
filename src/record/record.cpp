#include "moldau/record/record.hpp"

#include "record_parser.hpp"

#include <fmt/core.h>

namespace moldau::record {
namespace {

std::optional<BytesView> nullable(const std::byte* bytes, std::int32_t length) {
    if (length < 0) return std::nullopt;
    return BytesView(bytes, static_cast<std::size_t>(length));
}

}  // namespace

void Headers::Iterator::read() {
    if (left_ <= 0) return;
    const std::byte* const end = bytes_.data() + bytes_.size();
    std::int32_t length = 0;
    const std::byte* from = read_varint(bytes_.data(), end, length);
    MOLDAU_CHECK(from != nullptr && length >= 0 && length <= end - from);
    header_.key = as_text({from, static_cast<std::size_t>(length)});
    from = read_varint(from + length, end, length);
    MOLDAU_CHECK(from != nullptr && length <= end - from);
    header_.value = nullable(from, length);
    from = skip_bytes(from, end, length);
    bytes_ = {from, static_cast<std::size_t>(end - from)};
}

RecordCursor::RecordCursor(const BatchView& batch, BytesView records, std::size_t record_bytes_max)
    : left_(records),
      record_bytes_max_(record_bytes_max),
      base_offset_(batch.base_offset().value),
      base_timestamp_(batch.base_timestamp().ms),
      log_append_time_(batch.max_timestamp().ms),
      base_sequence_(batch.base_sequence()),
      count_(batch.count()),
      is_log_append_time_(batch.timestamp_type() == TimestampType::log_append_time) {}

Result<bool> RecordCursor::next(RecordView& record) {
    if (read_ == count_) {
        if (left_.empty()) return false;
        return Error{ErrorCode::invalid_record,
                     fmt::format("{} bytes behind the last of {} records", left_.size(), count_)};
    }
    if (count_ < 0)
        return Error{ErrorCode::invalid_record, fmt::format("a count of {} records", count_)};
    ParsedRecord parsed;
    if (const char* wrong = parse_record(left_, parsed); wrong != nullptr) {
        return Error{ErrorCode::invalid_record,
                     fmt::format("record {} of {}: {}", read_, count_, wrong)};
    }
    if (parsed.size_bytes > record_bytes_max_) {
        return Error{ErrorCode::invalid_record,
                     fmt::format("record {} of {}: {} bytes, at most {} are taken", read_, count_,
                                 parsed.size_bytes, record_bytes_max_)};
    }
    ++read_;
    left_ = left_.subspan(parsed.size_bytes);

    record.size_bytes = parsed.size_bytes;
    record.attributes = parsed.attributes;
    record.offset_delta = parsed.offset_delta;
    record.offset = {BatchView::wrapping_sum(base_offset_, parsed.offset_delta)};
    record.timestamp = {is_log_append_time_
                            ? log_append_time_
                            : BatchView::wrapping_sum(base_timestamp_, parsed.timestamp_delta)};
    record.sequence =
        base_sequence_ < 0 ? kNoSequence : add_sequence(base_sequence_, parsed.offset_delta);
    record.key = nullable(parsed.key, parsed.key_bytes);
    record.value = nullable(parsed.value, parsed.value_bytes);
    record.headers =
        Headers({parsed.headers, static_cast<std::size_t>(parsed.end - parsed.headers)},
                parsed.header_count);
    return true;
}

Result<BytesView> unpack_records(const BatchView& batch, std::size_t bytes_max, Unpacker& unpacker,
                                 GrowingBuffer& scratch) {
    const Result<Codec> codec = batch.codec();
    if (!codec) return codec.error();
    // A batch that compaction has emptied keeps its header alone.
    if (*codec == Codec::none || (batch.count() == 0 && batch.records().empty()))
        return batch.records();
    scratch.clear();
    if (Result<> ok = unpacker.unpack(*codec, batch.records(), bytes_max, scratch); !ok)
        return ok.error();
    return scratch.view();
}

}  // namespace moldau::record
