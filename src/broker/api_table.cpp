#include "api_table.hpp"

#include "handlers/cluster/api_versions.hpp"
#include "handlers/cluster/describe_cluster.hpp"
#include "handlers/metadata/metadata.hpp"

#include "moldau/protocol/framing.hpp"

#include <array>

namespace moldau::broker {
namespace {

/// A handler for what is answered at once: body → request → response → reply.
template <class Request, class Response, Response (*handle)(const RequestContext&, const Request&)>
Result<net::Answer> at_once(const RequestContext& context, protocol::Reader& body) {
    Request request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    Result<Bytes> frame =
        protocol::response_frame(context.correlation_id, handle(context, request), context.version);
    if (!frame) return frame.error();
    return net::Answer(
        net::Reply{.outcome = net::Reply::Outcome::send, .first = std::move(*frame), .more = {}});
}

using protocol::ApiKey;

// The versions are those that Apache Kafka 4.3 advertises.
constexpr std::array kTable = {
    ApiRow{
        .api = ApiKey::metadata,
        .min_version = 0,
        .max_version = 13,
        .on_broker = true,
        .on_controller = false,
        .handler = at_once<protocol::MetadataRequest, protocol::MetadataResponse, handle_metadata>},
    ApiRow{.api = ApiKey::api_versions,
           .min_version = 0,
           .max_version = 4,
           .on_broker = true,
           .on_controller = true,
           .handler = at_once<protocol::ApiVersionsRequest, protocol::ApiVersionsResponse,
                              handle_api_versions>},
    ApiRow{.api = ApiKey::describe_cluster,
           .min_version = 0,
           .max_version = 2,
           .on_broker = true,
           .on_controller = true,
           .handler = at_once<protocol::DescribeClusterRequest, protocol::DescribeClusterResponse,
                              handle_describe_cluster>},
};

}  // namespace

std::span<const ApiRow> api_table() {
    return kTable;
}

const ApiRow* find_api(std::int16_t key, ListenerKind kind) {
    for (const ApiRow& row : kTable) {
        if (static_cast<std::int16_t>(row.api) == key) return row.is_on(kind) ? &row : nullptr;
    }
    return nullptr;
}

}  // namespace moldau::broker
