#include "stdin_reader.hpp"

#include "moldau/runtime/wait.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <poll.h>
#include <unistd.h>

namespace moldau::cli {

using runtime::Task;

namespace {

constexpr std::size_t kReadBytes = 256U << 10U;
constexpr int kStopCheckMs = 100;

}  // namespace

struct StdinReader::State {
    explicit State(runtime::Shard& on) : shard(on), arrived(on) {}
    runtime::Shard& shard;
    std::atomic<bool> is_stopping{false};
    // The rest is touched on the shard only.
    runtime::Signal arrived;
    std::optional<Result<std::string>> got;
};

StdinReader::StdinReader(runtime::Shard& shard)
    : state_(std::make_shared<State>(shard)), pool_({.name = "stdin", .threads = 1}) {}

StdinReader::~StdinReader() {
    state_->is_stopping = true;
    pool_.stop();
}

/// On the pool's thread. Looks up now and then: a terminal may stay silent when we want to end.
Result<std::string> StdinReader::wait_and_read(const State& state) {
    while (!state.is_stopping) {
        pollfd waiting{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        const int ready = ::poll(&waiting, 1, kStopCheckMs);
        if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
        std::string text(kReadBytes, '\0');
        const ssize_t count = ::read(STDIN_FILENO, text.data(), text.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count < 0)
            return Error{ErrorCode::unknown_server_error,
                         fmt::format("cannot read stdin: {}", std::strerror(errno))};
        text.resize(static_cast<std::size_t>(count));
        return text;
    }
    return Error{ErrorCode::broker_not_available, "stopped"};
}

Task<Result<std::string>> StdinReader::read() {
    Result<> asked = pool_.submit([state = state_] {
        (void)state->shard.post_answer([state, got = wait_and_read(*state)]() mutable {
            state->got.emplace(std::move(got));
            state->arrived.set();
        });
    });
    if (!asked) co_return asked.error();
    while (!state_->got) {
        const runtime::Waited waited = co_await state_->arrived.wait();
        if (waited == runtime::Waited::cancelled) co_return runtime::error_of(waited);
    }
    Result<std::string> got = std::move(*state_->got);
    state_->got.reset();
    co_return got;
}

}  // namespace moldau::cli
