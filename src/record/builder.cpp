#include "moldau/record/builder.hpp"

#include "moldau/base/crc32c.hpp"
#include "moldau/base/varint.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace moldau::record {
namespace {

constexpr std::size_t kBytesMost = std::numeric_limits<std::int32_t>::max();

std::size_t nullable_size(const std::optional<BytesView>& bytes) {
    if (!bytes) return varint_size(-1);
    return varint_size(static_cast<std::int32_t>(bytes->size())) + bytes->size();
}

std::byte* write_bytes(std::byte* to, BytesView bytes) {
    to = write_varint(to, static_cast<std::int32_t>(bytes.size()));
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    return to + bytes.size();
}

std::byte* write_nullable(std::byte* to, const std::optional<BytesView>& bytes) {
    return bytes ? write_bytes(to, *bytes) : write_varint(to, -1);
}

// The sum of what a record's variable parts hold, so that sizes can be added without overflow.
bool is_representable(const NewRecord& record) {
    std::size_t left = kBytesMost / 2;
    const auto takes = [&left](std::size_t size) {
        if (size > left) return false;
        left -= size;
        return true;
    };
    if (record.key && !takes(record.key->size())) return false;
    if (record.value && !takes(record.value->size())) return false;
    return std::ranges::all_of(record.headers, [&](const HeaderView& header) {
        return takes(header.key.size()) && (!header.value || takes(header.value->size())) &&
               takes(2 * kMaxVarintBytes);
    });
}

}  // namespace

void BatchBuilder::start(const BatchOptions& options) {
    options_ = options;
    records_.clear();
    next_offset_ = options.base_offset;
    base_timestamp_ = options.delete_horizon.value_or(Timestamp{}).ms;
    max_timestamp_ = -1;
    count_ = 0;
}

Result<> BatchBuilder::append_at(Offset offset, const NewRecord& record) {
    MOLDAU_CHECK(offset >= next_offset_ &&
                     offset - options_.base_offset < std::numeric_limits<std::int32_t>::max(),
                 "offset={} next={} base={}", offset.value, next_offset_.value,
                 options_.base_offset.value);
    if (!is_representable(record))
        return Error{ErrorCode::message_too_large, "a record of more than 1 GiB"};
    if (count_ == 0 && !options_.delete_horizon) base_timestamp_ = record.timestamp.ms;

    const auto offset_delta = static_cast<std::int32_t>(offset - options_.base_offset);
    const std::int64_t timestamp_delta =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(record.timestamp.ms) -
                                  static_cast<std::uint64_t>(base_timestamp_));
    const auto header_count = static_cast<std::int32_t>(record.headers.size());
    std::size_t body = 1 + varlong_size(timestamp_delta) + varint_size(offset_delta) +
                       nullable_size(record.key) + nullable_size(record.value) +
                       varint_size(header_count);
    for (const HeaderView& header : record.headers)
        body += nullable_size(as_bytes(header.key)) + nullable_size(header.value);
    const std::size_t size = varint_size(static_cast<std::int32_t>(body)) + body;
    if (size > kBytesMost - kHeaderBytes - records_.size())
        return Error{ErrorCode::message_too_large, "a batch of more than 2^31 - 1 bytes"};

    std::byte* to = records_.room(size).data();
    to = write_varint(to, static_cast<std::int32_t>(body));
    *to++ = std::byte{0};
    to = write_varlong(to, timestamp_delta);
    to = write_varint(to, offset_delta);
    to = write_nullable(to, record.key);
    to = write_nullable(to, record.value);
    to = write_varint(to, header_count);
    for (const HeaderView& header : record.headers) {
        to = write_bytes(to, as_bytes(header.key));
        to = write_nullable(to, header.value);
    }
    records_.commit(size);
    max_timestamp_ = std::max(max_timestamp_, record.timestamp.ms);
    next_offset_ = offset + 1;
    ++count_;
    return {};
}

void BatchBuilder::keep_last_offset(Offset last, Timestamp max_timestamp) {
    MOLDAU_CHECK(last + 1 >= next_offset_ &&
                     last - options_.base_offset < std::numeric_limits<std::int32_t>::max(),
                 "last={} next={}", last.value, next_offset_.value);
    next_offset_ = last + 1;
    max_timestamp_ = std::max(max_timestamp_, max_timestamp.ms);
}

Bytes BatchBuilder::finish(Packer& packer) {
    GrowingBuffer batch;
    std::byte* header = batch.room(kHeaderBytes + records_.size()).data();
    std::memset(header, 0, kHeaderBytes);
    batch.commit(kHeaderBytes);
    packer.pack(options_.packing, records_.view(), batch);

    unsigned attributes = static_cast<unsigned>(options_.packing.codec);
    if (options_.log_append_time) attributes |= kLogAppendTimeBit;
    if (options_.is_transactional) attributes |= kTransactionalBit;
    if (options_.is_control) attributes |= kControlBit;
    if (options_.delete_horizon) attributes |= kDeleteHorizonBit;

    header = batch.data();
    store_be(header + at::kBaseOffset, options_.base_offset.value);
    store_be(header + at::kLeaderEpoch, options_.leader_epoch.value);
    store_be(header + at::kMagic, kMagic);
    store_be(header + at::kAttributes, static_cast<std::uint16_t>(attributes));
    store_be(header + at::kLastOffsetDelta,
             static_cast<std::int32_t>(next_offset_ - options_.base_offset - 1));
    store_be(header + at::kBaseTimestamp, base_timestamp_);
    store_be(header + at::kMaxTimestamp,
             options_.log_append_time.value_or(Timestamp{max_timestamp_}).ms);
    store_be(header + at::kProducerId, options_.producer_id.value);
    store_be(header + at::kProducerEpoch, options_.producer_epoch.value);
    store_be(header + at::kBaseSequence, options_.base_sequence);
    store_be(header + at::kCount, count_);
    seal({header, batch.size()});
    return batch.publish();
}

void seal(MutableBytes batch) {
    MOLDAU_CHECK(batch.size() >= kHeaderBytes && batch.size() <= kBytesMost, "size={}",
                 batch.size());
    store_be(batch.data() + at::kLength,
             static_cast<std::int32_t>(batch.size() - kLogOverheadBytes));
    store_be(batch.data() + at::kCrc, crc32c(BytesView(batch).subspan(at::kAttributes)));
}

}  // namespace moldau::record
