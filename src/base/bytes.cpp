#include "moldau/base/bytes.hpp"

#include <new>

namespace moldau {

Bytes::Block* Bytes::allocate(std::size_t capacity) {
    void* memory = ::operator new(sizeof(Block) + capacity);
    auto* block = new (memory) Block;
    block->capacity = capacity;
    return block;
}

void Bytes::free(Block* block) noexcept {
    block->~Block();
    ::operator delete(block);
}

Bytes Bytes::copy_of(BytesView source) {
    BytesBuilder builder(source.size());
    if (!source.empty()) std::memcpy(builder.data(), source.data(), source.size());
    return std::move(builder).publish(source.size());
}

}  // namespace moldau
