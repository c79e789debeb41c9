// What a request costs in memory: nothing, once the loop has warmed up. A program of its own, since
// it puts itself before malloc.
#include "support/lone_shard.hpp"

#include "moldau/net/asio_transport.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>

namespace {
std::size_t allocations = 0;  // of one thread: the test has no other
}

extern "C" {
void* __libc_malloc(std::size_t size);                           // NOLINT: glibc's names
void* __libc_memalign(std::size_t alignment, std::size_t size);  // NOLINT

void* malloc(std::size_t size) {
    ++allocations;
    return __libc_malloc(size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
    ++allocations;
    return __libc_memalign(alignment, size);
}
int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
    ++allocations;
    *result = __libc_memalign(alignment, size);
    return *result == nullptr ? 12 : 0;
}
}

namespace moldau::net {
namespace {

using runtime::Shard;
using runtime::Task;
using runtime::Waited;
using Stream = std::unique_ptr<ByteStream>;

constexpr int kWarmUp = 100;
constexpr int kRounds = 1000;

Task<> answers(Shard& shard, Transport& transport, Acceptor& acceptor) {
    Stream stream;
    while (stream == nullptr) {
        auto accepted = acceptor.accept();
        if (*accepted != nullptr) {
            stream = transport.adopt(std::move(*accepted));
        } else {
            co_await runtime::acceptable(shard, acceptor);
        }
    }
    std::array<std::byte, 100> buffer;
    for (;;) {
        const MonoTime deadline = shard.now() + std::chrono::minutes(1);
        if (co_await runtime::readable(shard, *stream, deadline) != Waited::ready) co_return;
        const IoResult got = stream->read(buffer);
        if (got.status == IoStatus::end) co_return;
        const std::array pieces{BytesView(buffer).first(got.bytes)};
        (void)stream->write(pieces);
    }
}

Task<> asks(Shard& shard, Transport& transport, Endpoint to, std::size_t& made) {
    auto stream = co_await runtime::connect(shard, transport, to, runtime::kForever);
    std::array<std::byte, 100> buffer{};
    std::size_t before = 0;
    for (int i = 0; stream && i < kWarmUp + kRounds; ++i) {
        if (i == kWarmUp) before = allocations;
        const std::array pieces{BytesView(buffer)};
        (void)(*stream)->write(pieces);
        co_await runtime::readable(shard, **stream, shard.now() + std::chrono::minutes(1));
        (void)(*stream)->read(buffer);
    }
    made = allocations - before;
    shard.stop();
}

TEST(Allocations, NoneIsMadeByWaitingForARequestAndAnsweringIt) {
    support::SteadyClock clock;
    support::CountingRandom random;
    support::LinesSink sink;
    Shard shard({}, clock, random, sink);
    auto transport = make_asio_transport(shard);
    auto acceptor = transport->listen({"127.0.0.1", 0});
    ASSERT_TRUE(acceptor);
    std::size_t made = ~std::size_t{0};
    runtime::spawn(shard, "server", answers(shard, *transport, **acceptor));
    runtime::spawn(shard, "client", asks(shard, *transport, (*acceptor)->local(), made));
    shard.run();
    EXPECT_GT(allocations, 10U) << "those of the start are counted";
    EXPECT_EQ(made, 0U) << "in " << kRounds << " requests";
}

}  // namespace
}  // namespace moldau::net
