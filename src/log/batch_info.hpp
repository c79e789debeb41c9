// What a log needs to know of a batch, of any magic, from its first bytes.
#pragma once

#include "moldau/record/batch.hpp"

#include <cstdint>
#include <limits>
#include <optional>

namespace moldau::log {

struct BatchInfo {
    Offset base_offset;  // of an old message: its last one
    Offset last_offset;
    Timestamp max_timestamp;
    LeaderEpoch leader_epoch{-1};
    std::uint32_t size_bytes = 0;
    std::int8_t magic = record::kMagic;

    Offset next_offset() const { return last_offset + 1; }
};

/// Nothing: `bytes` hold no batch's header, only a part of one, or what no batch says.
inline std::optional<BatchInfo> batch_info(BytesView bytes) {
    // Old messages: offset (int64), size (int32), CRC (uint32), magic, attributes, from magic 1 on
    // a timestamp (int64), then key and value.
    constexpr std::size_t kOldTimestamp = 18;
    constexpr std::int32_t kOldSizeLeast = 14;
    if (bytes.size() <= record::at::kMagic) return std::nullopt;
    const auto* data = bytes.data();
    const auto length = load_be<std::int32_t>(data + record::at::kLength);
    BatchInfo info;
    info.base_offset = {load_be<std::int64_t>(data)};
    info.magic = static_cast<std::int8_t>(data[record::at::kMagic]);
    if (info.base_offset.value < 0 || length < kOldSizeLeast) return std::nullopt;
    info.size_bytes =
        static_cast<std::uint32_t>(length) + static_cast<std::uint32_t>(record::kLogOverheadBytes);
    if (info.magic == record::kMagic) {
        if (bytes.size() < record::kHeaderBytes || info.size_bytes < record::kHeaderBytes)
            return std::nullopt;
        const auto delta = load_be<std::int32_t>(data + record::at::kLastOffsetDelta);
        if (delta < 0 ||
            info.base_offset.value > std::numeric_limits<std::int64_t>::max() - delta - 1)
            return std::nullopt;
        info.last_offset = info.base_offset + delta;
        info.max_timestamp = {load_be<std::int64_t>(data + record::at::kMaxTimestamp)};
        info.leader_epoch = {load_be<std::int32_t>(data + record::at::kLeaderEpoch)};
        return info;
    }
    if (info.magic != 0 && info.magic != 1) return std::nullopt;
    if (info.base_offset.value == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    info.last_offset = info.base_offset;
    if (info.magic == 1) {
        if (bytes.size() < kOldTimestamp + 8) return std::nullopt;
        info.max_timestamp = {load_be<std::int64_t>(data + kOldTimestamp)};
    }
    return info;
}

}  // namespace moldau::log
