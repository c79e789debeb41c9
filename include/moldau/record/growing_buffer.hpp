// Memory that follows what is written to it, doubling as it fills: the scratch that batches are
// unpacked into and built in. It is kept from batch to batch, so that steady work allocates
// nothing.
#pragma once

#include "moldau/base/bytes.hpp"

#include <algorithm>
#include <cstddef>

namespace moldau::record {

class GrowingBuffer {
public:
    static constexpr std::size_t kFirstBytes = 4096;

    BytesView view() { return {data_.data(), size_}; }
    std::size_t size() const { return size_; }
    std::size_t capacity() const { return data_.capacity(); }
    std::byte* data() { return data_.data(); }

    /// The free space behind what is written, at least `bytes` of it: write there, then commit().
    MutableBytes room(std::size_t bytes) {
        if (data_.capacity() - size_ < bytes) grow(bytes);
        return data_.room().subspan(size_);
    }
    void commit(std::size_t bytes) {
        MOLDAU_CHECK(bytes <= data_.capacity() - size_, "bytes={} size={}", bytes, size_);
        size_ += bytes;
    }
    void append(BytesView bytes) {
        if (bytes.empty()) return;
        std::memcpy(room(bytes.size()).data(), bytes.data(), bytes.size());
        size_ += bytes.size();
    }

    /// Forgets what is written and keeps the memory, unless that is more than `keep_bytes`: one
    /// large batch must not be paid for ever.
    void clear(std::size_t keep_bytes = std::size_t{1} << 20U) {
        if (data_.capacity() > keep_bytes) data_ = BytesBuilder();
        size_ = 0;
    }

    /// What is written, without a copy; the buffer is empty afterwards.
    Bytes publish() { return std::move(data_).publish(std::exchange(size_, 0)); }

private:
    void grow(std::size_t bytes) {
        BytesBuilder larger(std::max({kFirstBytes, data_.capacity() * 2, size_ + bytes}));
        if (size_ != 0) std::memcpy(larger.data(), data_.data(), size_);
        data_ = std::move(larger);
    }

    BytesBuilder data_;
    std::size_t size_ = 0;
};

}  // namespace moldau::record
