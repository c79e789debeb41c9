// Where a thread's signal handlers run: a thread that has used up its stack can still say so.
#pragma once

#include <csignal>
#include <cstddef>
#include <memory>

namespace moldau::runtime {

/// For the thread that makes it, until it is destroyed there.
class AlternateStack {
public:
    AlternateStack() {
        stack_t stack{};
        stack.ss_sp = bytes_.get();
        stack.ss_size = kBytes;
        sigaltstack(&stack, &before_);
    }
    AlternateStack(const AlternateStack&) = delete;
    AlternateStack& operator=(const AlternateStack&) = delete;
    ~AlternateStack() { sigaltstack(&before_, nullptr); }

private:
    static constexpr std::size_t kBytes = std::size_t{64} << 10U;
    // Not touched before it is needed, so it takes no memory.
    std::unique_ptr<std::byte[]> bytes_ = std::make_unique_for_overwrite<std::byte[]>(kBytes);
    stack_t before_{};
};

}  // namespace moldau::runtime
