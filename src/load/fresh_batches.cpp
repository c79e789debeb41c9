#include "fresh_batches.hpp"

#include "stamp.hpp"
#include "value_text.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace moldau::load {
namespace {

// Besides key and value: lengths, deltas, attributes.
constexpr double kRecordOverhead = 8;
// Values begin anywhere in this much text, so that those of a batch differ.
constexpr std::size_t kTextBytes = 64U << 10U;

std::int32_t records_of(const FreshShape& shape) {
    const double record = shape.record_bytes.mean() + kRecordOverhead +
                          static_cast<double>(shape.keys ? shape.keys->key_bytes() : 0);
    const double records = std::floor(static_cast<double>(shape.batch_bytes) / record);
    return static_cast<std::int32_t>(
        std::clamp(records, 1.0, static_cast<double>(shape.records_max)));
}

}  // namespace

FreshBatches::FreshBatches(FreshShape shape)
    : shape_(std::move(shape)),
      draws_(shape_.seed),
      text_(value_text(kTextBytes + shape_.record_bytes.most())),
      key_(shape_.keys ? shape_.keys->key_bytes() : 0, '0'),
      records_per_batch_(records_of(shape_)) {
    MOLDAU_CHECK(!shape_.run || shape_.record_bytes.least() >= kStampBytes, "record_bytes={}",
                 shape_.record_bytes.least());
}

/// Valid until the next call.
BytesView FreshBatches::value_of(std::size_t size, std::optional<MonoTime> time) {
    const std::string_view text(text_.data() + draws_.below(kTextBytes), size);
    if (!time) return as_bytes(text);
    stamped_.assign(as_bytes(text).begin(), as_bytes(text).end());
    write_stamp(stamped_.data(), *shape_.run, *time);
    return stamped_;
}

FreshBatch FreshBatches::make(std::int32_t count, std::int32_t partition, const BatchHead& head,
                              std::span<const MonoTime> times) {
    FreshBatch batch;
    builder_.start({.packing = shape_.packing,
                    .producer_id = head.producer_id,
                    .producer_epoch = head.producer_epoch,
                    .base_sequence = head.base_sequence});
    while (batch.count < count) {
        const std::size_t size = shape_.record_bytes.draw(draws_);
        if (batch.count > 0 && builder_.plain_bytes() + key_.size() + size > shape_.batch_bytes)
            break;
        record::NewRecord record{
            .timestamp = head.timestamp, .key = {}, .value = {}, .headers = {}};
        if (shape_.keys) {
            shape_.keys->write(shape_.keys->draw_key(partition, draws_), key_);
            record.key = as_bytes(key_);
        }
        std::optional<MonoTime> time;
        if (shape_.run) time = times[static_cast<std::size_t>(batch.count)];
        record.value = value_of(size, time);
        const Result<> added = builder_.append(record);
        MOLDAU_CHECK(added.has_value(), "record_bytes={}", size);
        ++batch.count;
        batch.value_bytes += size;
    }
    batch.bytes = builder_.finish(packer_);
    return batch;
}

}  // namespace moldau::load
