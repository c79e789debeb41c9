#include "broker_service.hpp"

#include "api_table.hpp"
#include "handlers/cluster/api_versions.hpp"
#include "node_services.hpp"
#include "request_context.hpp"

#include "moldau/base/endian.hpp"
#include "moldau/protocol/framing.hpp"
#include "moldau/protocol/messages/headers.hpp"
#include "moldau/runtime/shard.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace moldau::broker {
namespace {

/// The start of every request header, whatever its version: int16 key, int16 version, int32
/// correlation id.
constexpr std::size_t kFixedHeaderBytes = 8;
constexpr std::size_t kClientIdBytesKept = 256;

class BrokerSession final : public net::Session {
public:
    BrokerSession(NodeServices& node, BrokerShard& here, ListenerKind kind,
                  const net::ConnectionInfo& connection)
        : node_(node),
          here_(here),
          kind_(kind),
          connection_(connection),
          log_(here.shard().log()) {}

    net::Answer serve(Bytes frame) override {
        Result<net::Answer> answer = dispatch(frame);
        // A connection that rests keeps no long client id.
        if (header_.client_id && header_.client_id->capacity() > kClientIdBytesKept)
            header_.client_id.reset();
        if (answer) return std::move(*answer);
        ++here_.counters().bad_requests;
        // What Kafka does with a request that it cannot read or does not serve.
        log_.debug("closing connection: bad request id={} listener={} peer={}:{} reason={}",
                   connection_.id, connection_.listener, connection_.peer.host,
                   connection_.peer.port, answer.error().detail);
        return net::Reply{.outcome = net::Reply::Outcome::close, .first = {}, .more = {}};
    }

    net::Mark mark() const override { return mark_; }
    void answered(net::Mark mark, Duration took) override {
        if (mark != kNoRow) here_.counters().apis[mark].answered.record(took);
    }

private:
    static constexpr net::Mark kNoRow = std::numeric_limits<net::Mark>::max();

    Result<net::Answer> dispatch(const Bytes& frame);
    Result<net::Answer> unsupported(const RequestContext& context) const;
    std::shared_ptr<const LimitedClient> limits(std::string_view client_id);

    NodeServices& node_;
    BrokerShard& here_;
    ListenerKind kind_;
    const net::ConnectionInfo& connection_;
    ClientSoftware software_;
    const Logger& log_;
    net::Mark mark_ = kNoRow;         // the row of the newest frame's API
    protocol::RequestHeader header_;  // its memory is used again for each request
    // The quotas that held for the client when it was asked last.
    std::shared_ptr<const LimitedClient> limits_;
    Hash128 limited_client_id_;  // hashed: it may be long, and the connection may rest
    std::uint64_t limits_version_ = 0;
};

Result<net::Answer> BrokerSession::dispatch(const Bytes& frame) {
    mark_ = kNoRow;
    if (frame.size() < kFixedHeaderBytes) {
        return Error{ErrorCode::invalid_request,
                     fmt::format("a frame of {} bytes holds no request header", frame.size())};
    }
    const auto key = load_be<std::int16_t>(frame.data());
    const auto version = load_be<std::int16_t>(frame.data() + sizeof key);
    const ApiRow* row = find_api(key, kind_);
    if (row == nullptr)
        return Error{ErrorCode::unsupported_version,
                     fmt::format("API key {} is not served here", key)};

    mark_ = static_cast<net::Mark>(row - api_table().data());
    ApiCounters& counters = here_.counters().apis[mark_];
    ++counters.requests;
    counters.request_bytes += frame.size();

    const bool is_served = version >= row->min_version && version <= row->max_version;
    if (!is_served && row->api != protocol::ApiKey::api_versions) {
        return Error{
            ErrorCode::unsupported_version,
            fmt::format("{} v{} is not served, v{} to v{} are", protocol::api_info(row->api).name,
                        version, row->min_version, row->max_version)};
    }
    protocol::Reader body(frame);
    const std::int16_t read_as = is_served ? version : row->max_version;
    if (Result<> ok = header_.decode(
            body, protocol::request_header_version(protocol::api_info(row->api), read_as));
        !ok)
        return ok.error();

    const std::string_view client_id =
        header_.client_id ? std::string_view(*header_.client_id) : std::string_view();
    const RequestContext context{.here = here_,
                                 .node = node_,
                                 .connection = connection_,
                                 .software = software_,
                                 .listener = kind_,
                                 .api = row->api,
                                 .version = version,
                                 .correlation_id = header_.correlation_id,
                                 .client_id = client_id,
                                 .frame = frame,
                                 .limits = limits(client_id)};
    if (!is_served) return unsupported(context);
    if (context.limits == nullptr) return row->handler(context, body);
    ShardQuotas& quotas = here_.quotas();
    quotas.handling_begins(*context.limits);
    Result<net::Answer> answer = row->handler(context, body);
    quotas.handling_ends(*context.limits);
    return answer;
}

std::shared_ptr<const LimitedClient> BrokerSession::limits(std::string_view client_id) {
    ShardQuotas& quotas = here_.quotas();
    if (!quotas.is_on()) return nullptr;
    const Hash128 hash = siphash(quotas.secret(), as_bytes(client_id));
    if (limits_version_ != quotas.version() || limited_client_id_ != hash) {
        limits_ = quotas.client(kAnonymousUser, client_id);
        limited_client_id_ = hash;
        limits_version_ = quotas.version();
    }
    return limits_;
}

Result<net::Answer> BrokerSession::unsupported(const RequestContext& context) const {
    // As v0, which every client can read (KIP-511).
    Result<Bytes> frame =
        protocol::response_frame(context.correlation_id, unsupported_api_versions(), 0);
    if (!frame) return frame.error();
    return net::Answer(
        net::Reply{.outcome = net::Reply::Outcome::send, .first = std::move(*frame), .more = {}});
}

}  // namespace

std::unique_ptr<net::Session> BrokerService::open(runtime::Shard& shard,
                                                  const net::ConnectionInfo& connection) {
    const std::vector<std::string>& controllers = node_.facts.controller_listeners;
    const bool is_controller =
        std::ranges::find(controllers, connection.listener) != controllers.end();
    return std::make_unique<BrokerSession>(
        node_, *node_.shards[shard.index()],
        is_controller ? ListenerKind::controller : ListenerKind::broker, connection);
}

}  // namespace moldau::broker
