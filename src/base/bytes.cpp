#include "moldau/base/bytes.hpp"

#include <cstdlib>
#include <new>

namespace moldau {

Bytes::Block* Bytes::allocate(std::size_t capacity) {
    void* memory = std::malloc(sizeof(Block) + capacity);
    if (memory == nullptr) throw std::bad_alloc();
    auto* block = new (memory) Block;
    block->capacity = capacity;
    return block;
}

void Bytes::free(Block* block) noexcept {
    block->~Block();
    std::free(block);
}

void BytesBuilder::grow(std::size_t capacity) {
    if (block_ == nullptr) {
        block_ = Bytes::allocate(capacity);
        return;
    }
    if (capacity <= block_->capacity) return;
    // Nobody else sees the block yet, and it is plain memory: realloc may move it. For large blocks
    // the C library moves page table entries instead of bytes.
    void* memory = std::realloc(static_cast<void*>(block_), sizeof(Bytes::Block) + capacity);
    if (memory == nullptr) throw std::bad_alloc();
    block_ = static_cast<Bytes::Block*>(memory);
    block_->capacity = capacity;
}

Bytes Bytes::copy_of(BytesView source) {
    BytesBuilder builder(source.size());
    if (!source.empty()) std::memcpy(builder.data(), source.data(), source.size());
    return std::move(builder).publish(source.size());
}

}  // namespace moldau
