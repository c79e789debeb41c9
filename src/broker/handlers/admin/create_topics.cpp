// CreateTopics: api key 19, versions 2..7
//   v5   what was made is told: partitions, replicas, configs      KIP-525
//   v6   may be refused with THROTTLING_QUOTA_EXCEEDED             KIP-599
//   v7   topic ids                                                 KIP-516
// Decided by controller/topics.cpp. The reply leaves when the partitions are open on every shard.
#include "handlers/admin/create_topics.hpp"

#include "handlers/admin/ask_controller.hpp"

namespace moldau::broker {
namespace {

constexpr std::int16_t kStrictSince = 6;  // KIP-599

void refuse(protocol::CreateTopicsResponse& response, const protocol::CreateTopicsRequest& request,
            const Error& error) {
    for (const auto& topic : request.topics) {
        auto& told = response.topics.emplace_back();
        told.name = topic.name;
        told.error_code = error.code;
        told.error_message = error.detail;
    }
}

}  // namespace

Result<net::Answer> handle_create_topics(const RequestContext& context, protocol::Reader& body) {
    protocol::CreateTopicsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(ask_and_reply<protocol::CreateTopicsRequest, protocol::CreateTopicsResponse>(
        context, std::move(request),
        charged(&ControllerDriver::create_topics, mutation_asker(context, kStrictSince)), refuse));
}

}  // namespace moldau::broker
