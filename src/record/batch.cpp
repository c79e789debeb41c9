#include "moldau/record/batch.hpp"

#include "legacy_layout.hpp"

#include "moldau/base/crc32.hpp"
#include "moldau/base/crc32c.hpp"

#include <fmt/core.h>

namespace moldau::record {

Result<std::optional<BatchBytes>> first_batch(BytesView log) {
    if (log.size() < kLogOverheadBytes) return std::optional<BatchBytes>();
    const auto length = load_be<std::int32_t>(log.data() + at::kLength);
    if (length < legacy::kOverheadBytesV0) {
        return Error{ErrorCode::corrupt_message,
                     fmt::format("a batch of length {}, less than any has", length)};
    }
    if (log.size() <= at::kMagic) return std::optional<BatchBytes>();
    const auto magic = load_be<std::int8_t>(log.data() + at::kMagic);
    if (magic < 0 || magic > kMagic) {
        return Error{ErrorCode::corrupt_message,
                     fmt::format("a batch of magic {}, which does not exist", magic)};
    }
    const std::size_t size = kLogOverheadBytes + static_cast<std::size_t>(length);
    if (size > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
        return Error{ErrorCode::corrupt_message,
                     fmt::format("a batch of length {}, more than any has", length)};
    }
    if (magic == kMagic && size < kHeaderBytes) {
        return Error{ErrorCode::corrupt_message,
                     fmt::format("a batch of {} bytes, less than a header", size)};
    }
    if (log.size() < size) return std::optional<BatchBytes>();
    return std::optional<BatchBytes>({log.first(size), magic});
}

Result<> check_batch(const BatchBytes& batch) {
    if (batch.magic == kMagic) {
        const Result<BatchView> view = BatchView::of(batch.bytes);
        if (!view) return view.error();
        if (view->is_crc_right()) return {};
        return Error{ErrorCode::corrupt_message,
                     fmt::format("CRC {:08x} stored, {:08x} computed, base offset {}", view->crc(),
                                 view->computed_crc(), view->base_offset().value)};
    }
    const std::size_t least = kLogOverheadBytes + (batch.magic == 0 ? legacy::kOverheadBytesV0
                                                                    : legacy::kOverheadBytesV1);
    if (batch.bytes.size() < least) {
        return Error{ErrorCode::corrupt_message,
                     fmt::format("a message of {} bytes, less than a header", batch.bytes.size())};
    }
    const auto stored = load_be<std::uint32_t>(batch.bytes.data() + legacy::kCrc);
    const std::uint32_t computed = crc32(batch.bytes.subspan(legacy::kMagic));
    if (stored == computed) return {};
    return Error{ErrorCode::corrupt_message,
                 fmt::format("CRC {:08x} stored, {:08x} computed, a message of magic {}", stored,
                             computed, batch.magic)};
}

Result<BatchView> BatchView::of(BytesView bytes) {
    if (bytes.size() < kHeaderBytes) {
        return Error{ErrorCode::corrupt_message,
                     fmt::format("a batch of {} bytes, less than a header", bytes.size())};
    }
    const BatchView view(bytes);
    const auto length = view.load<std::int32_t>(at::kLength);
    if (length < 0 || static_cast<std::size_t>(length) + kLogOverheadBytes != bytes.size()) {
        return Error{ErrorCode::corrupt_message,
                     fmt::format("a batch of length {} in {} bytes", length, bytes.size())};
    }
    if (const auto magic = view.load<std::int8_t>(at::kMagic); magic != kMagic)
        return Error{ErrorCode::corrupt_message, fmt::format("magic {} instead of 2", magic)};
    return view;
}

std::uint32_t BatchView::computed_crc() const {
    return crc32c(bytes_.subspan(at::kAttributes));
}

Result<BatchView> only_batch(BytesView records) {
    const Result<std::optional<BatchBytes>> first = first_batch(records);
    if (!first) return first.error();
    if (!first->has_value()) return Error{ErrorCode::invalid_record, "no whole batch"};
    if ((*first)->magic != kMagic) {
        return Error{ErrorCode::invalid_record,
                     fmt::format("magic {}: only batches of magic 2 are taken", (*first)->magic)};
    }
    const BytesView rest = records.subspan((*first)->bytes.size());
    if (!rest.empty()) {
        // Broken bytes behind the batch are told as what they are: corrupt.
        const Result<std::optional<BatchBytes>> second = first_batch(rest);
        if (!second) return second.error();
        return Error{ErrorCode::invalid_record, "more than one batch for a partition"};
    }
    return BatchView::of((*first)->bytes);
}

}  // namespace moldau::record
