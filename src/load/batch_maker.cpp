#include "batch_maker.hpp"

#include "value_text.hpp"

#include "moldau/base/crc32c.hpp"
#include "moldau/base/endian.hpp"

#include <algorithm>
#include <string_view>

namespace moldau::load {

using namespace record::at;

BatchMaker::BatchMaker(BatchShape shape)
    : shape_(shape),
      text_(value_text(std::max(shape.batch_bytes, shape.record_bytes) + shape.record_bytes)) {
    builder_.start({});
    while (ends_.size() < static_cast<std::size_t>(shape_.records_max)) {
        const std::size_t before = builder_.plain_bytes();
        const Result<> added = builder_.append(record_at(ends_.size()));
        MOLDAU_CHECK(added.has_value(), "record_bytes={}", shape_.record_bytes);
        if (before != 0 && builder_.plain_bytes() > shape_.batch_bytes) break;
        ends_.push_back(builder_.plain_bytes());
    }
    const Bytes full = builder_.finish(packer_);
    plain_ = full.slice(record::kHeaderBytes, ends_.back());
}

record::NewRecord BatchMaker::record_at(std::size_t index) const {
    const std::string_view value(text_.data() + index * shape_.record_bytes, shape_.record_bytes);
    return {.timestamp = Timestamp{0}, .key = {}, .value = as_bytes(value), .headers = {}};
}

Bytes BatchMaker::records_of(std::int32_t count) {
    if (shape_.packing.codec == record::Codec::none)
        return plain_.slice(0, ends_[static_cast<std::size_t>(count) - 1]);
    Bytes& packed = packed_[count];
    if (!packed.empty()) return packed;
    builder_.start({.packing = shape_.packing});
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        const Result<> added = builder_.append(record_at(i));
        MOLDAU_CHECK(added.has_value(), "record_bytes={}", shape_.record_bytes);
    }
    const Bytes batch = builder_.finish(packer_);
    packed = batch.slice(record::kHeaderBytes, batch.size() - record::kHeaderBytes);
    return packed;
}

MadeBatch BatchMaker::make(std::int32_t count, const BatchHead& head) {
    MadeBatch batch{.header = {}, .records = records_of(count)};
    BytesBuilder room(record::kHeaderBytes);
    std::byte* const to = room.data();
    store_be(to + kBaseOffset, std::int64_t{0});
    store_be(to + kLength, static_cast<std::int32_t>(record::kHeaderBytes + batch.records.size() -
                                                     record::kLogOverheadBytes));
    store_be(to + kLeaderEpoch, std::int32_t{-1});
    store_be(to + kMagic, record::kMagic);
    store_be(to + kAttributes, static_cast<std::uint16_t>(shape_.packing.codec));
    store_be(to + kLastOffsetDelta, count - 1);
    store_be(to + kBaseTimestamp, head.timestamp.ms);
    store_be(to + kMaxTimestamp, head.timestamp.ms);
    store_be(to + kProducerId, head.producer_id.value);
    store_be(to + kProducerEpoch, head.producer_epoch.value);
    store_be(to + kBaseSequence, head.base_sequence);
    store_be(to + kCount, count);
    const BytesView counted{to + kAttributes, record::kHeaderBytes - kAttributes};
    store_be(to + kCrc, crc32c(batch.records, crc32c(counted)));
    batch.header = std::move(room).publish(record::kHeaderBytes);
    return batch;
}

}  // namespace moldau::load
