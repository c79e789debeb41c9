// DeleteTopics: api key 20, versions 1..6
//   v5   messages, THROTTLING_QUOTA_EXCEEDED among them            KIP-599
//   v6   by topic id                                               KIP-516
// Decided by controller/topics.cpp. The reply leaves when every shard has closed the partitions.
#include "handlers/admin/delete_topics.hpp"

#include "handlers/admin/ask_controller.hpp"

namespace moldau::broker {
namespace {

constexpr std::int16_t kStrictSince = 5;  // KIP-599

void refuse(protocol::DeleteTopicsResponse& response, const protocol::DeleteTopicsRequest& request,
            const Error& error) {
    const auto add = [&](const std::optional<std::string>& name, const Uuid& id) {
        auto& told = response.responses.emplace_back();
        told.name = name;
        told.topic_id = id;
        told.error_code = error.code;
    };
    for (const std::string& name : request.topic_names) add(name, {});
    for (const auto& topic : request.topics) add(topic.name, topic.topic_id);
}

}  // namespace

Result<net::Answer> handle_delete_topics(const RequestContext& context, protocol::Reader& body) {
    protocol::DeleteTopicsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(ask_and_reply<protocol::DeleteTopicsRequest, protocol::DeleteTopicsResponse>(
        context, std::move(request),
        charged(&ControllerDriver::delete_topics, mutation_asker(context, kStrictSince)), refuse));
}

}  // namespace moldau::broker
