#include "moldau/client/connection.hpp"

#include "frame_reader.hpp"

#include "moldau/base/version.hpp"
#include "moldau/protocol/messages/api_versions.hpp"
#include "moldau/runtime/wait.hpp"

#include <fmt/format.h>

#include <array>
#include <deque>
#include <unordered_map>

namespace moldau::client {

using runtime::Shard;
using runtime::Task;
using runtime::Waited;

namespace detail {

struct PendingReply {
    explicit PendingReply(Shard& shard) : arrived(shard) {}
    runtime::Signal arrived;
    std::optional<Result<Bytes>> frame;
};

/// Owned by the connection and by the two tasks that serve it, which end when the stream is closed.
struct ConnectionState {
    ConnectionState(Shard& on, std::unique_ptr<ByteStream> over, Endpoint to,
                    ConnectionOptions with)
        : shard(on),
          stream(std::move(over)),
          peer(std::move(to)),
          options(std::move(with)),
          to_send(on),
          all_sent(on) {}

    void fail(Error error) {
        if (failure) return;
        failure = std::move(error);
        stream->close();
        to_send.set();
        all_sent.set();
        auto waiting = std::move(pending);
        pending.clear();
        for (auto& [id, reply] : waiting) {
            reply->frame.emplace(*failure);
            reply->arrived.set();
        }
    }
    Error broken(std::string_view how) const {
        return {ErrorCode::network_exception,
                fmt::format("the connection to {}:{} {}", peer.host, peer.port, how)};
    }

    Shard& shard;
    std::unique_ptr<ByteStream> stream;
    Endpoint peer;
    ConnectionOptions options;
    ServedVersions versions;
    std::int32_t last_correlation_id = 0;
    std::unordered_map<std::int32_t, std::shared_ptr<PendingReply>> pending;
    std::deque<Bytes> outgoing;
    std::size_t first_sent = 0;  // bytes of outgoing.front() that are out
    runtime::Signal to_send;
    runtime::Signal all_sent;
    std::optional<Error> failure;
};

namespace {

using StatePtr = std::shared_ptr<ConnectionState>;

void drop_sent(ConnectionState& state, std::size_t bytes) {
    bytes += state.first_sent;
    while (!state.outgoing.empty() && bytes >= state.outgoing.front().size()) {
        bytes -= state.outgoing.front().size();
        state.outgoing.pop_front();
    }
    state.first_sent = bytes;
}

IoResult write_some(ConnectionState& state) {
    std::array<BytesView, 64> pieces;
    std::size_t count = 0;
    for (const Bytes& frame : state.outgoing) {
        if (count == pieces.size()) break;
        pieces[count] = frame.view().subspan(count == 0 ? state.first_sent : 0);
        ++count;
    }
    return state.stream->write(std::span(pieces).first(count));
}

Task<> send_frames(StatePtr state) {
    for (;;) {
        while (!state->failure && !state->outgoing.empty()) {
            const IoResult put = write_some(*state);
            if (put.status == IoStatus::ok) {
                drop_sent(*state, put.bytes);
            } else if (put.status == IoStatus::would_block) {
                const Waited waited = co_await runtime::writable(state->shard, *state->stream);
                if (waited == Waited::cancelled) state->fail(runtime::error_of(waited));
            } else {
                state->fail(state->broken("broke"));
            }
        }
        if (state->failure) co_return;
        state->all_sent.set();
        if (co_await state->to_send.wait() == Waited::cancelled)
            state->fail(runtime::error_of(Waited::cancelled));
    }
}

Result<> deliver(ConnectionState& state, Bytes frame) {
    if (frame.size() < sizeof(std::int32_t))
        return Error{ErrorCode::invalid_request, "a reply is shorter than its header"};
    const auto id = load_be<std::int32_t>(frame.data());
    const auto found = state.pending.find(id);
    if (found == state.pending.end())
        return Error{ErrorCode::invalid_request,
                     fmt::format("a reply came to a request that was not sent ({})", id)};
    const std::shared_ptr<PendingReply> reply = std::move(found->second);
    state.pending.erase(found);
    reply->frame.emplace(std::move(frame));
    reply->arrived.set();
    return {};
}

Result<> deliver_all(ConnectionState& state, FrameReader& reader) {
    for (;;) {
        Result<std::optional<Bytes>> frame = reader.next();
        if (!frame) return frame.error();
        if (!*frame) return {};
        if (Result<> ok = deliver(state, std::move(**frame)); !ok) return ok;
    }
}

Task<> receive_frames(StatePtr state) {
    FrameReader reader(state->options.reply_bytes_max);
    while (!state->failure) {
        const IoResult got = state->stream->read(reader.room());
        if (got.status == IoStatus::would_block) {
            const Waited waited = co_await runtime::readable(state->shard, *state->stream);
            if (waited == Waited::cancelled) state->fail(runtime::error_of(waited));
        } else if (got.status == IoStatus::ok) {
            reader.filled(got.bytes);
            Result<> ok = deliver_all(*state, reader);
            if (!ok)
                state->fail(
                    {ok.error().code, state->broken("is of no use: ").detail + ok.error().detail});
        } else {
            state->fail(
                state->broken(got.status == IoStatus::end ? "was closed by the peer" : "broke"));
        }
    }
}

}  // namespace

Task<Result<ReplyBody>> wait_for(Result<Asked> asked, MonoTime deadline) {
    if (!asked) co_return asked.error();
    PendingReply& reply = *asked->reply;
    if (!reply.frame) {
        const Waited waited = co_await reply.arrived.wait(deadline);
        if (!reply.frame) {
            ConnectionState& state = *asked->connection;
            Error error = runtime::error_of(waited);
            if (waited == Waited::deadline_passed)
                error.detail = fmt::format("{}:{} did not answer {} in time", state.peer.host,
                                           state.peer.port, asked->api->name);
            state.fail(error);
            co_return error;
        }
    }
    if (!*reply.frame) co_return reply.frame->error();
    ReplyBody body{.frame = std::move(**reply.frame), .body_at = 0};
    protocol::Reader in(body.frame);
    protocol::ResponseHeader header;
    const std::int16_t version = protocol::response_header_version(*asked->api, asked->version);
    if (Result<> ok = header.decode(in, version); !ok) co_return ok.error();
    body.body_at = in.position();
    co_return body;
}

}  // namespace detail

Connection::Connection(std::shared_ptr<detail::ConnectionState> state) : state_(std::move(state)) {
    runtime::spawn(state_->shard, fmt::format("send to {}:{}", peer().host, peer().port),
                   detail::send_frames(state_));
    runtime::spawn(state_->shard, fmt::format("receive from {}:{}", peer().host, peer().port),
                   detail::receive_frames(state_));
}

Connection::~Connection() {
    close();
}

bool Connection::is_open() const {
    return !state_->failure;
}
const Endpoint& Connection::peer() const {
    return state_->peer;
}
const ServedVersions& Connection::versions() const {
    return state_->versions;
}
const std::string& Connection::client_id() const {
    return state_->options.client_id;
}

void Connection::close() {
    state_->fail(state_->broken("has been closed"));
}

std::int32_t Connection::next_correlation_id() {
    // Never negative, and far from those that are still waited for when it begins anew.
    state_->last_correlation_id =
        state_->last_correlation_id == INT32_MAX ? 1 : state_->last_correlation_id + 1;
    return state_->last_correlation_id;
}

Result<> Connection::send(Bytes frame) {
    if (state_->failure) return *state_->failure;
    state_->outgoing.push_back(std::move(frame));
    state_->to_send.set();
    return {};
}

Result<detail::Asked> Connection::ask_frame(std::int32_t correlation_id, Bytes frame,
                                            protocol::ApiKey api, std::int16_t version) {
    if (Result<> ok = send(std::move(frame)); !ok) return ok.error();
    return expect_reply(correlation_id, api, version);
}

Result<> Connection::send_gathered(const detail::GatheredRequest& frame,
                                   std::span<const Bytes> records) {
    if (state_->failure) return *state_->failure;
    std::size_t bytes = 0;
    for (const Bytes& each : records) bytes += each.size();
    MOLDAU_CHECK(bytes == frame.records_bytes, "said={} given={}", frame.records_bytes, bytes);
    std::deque<Bytes>& outgoing = state_->outgoing;
    outgoing.push_back(frame.written.slice(0, frame.records_at));
    for (const Bytes& each : records)
        if (!each.empty()) outgoing.push_back(each);
    if (frame.records_at < frame.written.size())
        outgoing.push_back(
            frame.written.slice(frame.records_at, frame.written.size() - frame.records_at));
    state_->to_send.set();
    return {};
}

detail::Asked Connection::expect_reply(std::int32_t correlation_id, protocol::ApiKey api,
                                       std::int16_t version) {
    auto reply = std::make_shared<detail::PendingReply>(state_->shard);
    state_->pending.emplace(correlation_id, reply);
    return {.connection = state_,
            .reply = std::move(reply),
            .api = &protocol::api_info(api),
            .version = version};
}

Task<Result<>> Connection::sent(MonoTime deadline) {
    const std::shared_ptr<detail::ConnectionState> state = state_;
    while (!state->failure && !state->outgoing.empty()) {
        const Waited waited = co_await state->all_sent.wait(deadline);
        if (waited != Waited::ready) co_return runtime::error_of(waited);
    }
    if (state->failure) co_return *state->failure;
    co_return Result<>{};
}

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): both outlive connections.
Task<Result<std::shared_ptr<Connection>>> Connection::open(Shard& shard, Transport& transport,
                                                           Endpoint to, ConnectionOptions options,
                                                           MonoTime deadline) {
    auto stream = co_await runtime::connect(shard, transport, to, deadline);
    if (!stream) co_return stream.error();
    auto connection = std::make_shared<Connection>(std::make_shared<detail::ConnectionState>(
        shard, std::move(*stream), to, std::move(options)));
    Result<> learned = co_await learn_versions(connection, deadline);
    if (!learned) co_return learned.error();
    co_return connection;
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

Task<Result<>> Connection::learn_versions(std::shared_ptr<Connection> connection,
                                          MonoTime deadline) {
    using Request = protocol::ApiVersionsRequest;
    detail::ConnectionState& state = *connection->state_;
    Request request;
    request.client_software_name = "moldau";
    request.client_software_version = version();
    std::int16_t wanted = protocol::api_info(Request::kApiKey).latest_stable;
    protocol::ApiVersionsResponse response;
    for (;;) {
        const std::int32_t id = connection->next_correlation_id();
        Result<Bytes> frame = protocol::request_frame(id, connection->client_id(), request, wanted);
        if (!frame) co_return frame.error();
        Result<detail::Asked> asked =
            connection->ask_frame(id, std::move(*frame), Request::kApiKey, wanted);
        Result<detail::ReplyBody> body = co_await detail::wait_for(std::move(asked), deadline);
        if (!body) co_return body.error();
        // A broker that does not know the version says so in version 0, with its own range
        // (KIP-511).
        protocol::Reader code(body->frame.view().subspan(body->body_at));
        const bool refused = code.error_code() == ErrorCode::unsupported_version;
        protocol::Reader in(body->frame.view().subspan(body->body_at));
        const std::int16_t spoken = refused ? std::int16_t{0} : wanted;
        if (Result<> ok = response.decode(in, spoken); !ok) co_return ok.error();
        for (const auto& api : response.api_keys)
            state.versions.set(api.api_key, {api.min_version, api.max_version});
        if (!refused) break;
        if (wanted == 0)
            co_return Error{ErrorCode::unsupported_version, "the broker serves no ApiVersions"};
        const Result<std::int16_t> both =
            state.versions.choose(Request::kApiKey, static_cast<std::int16_t>(wanted - 1));
        wanted = both ? *both : std::int16_t{0};
    }
    if (response.error_code != ErrorCode::none)
        co_return Error{response.error_code,
                        fmt::format("{}:{} refuses ApiVersions", state.peer.host, state.peer.port)};
    co_return Result<>{};
}

}  // namespace moldau::client
