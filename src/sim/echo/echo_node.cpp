#include "echo_node.hpp"

#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

// The caller's frame, which awaits at once, holds what is referred to.
// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters)
namespace moldau::sim {

using runtime::Task;
using runtime::Waited;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr Duration kPeerPatience = seconds(2);
constexpr Duration kIdleMax = seconds(60);

Error broken(std::string_view what) {
    return {ErrorCode::network_exception, fmt::format("the connection has {}", what)};
}

}  // namespace

Task<Result<>> send_all(runtime::Shard& shard, ByteStream& stream, std::string text,
                        MonoTime deadline) {
    BytesView rest = as_bytes(text);
    while (!rest.empty()) {
        const std::array pieces{rest};
        const IoResult put = stream.write(pieces);
        if (put.status == IoStatus::would_block) {
            const Waited waited = co_await runtime::writable(shard, stream, deadline);
            if (waited != Waited::ready) co_return runtime::error_of(waited);
        } else if (put.status != IoStatus::ok) {
            co_return broken("failed");
        }
        rest = rest.subspan(put.bytes);
    }
    co_return Result<>{};
}

Task<Result<>> receive_some(runtime::Shard& shard, ByteStream& stream, EchoFrames& frames,
                            MonoTime deadline) {
    std::array<std::byte, 4096> buffer;
    for (;;) {
        const IoResult got = stream.read(buffer);
        switch (got.status) {
            case IoStatus::ok:
                frames.add(BytesView(buffer).first(got.bytes));
                co_return Result<>{};
            case IoStatus::end:
                co_return broken("ended");
            case IoStatus::failed:
                co_return broken("failed");
            case IoStatus::would_block:
                break;
        }
        const Waited waited = co_await runtime::readable(shard, stream, deadline);
        if (waited != Waited::ready) co_return runtime::error_of(waited);
    }
}

EchoNode::EchoNode(std::vector<EchoSite> sites, Options options, EchoWatch watch)
    : sites_(std::move(sites)),
      options_(std::move(options)),
      watch_(std::move(watch)),
      log_(*sites_[0].shard, *sites_[0].disk, options_.directory, options_.bug) {
    runtime::spawn(*sites_[0].shard, "echo-node", run());
}

Task<> EchoNode::run() {
    runtime::Shard& shard = *sites_[0].shard;
    for (;;) {
        const auto opened = co_await log_.open(watch_.replayed);
        if (opened) break;
        shard.log().error("cannot open the log detail='{}'", opened.error().detail);
        // Only what says nothing about the disk may be tried again.
        if (opened.error().fault != DiskFault::out_of_descriptors) {
            if (opened.error().fault != DiskFault::cancelled) watch_.failed();
            co_return;
        }
        if (co_await runtime::sleep_until(shard, shard.now() + milliseconds(50)) ==
            Waited::cancelled)
            co_return;
    }
    watch_.recovered(log_.last_sequences());
    auto acceptor = sites_[0].transport->listen(options_.listen);
    if (!acceptor) {
        shard.log().error("cannot listen detail='{}'", acceptor.error().detail);
        watch_.failed();
        co_return;
    }
    watch_.listening((*acceptor)->local());
    shard.log().info("echo node serves port={}", (*acceptor)->local().port);
    runtime::spawn(shard, "acceptor", accept_all(std::move(*acceptor)));
    co_await log_.keep_durable();
    if (log_.failed()) watch_.failed();
}

Task<> EchoNode::accept_all(std::unique_ptr<Acceptor> acceptor) {
    runtime::Shard& shard = *sites_[0].shard;
    for (std::size_t next = 0; !log_.failed();) {
        auto accepted = acceptor->accept();
        if (!accepted) {
            shard.log().warn("cannot accept detail='{}'", accepted.error().detail);
            if (co_await runtime::sleep_until(shard, shard.now() + milliseconds(50)) ==
                Waited::cancelled)
                co_return;
        } else if (*accepted == nullptr) {
            if (co_await runtime::acceptable(shard, *acceptor) != Waited::ready) co_return;
        } else {
            const EchoSite site = sites_[next++ % sites_.size()];
            // A full mailbox drops the connection: the client comes again.
            (void)site.shard->post([this, site, pending = std::move(*accepted)]() mutable {
                runtime::spawn(*site.shard, "connection",
                               serve(site, site.transport->adopt(std::move(pending))));
            });
        }
    }
}

Task<> EchoNode::serve(EchoSite site, std::unique_ptr<ByteStream> stream) {
    EchoFrames frames;
    std::unique_ptr<ByteStream> peer;  // its replies are read by this task: in order, too
    for (;;) {
        const auto received =
            co_await receive_some(*site.shard, *stream, frames, site.shard->now() + kIdleMax);
        if (!received) co_return;
        std::vector<EchoMessage> batch;
        for (;;) {
            auto frame = frames.next();
            if (!frame) co_return;
            if (!*frame) break;
            batch.push_back(std::move(**frame));
        }
        if (batch.empty()) continue;
        if (options_.bug == EchoBug::echo_out_of_order && site.shard->random().below(10) == 0)
            std::ranges::reverse(batch);
        std::string replies;
        for (EchoMessage message : batch) {
            message.kind =
                message.kind == EchoKind::request ? EchoKind::reply : EchoKind::replicated;
            append_frame(replies, message);
        }
        if (options_.bug == EchoBug::reply_before_write) {
            for (const EchoMessage& message : batch) {
                if (message.kind == EchoKind::request)
                    watch_.promised(message.client, message.sequence);
            }
        } else {
            const auto processed = co_await process(site, std::move(batch), peer);
            if (!processed) co_return;
            batch.clear();
        }
        const auto sent = co_await send_all(*site.shard, *stream, std::move(replies),
                                            site.shard->now() + kIdleMax);
        if (!sent) co_return;
        if (batch.empty()) continue;
        const auto processed = co_await process(site, std::move(batch), peer);
        if (!processed) co_return;
    }
}

Task<Result<>> EchoNode::process(EchoSite site, std::vector<EchoMessage> batch,
                                 std::unique_ptr<ByteStream>& peer) {
    std::vector<EchoMessage> requests;
    for (const EchoMessage& message : batch) {
        if (message.kind == EchoKind::request) requests.push_back(message);
    }
    auto durable = co_await make_durable(site, std::move(batch));
    if (!durable || requests.empty()) co_return durable;
    const auto forwarded = co_await forward(site, requests, peer);
    if (!forwarded) co_return forwarded;
    for (const EchoMessage& message : requests) watch_.promised(message.client, message.sequence);
    co_return Result<>{};
}

Task<Result<>> EchoNode::make_durable(EchoSite site, std::vector<EchoMessage> batch) {
    // The log lives on the first shard: it is asked with values.
    co_return co_await runtime::call_task(
        *site.shard, *sites_[0].shard, "append",
        [this, batch = std::move(batch)]() mutable { return append_here(std::move(batch)); });
}

Task<Result<>> EchoNode::append_here(std::vector<EchoMessage> batch) {
    std::uint64_t end = 0;
    for (const EchoMessage& message : batch) {
        const auto appended = log_.append(message);
        if (!appended) co_return Error(appended.error());
        end = *appended;
    }
    co_return co_await log_.until_durable(end);
}

Task<Result<>> EchoNode::forward(EchoSite site, std::vector<EchoMessage> batch,
                                 std::unique_ptr<ByteStream>& peer) {
    runtime::Shard& shard = *site.shard;
    const MonoTime deadline = shard.now() + kPeerPatience;
    const std::optional<Endpoint> to = options_.peer();
    if (!to) co_return Result<>{};
    if (peer == nullptr) {
        auto connected = co_await runtime::connect(shard, *site.transport, *to, deadline);
        if (!connected) co_return connected.error();
        peer = std::move(*connected);
    }
    std::string text;
    for (EchoMessage& message : batch) {
        message.kind = EchoKind::replicate;
        append_frame(text, message);
    }
    const auto sent = co_await send_all(shard, *peer, std::move(text), deadline);
    if (!sent) co_return sent;
    EchoFrames frames;
    for (std::size_t confirmed = 0; confirmed < batch.size();) {
        const auto received = co_await receive_some(shard, *peer, frames, deadline);
        if (!received) co_return received;
        for (;;) {
            const auto frame = frames.next();
            if (!frame) co_return frame.error();
            if (!*frame) break;
            if (confirmed < batch.size()) batch[confirmed].kind = EchoKind::replicated;
            if (confirmed == batch.size() || **frame != batch[confirmed])
                co_return Error{ErrorCode::invalid_request, "the peer answers something else"};
            ++confirmed;
        }
    }
    co_return Result<>{};
}

}  // namespace moldau::sim
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)
