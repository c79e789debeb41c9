// Splits what a connection receives into frames. Sans-IO: the connection reads into room() and says
// how much came.
//
//   frame: | int32 size, big-endian | size bytes: request header and body |
//
// Memory follows the bytes received, never the size declared: a frame's buffer at most doubles what
// is there, and a connection that waits keeps little more than its unfinished bytes.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace moldau::net {

class FrameBuffer {
public:
    /// `frame_bytes_max`: largest size that a frame may declare (socket.request.max.bytes).
    explicit FrameBuffer(std::int32_t frame_bytes_max) : frame_bytes_max_(frame_bytes_max) {}

    /// Where the next read goes; never empty.
    MutableBytes room();

    /// `count` bytes were read into room().
    /// Errors: invalid_request, when a frame declares a size below 0 or above the limit; the
    /// connection is of no use then.
    Result<> filled(std::size_t count);

    /// The next complete frame without its size, in order of arrival.
    std::optional<Bytes> next();
    bool has_frame() const { return ready_at_ < ready_.size(); }

    /// Nothing more to read now: gives back what is not needed for the unfinished frame.
    void rest();

    bool mid_frame() const { return filled_ > 0; }
    /// Bytes of memory, with what next() has not given yet.
    std::size_t held() const { return builder_.capacity() + ready_.size() - ready_at_; }

private:
    Result<> cut();
    void adapt(std::size_t room, std::size_t count);

    static constexpr std::size_t kSizeBytes = 4;
    static constexpr std::size_t kChunkMin = 4U << 10U;
    static constexpr std::size_t kChunkMax = 256U << 10U;

    std::int32_t frame_bytes_max_;
    std::size_t chunk_ =
        4 * kChunkMin;      // what the next fresh read gets: follows the sizes of past reads
    BytesBuilder builder_;  // holds [0, filled_): an unfinished frame, from its size on
    std::size_t filled_ = 0;
    std::optional<std::size_t> frame_end_;  // in builder_, once the size is known
    Bytes ready_;                           // whole frames, back to back
    std::size_t ready_at_ = 0;
};

}  // namespace moldau::net
