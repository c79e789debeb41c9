// GetTelemetrySubscriptions — api key 71, version 0 · PushTelemetry — api key 72, version 0
//   v0   which of its metrics a client is asked for; the client's push of them      KIP-714
// Served always, advertised where what is pushed is received (moldau.client.metrics): without that
// the rules hold all the same and the numbers are passed over, as by a Kafka broker without a
// plugin. The rules are those of telemetry::ClientInstances, on the home shard; what a push holds
// is unpacked and read on the shard of its connection.
#include "handlers/telemetry/telemetry.hpp"

#include "moldau/config/keys.hpp"
#include "moldau/protocol/messages/get_telemetry_subscriptions.hpp"
#include "moldau/protocol/messages/push_telemetry.hpp"
#include "moldau/record/compression.hpp"
#include "moldau/runtime/wait.hpp"

#include <string>
#include <utility>

namespace moldau::broker {
namespace {

using protocol::GetTelemetrySubscriptionsResponse;
using protocol::PushTelemetryRequest;
using protocol::PushTelemetryResponse;
using record::Codec;
using runtime::Task;

/// How much more a push may hold than it is long, packed.
constexpr std::size_t kUnpackedFactor = 8;

/// What a client id is kept of: what is longer matches no subscription, and a label is cut anyway.
constexpr std::size_t kClientIdBytesMax = telemetry::kMatchedBytesMax + 1;

telemetry::Client client_of(const RequestContext& context, const Uuid& instance) {
    return {.instance = instance,
            .id = std::string(context.client_id.substr(0, kClientIdBytesMax)),
            .software_name = context.software.name,
            .software_version = context.software.version,
            .address = context.connection.peer.host,
            .port = context.connection.peer.port};
}

GetTelemetrySubscriptionsResponse response_of(Telemetry::Asked asked, std::int32_t bytes_max) {
    GetTelemetrySubscriptionsResponse response;
    response.client_instance_id = asked.instance;
    response.subscription_id = asked.wanted.subscription_id;
    for (const Codec codec : {Codec::zstd, Codec::lz4, Codec::gzip, Codec::snappy})
        response.accepted_compression_types.push_back(static_cast<std::int8_t>(codec));
    response.push_interval_ms = asked.wanted.interval_ms;
    response.telemetry_max_bytes = bytes_max;
    response.delta_temporality = true;
    response.requested_metrics = std::move(asked.wanted.metrics);
    return response;
}

Task<net::Reply> subscribe(RequestContext context, telemetry::Client client) {
    Telemetry* telemetry = context.node.telemetry.get();
    auto ask = [telemetry, image = context.here.share_image(), client = std::move(client)]() {
        return telemetry->subscribe(image, client);
    };
    Result<Telemetry::Asked> asked =
        co_await runtime::call(context.here.shard(), context.node.home, std::move(ask));
    GetTelemetrySubscriptionsResponse response;
    if (asked) {
        response = response_of(std::move(*asked),
                               context.node.facts.settings.get(config::kTelemetryMaxBytes));
    } else {
        response.error_code = asked.error().code;
    }
    co_return final_reply(context, response);
}

/// Errors: invalid_record
Result<telemetry::Decoded> read(Codec codec, BytesView packed, std::size_t bytes_max) {
    record::Unpacker unpacker;
    record::GrowingBuffer plain;
    Result<> unpacked = unpacker.unpack(codec, packed, bytes_max, plain);
    if (!unpacked) return Error{ErrorCode::invalid_record, unpacked.error().detail};
    return telemetry::decode_metrics(plain.view());
}

/// What an accepted push says is read and kept. Errors: invalid_record
Task<Result<>> receive(RequestContext context, telemetry::Client client,
                       PushTelemetryRequest request, Duration interval) {
    telemetry::Decoded pushed;
    if (!request.metrics.empty()) {
        const auto bytes_max =
            static_cast<std::size_t>(context.node.facts.settings.get(config::kTelemetryMaxBytes));
        Result<telemetry::Decoded> decoded = read(static_cast<Codec>(request.compression_type),
                                                  request.metrics, bytes_max * kUnpackedFactor);
        if (!decoded) co_return decoded.error();
        pushed = std::move(*decoded);
    }
    Telemetry* telemetry = context.node.telemetry.get();
    auto keep = [telemetry, client = std::move(client), interval, is_last = request.terminating,
                 pushed = std::move(pushed)]() {
        telemetry->keep(client, interval, is_last, pushed);
        return Result<>();
    };
    co_return co_await runtime::call(context.here.shard(), context.node.home, std::move(keep));
}

Task<net::Reply> push(RequestContext context, telemetry::Client client,
                      PushTelemetryRequest request) {
    Telemetry* telemetry = context.node.telemetry.get();
    auto ask = [telemetry, image = context.here.share_image(), client,
                what = telemetry::ClientInstances::Push{.subscription_id = request.subscription_id,
                                                        .is_terminating = request.terminating,
                                                        .compression = request.compression_type,
                                                        .bytes = request.metrics.size()}]() {
        return telemetry->push(image, client, what);
    };
    const Result<Duration> interval =
        co_await runtime::call(context.here.shard(), context.node.home, std::move(ask));
    PushTelemetryResponse response;
    if (!interval) {
        response.error_code = interval.error().code;
    } else if (context.node.facts.settings.get(config::kClientMetrics)) {
        const Result<> received =
            co_await receive(context, std::move(client), std::move(request), *interval);
        if (!received) response.error_code = received.error().code;
    }
    co_return final_reply(context, response);
}

}  // namespace

Result<net::Answer> handle_get_telemetry_subscriptions(const RequestContext& context,
                                                       protocol::Reader& body) {
    protocol::GetTelemetrySubscriptionsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(subscribe(context, client_of(context, request.client_instance_id)));
}

Result<net::Answer> handle_push_telemetry(const RequestContext& context, protocol::Reader& body) {
    PushTelemetryRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    telemetry::Client client = client_of(context, request.client_instance_id);
    return net::Answer(push(context, std::move(client), std::move(request)));
}

}  // namespace moldau::broker
