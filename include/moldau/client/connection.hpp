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
#include <span>
#include <string>
#include <utility>
#include <vector>

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

/// A request's frame but for its records, which follow the first `records_at` bytes.
struct GatheredRequest {
    Bytes written;
    std::size_t records_at = 0;
    std::size_t records_bytes = 0;
};

template <class Request>
Result<GatheredRequest> gather(std::int32_t correlation_id, const std::string& client_id,
                               const Request& request, std::int16_t version) {
    const protocol::ApiInfo& api = protocol::api_info(Request::kApiKey);
    const protocol::RequestHeader header{.request_api_key = static_cast<std::int16_t>(api.key),
                                         .request_api_version = version,
                                         .correlation_id = correlation_id,
                                         .client_id = client_id};
    const std::int16_t header_version = protocol::request_header_version(api, version);
    const Result<std::size_t> head = header.encoded_size(header_version);
    if (!head) return head.error();
    const Result<protocol::GatheredSize> body = request.gathered_size(version);
    if (!body) return body.error();
    const std::size_t total = protocol::kFrameSizeBytes + *head + body->total;
    if (Result<> ok = protocol::detail::check_frame(total); !ok) return ok.error();

    const std::size_t written = total - (body->total - body->written);
    BytesBuilder frame(written);
    std::vector<protocol::Splice> splices;
    protocol::Writer out({frame.data(), written}, splices);
    protocol::detail::encode_frame_size(out, total);
    header.encode(out, header_version);
    request.encode(out, version);
    MOLDAU_CHECK(out.remaining() == 0 && splices.size() == 1, "{} version={} records fields={}",
                 Request::kName, version, splices.size());
    return GatheredRequest{.written = std::move(frame).publish(written),
                           .records_at = splices.front().position,
                           .records_bytes = splices.front().records.size()};
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

    /// As ask(), without copying records: the request's one records field says only how long they
    /// are and is not read; `records`, together of that length, go out in its place.
    template <class Response, class Request>
    runtime::Task<Result<Reply<Response>>> ask_with(const Request& request,
                                                    std::span<const Bytes> records,
                                                    MonoTime deadline,
                                                    std::int16_t newest = INT16_MAX) {
        return detail::decode_reply<Response>(submit_with(request, records, newest), deadline);
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

    template <class Request>
    Result<> tell_with(const Request& request, std::span<const Bytes> records,
                       std::int16_t newest = INT16_MAX) {
        const Result<std::int16_t> version = versions().choose(Request::kApiKey, newest);
        if (!version) return version.error();
        Result<detail::GatheredRequest> frame =
            detail::gather(next_correlation_id(), client_id(), request, *version);
        if (!frame) return frame.error();
        return send_gathered(*frame, records);
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
    template <class Request>
    Result<detail::Asked> submit_with(const Request& request, std::span<const Bytes> records,
                                      std::int16_t newest) {
        const Result<std::int16_t> version = versions().choose(Request::kApiKey, newest);
        if (!version) return version.error();
        const std::int32_t correlation_id = next_correlation_id();
        Result<detail::GatheredRequest> frame =
            detail::gather(correlation_id, client_id(), request, *version);
        if (!frame) return frame.error();
        if (Result<> ok = send_gathered(*frame, records); !ok) return ok.error();
        return expect_reply(correlation_id, Request::kApiKey, *version);
    }
    std::int32_t next_correlation_id();
    const std::string& client_id() const;
    Result<> send(Bytes frame);
    Result<> send_gathered(const detail::GatheredRequest& frame, std::span<const Bytes> records);
    detail::Asked expect_reply(std::int32_t correlation_id, protocol::ApiKey api,
                               std::int16_t version);
    Result<detail::Asked> ask_frame(std::int32_t correlation_id, Bytes frame, protocol::ApiKey api,
                                    std::int16_t version);
    static runtime::Task<Result<>> learn_versions(std::shared_ptr<Connection> connection,
                                                  MonoTime deadline);

    std::shared_ptr<detail::ConnectionState> state_;
};

}  // namespace moldau::client
