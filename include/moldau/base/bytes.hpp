// Memory that may be shared: BytesView looks, Bytes owns a counted slice that nobody writes after
// it is published.
#pragma once

#include "moldau/base/check.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace moldau {

using BytesView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline BytesView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(BytesView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline bool equal(BytesView a, BytesView b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

/// A counted slice of immutable memory. Copies are cheap and may travel between shards (the count
/// is atomic).
class Bytes {
public:
    Bytes() = default;
    Bytes(const Bytes& other) noexcept
        : block_(other.block_), data_(other.data_), size_(other.size_) {
        retain();
    }
    Bytes(Bytes&& other) noexcept
        : block_(std::exchange(other.block_, nullptr)),
          data_(std::exchange(other.data_, nullptr)),
          size_(std::exchange(other.size_, 0)) {}
    Bytes& operator=(Bytes other) noexcept {
        std::swap(block_, other.block_);
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~Bytes() { release(); }

    static Bytes copy_of(BytesView source);

    const std::byte* data() const { return data_; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    BytesView view() const { return {data_, size_}; }
    operator BytesView() const { return view(); }

    /// The slice [at, at + count) of this slice; shares the memory.
    Bytes slice(std::size_t at, std::size_t count) const {
        MOLDAU_CHECK(at <= size_ && count <= size_ - at, "at={} count={} size={}", at, count,
                     size_);
        Bytes part(*this);
        part.data_ += at;
        part.size_ = count;
        return part;
    }

private:
    friend class BytesBuilder;
    struct Block {
        std::atomic<std::uint32_t> count{1};
        std::size_t capacity = 0;
        std::byte* data() { return reinterpret_cast<std::byte*>(this + 1); }
    };

    Bytes(Block* block, std::size_t size) : block_(block), data_(block->data()), size_(size) {}
    static Block* allocate(std::size_t capacity);
    static void free(Block* block) noexcept;
    void retain() noexcept {
        if (block_ != nullptr) block_->count.fetch_add(1, std::memory_order_relaxed);
    }
    void release() noexcept {
        if (block_ != nullptr && block_->count.fetch_sub(1, std::memory_order_acq_rel) == 1)
            free(block_);
    }

    Block* block_ = nullptr;
    const std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

/// Memory to be filled, then published as Bytes. The one who holds the builder is the only writer.
class BytesBuilder {
public:
    BytesBuilder() = default;
    explicit BytesBuilder(std::size_t capacity) : block_(Bytes::allocate(capacity)) {}
    BytesBuilder(BytesBuilder&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    BytesBuilder& operator=(BytesBuilder&& other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~BytesBuilder() {
        if (block_ != nullptr) Bytes::free(block_);
    }

    std::byte* data() { return block_ == nullptr ? nullptr : block_->data(); }
    std::size_t capacity() const { return block_ == nullptr ? 0 : block_->capacity; }
    MutableBytes room() { return {data(), capacity()}; }

    /// At least `capacity` bytes of room; what was written stays, pointers to it do not.
    void grow(std::size_t capacity);

    /// The first `size` bytes as Bytes; the builder is empty afterwards.
    Bytes publish(std::size_t size) && {
        if (block_ == nullptr) return {};
        MOLDAU_CHECK(size <= block_->capacity, "size={} capacity={}", size, block_->capacity);
        return Bytes(std::exchange(block_, nullptr), size);
    }

private:
    Bytes::Block* block_ = nullptr;
};

}  // namespace moldau
