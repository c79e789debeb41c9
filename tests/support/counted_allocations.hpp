// Counts what operator new is asked for, by thread: for one file of a program.
#pragma once

#include <cstdlib>
#include <new>

namespace moldau {

inline thread_local std::size_t allocations = 0;

}  // namespace moldau

// The other forms end in these. Not inlined: gcc would take malloc and free for operators that do
// not belong together.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++moldau::allocations;
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
