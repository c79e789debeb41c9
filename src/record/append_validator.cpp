#include "moldau/record/append_validator.hpp"

#include "record_parser.hpp"

#include "moldau/base/crc32c.hpp"
#include "moldau/record/record.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace moldau::record {
namespace {

// What one walk over the records finds.
struct Walk {
    std::int64_t max_timestamp = -1;
    std::int32_t index_of_max_timestamp = 0;
    bool has_timestamp_error = false;
    std::size_t records_refused = 0;
};

// Timestamps that a record may have: [first, last].
struct TimestampBounds {
    std::int64_t first, last;
};

std::int64_t saturated_difference(std::int64_t a, std::int64_t b) {
    std::int64_t difference = 0;
    if (!__builtin_sub_overflow(a, b, &difference)) return difference;
    return a < 0 ? std::numeric_limits<std::int64_t>::min()
                 : std::numeric_limits<std::int64_t>::max();
}

TimestampBounds bounds_of(const AppendRules& rules, Timestamp now) {
    return {saturated_difference(now.ms, rules.timestamp_before_max_ms),
            saturated_difference(now.ms, -rules.timestamp_after_max_ms)};
}

Error invalid(std::string detail) {
    return {ErrorCode::invalid_record, std::move(detail)};
}

// What the header alone tells, before anything is computed over the bytes.
Result<> check_header(const BatchView& batch, const AppendRules& rules) {
    if (batch.bytes().size() > rules.batch_bytes_max) {
        return Error{ErrorCode::message_too_large,
                     fmt::format("a batch of {} bytes, at most {} are taken", batch.bytes().size(),
                                 rules.batch_bytes_max)};
    }
    const std::int32_t count = batch.count();
    if (count <= 0) return invalid(fmt::format("a count of {} records", count));
    if (batch.last_offset_delta() != count - 1) {
        return invalid(fmt::format("a last offset delta of {} for {} records",
                                   batch.last_offset_delta(), count));
    }
    if (rules.origin != AppendOrigin::client) return {};
    if (batch.base_offset() != Offset{0}) {
        return invalid(
            fmt::format("base offset {}: a client's batch starts at 0", batch.base_offset().value));
    }
    if (batch.is_control()) return invalid("a control batch from a client");
    if (batch.has_producer_id() && batch.base_sequence() < 0) {
        return invalid(fmt::format("sequence {} with producer id {}", batch.base_sequence(),
                                   batch.producer_id().value));
    }
    return {};
}

Result<> check_crc(const BatchView& batch) {
    const std::uint32_t computed = batch.computed_crc();
    if (batch.crc() == computed) return {};
    return Error{ErrorCode::corrupt_message,
                 fmt::format("CRC {:08x} stored, {:08x} computed", batch.crc(), computed)};
}

// Walks the records once. The rules are read before the loop: it is where producing spends its
// time.
class Walker {
public:
    Walker(const BatchView& batch, const AppendRules& rules, const AppendPlace& place,
           std::vector<RecordError>& errors)
        : batch_(batch),
          errors_(errors),
          bounds_(bounds_of(rules, place.now)),
          base_timestamp_(batch.base_timestamp().ms),
          batch_append_time_(batch.max_timestamp().ms),
          needs_key_(rules.is_compacted),
          checks_bounds_(rules.timestamp_type == TimestampType::create_time),
          is_log_append_time_(batch.timestamp_type() == TimestampType::log_append_time) {}

    Result<Walk> walk(BytesView records) {
        Walk found;
        const std::int32_t count = batch_.count();
        ParsedRecord record;  // outside: else it is zeroed for each record
        for (std::int32_t index = 0; index < count; ++index) {
            if (const char* wrong = parse_record(records, record); wrong != nullptr)
                return invalid(fmt::format("record {} of {}: {}", index, count, wrong));
            // Kafka stores such an unpacked batch as it is and packs a packed one anew: a log with
            // two records at one offset, or one that a client did not mean.
            if (record.offset_delta != index) {
                return invalid(fmt::format("record {} of {} has the offset delta {}", index, count,
                                           record.offset_delta));
            }
            const std::int64_t timestamp =
                is_log_append_time_
                    ? batch_append_time_
                    : BatchView::wrapping_sum(base_timestamp_, record.timestamp_delta);
            check(record, index, timestamp, found);
            if (timestamp > found.max_timestamp) {
                found.max_timestamp = timestamp;
                found.index_of_max_timestamp = index;
            }
            records = records.subspan(record.size_bytes);
        }
        if (!records.empty()) {
            return invalid(
                fmt::format("{} bytes behind the last of {} records", records.size(), count));
        }
        return found;
    }

private:
    void check(const ParsedRecord& record, std::int32_t index, std::int64_t timestamp,
               Walk& found) {
        if (needs_key_ && record.key_bytes < 0) [[unlikely]]
            return refuse(index, "no key, and the topic is compacted", found);
        if (checks_bounds_ && timestamp != -1) {
            if (timestamp < bounds_.first || timestamp > bounds_.last) [[unlikely]] {
                found.has_timestamp_error = true;
                refuse(index,
                       fmt::format("timestamp {} is outside of [{}, {}]", timestamp, bounds_.first,
                                   bounds_.last),
                       found);
            }
        } else if (is_log_append_time_) [[unlikely]] {
            found.has_timestamp_error = true;
            refuse(index, "the producer set the timestamp type to LogAppendTime", found);
        }
    }

    void refuse(std::int32_t index, std::string why, Walk& found) {
        ++found.records_refused;
        if (errors_.size() < AppendValidator::kRecordErrorsMost)
            errors_.push_back({index, std::move(why)});
    }

    const BatchView& batch_;
    std::vector<RecordError>& errors_;
    TimestampBounds bounds_;
    std::int64_t base_timestamp_;
    std::int64_t batch_append_time_;
    bool needs_key_;
    bool checks_bounds_;
    bool is_log_append_time_;
};

Error records_refused(const Walk& walk) {
    return {walk.has_timestamp_error ? ErrorCode::invalid_timestamp : ErrorCode::invalid_record,
            fmt::format("{} records were refused", walk.records_refused)};
}

// Offsets, epoch, timestamps; then the CRC when it covers something that changed. `codec`: of
// `rest`.
void write_header(const BatchView& batch, const AppendPlace& place, Codec codec,
                  ValidatedBatch& out) {
    const BytesView old = batch.bytes().first(kHeaderBytes);
    std::byte* header = out.header.data();
    std::memcpy(header, old.data(), old.size());
    store_be(header + at::kBaseOffset, place.first_offset.value);
    store_be(header + at::kLeaderEpoch, place.leader_epoch.value);
    store_be(header + at::kLength, static_cast<std::int32_t>(out.size_bytes() - kLogOverheadBytes));
    std::uint32_t attributes = batch.attributes() & ~(kCodecBits | kLogAppendTimeBit);
    // A batch that we write has the bits that we know.
    if (!out.packed_anew.empty()) attributes &= kTransactionalBit | kControlBit;
    attributes |= static_cast<std::uint32_t>(codec);
    if (out.log_append_time.ms != -1) attributes |= kLogAppendTimeBit;
    store_be(header + at::kAttributes, static_cast<std::uint16_t>(attributes));
    store_be(header + at::kMaxTimestamp, out.max_timestamp.ms);

    const BytesView covered = BytesView(out.header).subspan(at::kAttributes);
    if (out.packed_anew.empty() && equal(covered, old.subspan(at::kAttributes))) return;
    store_be(header + at::kCrc, crc32c(out.rest, crc32c(covered)));
}

}  // namespace

std::size_t default_unpacked_bytes_max(std::size_t batch_bytes_max) {
    constexpr std::size_t kLeast = std::size_t{64} << 20U;
    constexpr std::size_t kRatio = 16;
    constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
    return std::min(kMost, std::max(kLeast, batch_bytes_max * kRatio));
}

Result<ValidatedBatch> AppendValidator::validate(BytesView records, const AppendRules& rules,
                                                 const AppendPlace& place,
                                                 std::vector<RecordError>& errors) {
    errors.clear();
    const Result<BatchView> batch = only_batch(records);
    if (!batch) return batch.error();
    if (Result<> ok = check_header(*batch, rules); !ok) return ok.error();
    if (Result<> ok = check_crc(*batch); !ok) return ok.error();
    const Result<Codec> codec = batch->codec();
    if (!codec) return codec.error();

    // Packed records are always opened: their count, offsets, keys and timestamps are rules.
    const std::size_t unpacked_max =
        rules.unpacked_bytes_max.value_or(default_unpacked_bytes_max(rules.batch_bytes_max));
    const Result<BytesView> plain = unpack_records(*batch, unpacked_max, unpacker_, unpacked_);
    if (!plain) return plain.error();
    const Result<Walk> walk = Walker(*batch, rules, place, errors).walk(*plain);
    if (!walk) return walk.error();
    if (walk->records_refused != 0) return records_refused(*walk);

    ValidatedBatch out;
    out.rest = batch->records();
    out.offsets = {place.first_offset, place.first_offset + batch->count()};
    out.max_timestamp = {walk->max_timestamp};
    out.offset_of_max_timestamp = place.first_offset + walk->index_of_max_timestamp;
    if (rules.timestamp_type == TimestampType::log_append_time) {
        out.log_append_time = out.max_timestamp = place.now;
        out.offset_of_max_timestamp = place.first_offset;
    }

    // Records keep their deltas, so the unpacked bytes can be packed anew as they are. Control
    // records are read by brokers that do not want to unpack: they are stored as their writer
    // packed them.
    const Packing packing = rules.packing.value_or(Packing{*codec, std::nullopt});
    const bool is_packed_anew = packing.codec != *codec && !batch->is_control();
    if (is_packed_anew) {
        GrowingBuffer packed;
        packer_.pack(packing, *plain, packed);
        out.packed_anew = packed.publish();
        out.rest = out.packed_anew;
        if (out.size_bytes() > rules.batch_bytes_max) {
            return Error{
                ErrorCode::message_too_large,
                fmt::format("a batch of {} bytes when packed with {}, at most {} are taken",
                            out.size_bytes(), name(packing.codec), rules.batch_bytes_max)};
        }
    }
    write_header(*batch, place, is_packed_anew ? packing.codec : *codec, out);
    return out;
}

}  // namespace moldau::record
