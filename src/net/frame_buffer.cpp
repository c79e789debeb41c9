#include "frame_buffer.hpp"

#include "moldau/base/endian.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace moldau::net {

MutableBytes FrameBuffer::room() {
    if (builder_.capacity() == 0) builder_.grow(chunk_);
    if (frame_end_ && *frame_end_ > builder_.capacity() && filled_ == builder_.capacity()) {
        builder_.grow(std::min(*frame_end_, std::max(2 * filled_, chunk_)));
    } else if (filled_ == builder_.capacity()) {
        builder_.grow(2 * filled_ + kSizeBytes);
    }
    // A frame larger than a chunk is read up to its end, so that its buffer becomes the frame
    // without a copy.
    const bool large = frame_end_ && *frame_end_ > kChunkMax;
    const std::size_t end =
        large ? std::min(*frame_end_, builder_.capacity()) : builder_.capacity();
    return builder_.room().subspan(filled_, end - filled_);
}

void FrameBuffer::adapt(std::size_t room, std::size_t count) {
    if (count == room) {
        chunk_ = std::min(2 * chunk_, kChunkMax);
    } else if (count < chunk_ / 4) {
        chunk_ = std::max(chunk_ / 2, kChunkMin);
    }
}

Result<> FrameBuffer::filled(std::size_t count) {
    const std::size_t capacity = builder_.capacity();
    MOLDAU_CHECK(count <= capacity - filled_, "count={} filled={} capacity={}", count, filled_,
                 capacity);
    adapt(capacity - filled_, count);
    filled_ += count;
    return cut();
}

Result<> FrameBuffer::cut() {
    MOLDAU_CHECK(ready_at_ == ready_.size(), "frames were not taken before the next read");
    std::size_t at = 0;
    frame_end_.reset();
    while (filled_ - at >= kSizeBytes) {
        const auto size = load_be<std::int32_t>(builder_.data() + at);
        if (size < 0 || size > frame_bytes_max_) {
            return Error{ErrorCode::invalid_request,
                         fmt::format("frame size {} is outside 0 to {}", size, frame_bytes_max_)};
        }
        const std::size_t end = at + kSizeBytes + static_cast<std::size_t>(size);
        if (end > filled_) {
            frame_end_ = end - at;
            break;
        }
        at = end;
    }
    ready_at_ = 0;
    if (at == 0) {
        ready_ = {};
        return {};
    }
    const std::size_t tail = filled_ - at;
    BytesBuilder next;
    if (tail > 0) {
        next.grow(std::max(chunk_, tail + kSizeBytes));
        std::memcpy(next.data(), builder_.data() + at, tail);
    }
    // What waits for its answer pins this memory: hand over the buffer only when it is mostly
    // filled.
    const bool dense = 4 * at >= builder_.capacity();
    ready_ = dense ? std::move(builder_).publish(at) : Bytes::copy_of({builder_.data(), at});
    if (dense || tail > 0) builder_ = std::move(next);
    filled_ = tail;
    return {};
}

std::optional<Bytes> FrameBuffer::next() {
    if (ready_at_ == ready_.size()) return std::nullopt;
    const auto size = static_cast<std::size_t>(load_be<std::int32_t>(ready_.data() + ready_at_));
    Bytes frame = ready_.slice(ready_at_ + kSizeBytes, size);
    ready_at_ += kSizeBytes + size;
    if (ready_at_ == ready_.size()) {
        ready_ = {};
        ready_at_ = 0;
    }
    return frame;
}

void FrameBuffer::rest() {
    if (filled_ == 0) {
        builder_ = {};
        return;
    }
    if (builder_.capacity() <= kChunkMin || builder_.capacity() <= 4 * filled_) return;
    BytesBuilder small(2 * filled_);
    std::memcpy(small.data(), builder_.data(), filled_);
    builder_ = std::move(small);
}

}  // namespace moldau::net
