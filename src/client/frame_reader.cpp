#include "frame_reader.hpp"

#include "moldau/base/endian.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace moldau::client {

MutableBytes FrameReader::room() {
    if (builder_.capacity() == 0) builder_ = BytesBuilder(kChunk);
    if (filled_ == builder_.capacity()) {
        // Doubling: what is held is at most twice what has come, whatever the frame declares. A
        // frame's size has been checked, so that its end is where growing may stop.
        std::size_t wanted = builder_.capacity() * 2;
        const auto end = frame_end({builder_.data(), filled_});
        if (end && *end) wanted = std::min(wanted, std::max(**end, filled_ + kSizeBytes));
        builder_.grow(wanted);
    }
    return builder_.room().subspan(filled_);
}

Result<std::optional<std::size_t>> FrameReader::frame_end(BytesView from) const {
    if (from.size() < kSizeBytes) return std::optional<std::size_t>{};
    const auto size = load_be<std::int32_t>(from.data());
    if (size < 0 || size > frame_bytes_max_)
        return Error{
            ErrorCode::invalid_request,
            fmt::format("a reply declares {} bytes, allowed are {}", size, frame_bytes_max_)};
    return std::optional(kSizeBytes + static_cast<std::size_t>(size));
}

Result<std::optional<Bytes>> FrameReader::next() {
    if (whole_.empty()) {
        const auto end = frame_end({builder_.data(), filled_});
        if (!end) return end.error();
        if (!*end || **end > filled_) return std::optional<Bytes>{};
        whole_ = std::move(builder_).publish(std::exchange(filled_, 0));
    }
    const auto end = frame_end(whole_);
    if (!end) return end.error();
    if (*end && **end <= whole_.size()) {
        Bytes frame = whole_.slice(kSizeBytes, **end - kSizeBytes);
        whole_ = whole_.slice(**end, whole_.size() - **end);
        return std::optional(std::move(frame));
    }
    // A part of a frame is left: it begins the next buffer.
    builder_ = BytesBuilder(std::max(kChunk, whole_.size()));
    std::memcpy(builder_.data(), whole_.data(), whole_.size());
    filled_ = whole_.size();
    whole_ = {};
    return std::optional<Bytes>{};
}

}  // namespace moldau::client
