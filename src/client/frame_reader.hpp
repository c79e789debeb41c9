// Splits what a connection receives into frames; the connection reads into room() and says how much
// came. Memory follows the bytes received, never the size that a frame declares.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace moldau::client {

class FrameReader {
public:
    explicit FrameReader(std::int32_t frame_bytes_max) : frame_bytes_max_(frame_bytes_max) {}

    /// Where the next read goes; never empty.
    MutableBytes room();
    /// `count` bytes were read into room(). All frames must have been taken by next() before.
    void filled(std::size_t count) { filled_ += count; }
    /// The next whole frame, without its size; nothing when more must be read.
    /// Errors: invalid_request: a size below 0 or above the limit; nothing after it can be read.
    Result<std::optional<Bytes>> next();

    bool mid_frame() const { return filled_ > 0 || !whole_.empty(); }
    std::size_t held() const { return builder_.capacity(); }  // bytes of memory

private:
    Result<std::optional<std::size_t>> frame_end(BytesView from) const;

    static constexpr std::size_t kSizeBytes = 4;
    static constexpr std::size_t kChunk = 64U << 10U;

    std::int32_t frame_bytes_max_;
    BytesBuilder builder_;  // [0, filled_): what has come and was not cut yet
    std::size_t filled_ = 0;
    Bytes whole_;  // begins with whole frames, ends with a part of one
};

}  // namespace moldau::client
