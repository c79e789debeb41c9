// One connection to a broker: requests go out as they are asked, replies find their askers by
// correlation id. It waits only by ports, so that it runs in the simulator as well.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/ports/transport.hpp"
#include "moldau/base/result.hpp"
#include "moldau/client/versions.hpp"
#include "moldau/protocol/framing.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"
#include "moldau/runtime/timer_wheel.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace moldau::client {

struct ConnectionOptions {
    std::string client_id = "moldau";
    std::int32_t reply_bytes_max = 256 << 20;  // that a reply may declare
};

template <class Response>
struct Reply {
    Response message;
    Bytes frame;  // what the message's views look at
    std::int16_t version = 0;
};

namespace detail {

struct ConnectionState;
struct PendingReply;

/// A request that was sent: its reply's place.
struct Asked {
    std::shared_ptr<ConnectionState> connection;
    std::shared_ptr<PendingReply> reply;
    const protocol::ApiInfo* api = nullptr;
    std::int16_t version = 0;
};
struct ReplyBody {
    Bytes frame;
    std::size_t body_at = 0;
};

/// The reply's bytes behind its header. When the deadline passes the connection is closed: what
/// follows on it would be late as well.
runtime::Task<Result<ReplyBody>> wait_for(Result<Asked> asked, MonoTime deadline);

template <class Response>
runtime::Task<Result<Reply<Response>>> decode_reply(Result<Asked> asked, MonoTime deadline) {
    std::int16_t version = 0;
    if (asked) version = asked->version;
    Result<ReplyBody> body = co_await wait_for(std::move(asked), deadline);
    if (!body) co_return body.error();
    Reply<Response> reply{.message = {}, .frame = std::move(body->frame), .version = version};
    protocol::Reader in(reply.frame.view().subspan(body->body_at));
    if (Result<> ok = reply.message.decode(in, version); !ok) co_return ok.error();
    co_return reply;
}

}  // namespace detail

/// Used on one shard. Destroying it closes it; who still waits gets an error.
class Connection {
public:
    /// Connects and asks which versions the broker serves.
    /// Errors: those of runtime::connect() · network_exception (the peer hangs up) ·
    /// invalid_request (what answers does not speak Kafka's protocol) · request_timed_out
    static runtime::Task<Result<std::shared_ptr<Connection>>> open(runtime::Shard& shard,
                                                                   Transport& transport,
                                                                   Endpoint to,
                                                                   ConnectionOptions options,
                                                                   MonoTime deadline);

    explicit Connection(std::shared_ptr<detail::ConnectionState> state);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    bool is_open() const;
    const Endpoint& peer() const;
    const ServedVersions& versions() const;

    /// Encodes and queues the request at once, in the order of the calls, in the newest version
    /// that both speak and that is not above `newest`; the task waits for the reply. Views in the
    /// request need not live longer than this call. Errors: unsupported_version · invalid_request ·
    /// network_exception (the connection broke: the request may have been carried out) ·
    /// request_timed_out (also closes the connection) · broker_not_available (cancelled)
    template <class Response, class Request>
    runtime::Task<Result<Reply<Response>>> ask(const Request& request, MonoTime deadline,
                                               std::int16_t newest = INT16_MAX) {
        return detail::decode_reply<Response>(submit(request, newest), deadline);
    }

    /// As ask(), for a request that is never answered (Produce with acks=0).
    template <class Request>
    Result<> tell(const Request& request, std::int16_t newest = INT16_MAX) {
        const Result<std::int16_t> version = versions().choose(Request::kApiKey, newest);
        if (!version) return version.error();
        Result<Bytes> frame =
            protocol::request_frame(next_correlation_id(), client_id(), request, *version);
        if (!frame) return frame.error();
        return send(std::move(*frame));
    }

    /// Until all that was queued has been handed to the system.
    /// Errors: network_exception · request_timed_out · broker_not_available
    runtime::Task<Result<>> sent(MonoTime deadline);

    void close();

private:
    template <class Request>
    Result<detail::Asked> submit(const Request& request, std::int16_t newest) {
        const Result<std::int16_t> version = versions().choose(Request::kApiKey, newest);
        if (!version) return version.error();
        const std::int32_t correlation_id = next_correlation_id();
        Result<Bytes> frame =
            protocol::request_frame(correlation_id, client_id(), request, *version);
        if (!frame) return frame.error();
        return ask_frame(correlation_id, std::move(*frame), Request::kApiKey, *version);
    }
    std::int32_t next_correlation_id();
    const std::string& client_id() const;
    Result<> send(Bytes frame);
    Result<detail::Asked> ask_frame(std::int32_t correlation_id, Bytes frame, protocol::ApiKey api,
                                    std::int16_t version);
    static runtime::Task<Result<>> learn_versions(std::shared_ptr<Connection> connection,
                                                  MonoTime deadline);

    std::shared_ptr<detail::ConnectionState> state_;
};

}  // namespace moldau::client
