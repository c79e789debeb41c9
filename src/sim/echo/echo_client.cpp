#include "echo_client.hpp"

#include "moldau/runtime/wait.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

// The caller's frame, which awaits at once, holds what is referred to; all else are values.
// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters,performance-unnecessary-value-param)
namespace moldau::sim {

using runtime::Task;
using runtime::Waited;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Duration kPatience = seconds(4);

// One connection: sends and checks from `*next` on until something fails or all is done.
Task<Result<>> use_connection(EchoSite site, const EchoClientOptions& options, Endpoint server,
                              std::uint64_t& next) {
    runtime::Shard& shard = *site.shard;
    auto stream =
        co_await runtime::connect(shard, *site.transport, server, shard.now() + kPatience);
    if (!stream) co_return stream.error();
    EchoFrames frames;
    while (next <= options.messages) {
        const std::uint64_t end = std::min(next + options.in_flight_max, options.messages + 1);
        std::string text;
        for (std::uint64_t sequence = next; sequence < end; ++sequence)
            append_frame(text, {.kind = EchoKind::request,
                                .client = options.id,
                                .sequence = sequence,
                                .payload = echo_payload(options.id, sequence)});
        const MonoTime deadline = shard.now() + kPatience;
        const auto sent = co_await send_all(shard, **stream, std::move(text), deadline);
        if (!sent) co_return sent;
        while (next < end) {
            const auto received = co_await receive_some(shard, **stream, frames, deadline);
            if (!received) co_return received;
            for (;;) {
                const auto frame = frames.next();
                if (!frame) co_return frame.error();
                if (!*frame) break;
                const EchoMessage expected{.kind = EchoKind::reply,
                                           .client = options.id,
                                           .sequence = next,
                                           .payload = echo_payload(options.id, next)};
                if (**frame != expected)
                    options.violated(fmt::format("client {} got an echo of {} for {}", options.id,
                                                 (*frame)->sequence, next));
                options.echoed(options.id, next++);
            }
        }
        if (options.pause > Duration(0) &&
            co_await runtime::sleep_until(shard, shard.now() + options.pause) == Waited::cancelled)
            co_return runtime::error_of(Waited::cancelled);
    }
    co_return Result<>{};
}

}  // namespace

std::string echo_payload(std::uint64_t id, std::uint64_t sequence) {
    // Sizes from nothing to a few sectors, so that records end anywhere in them.
    SeededRandom random(id, "payload " + std::to_string(sequence));
    std::string payload(random.below(sequence % 7 == 0 ? 2000 : 100), ' ');
    for (char& letter : payload) letter = static_cast<char>('a' + random.below(26));
    return payload;
}

Task<> echo_client(EchoSite site, EchoClientOptions options) {
    runtime::Shard& shard = *site.shard;
    std::uint64_t next = 1;
    while (next <= options.messages) {
        const std::optional<Endpoint> server = options.server();
        if (server) {
            const auto used = co_await use_connection(site, options, *server, next);
            if (used) co_return;
            shard.log().info("client begins anew client={} sequence={} detail='{}'", options.id,
                             next, used.error().detail);
        }
        const Duration pause = milliseconds(10 + shard.random().below(200));
        if (co_await runtime::sleep_until(shard, shard.now() + pause) == Waited::cancelled)
            co_return;
    }
}

}  // namespace moldau::sim
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters,performance-unnecessary-value-param)
