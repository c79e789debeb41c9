// Metadata: api key 3, versions 0..13, and DescribeTopicPartitions: 75, version 0. What they say is
// in metadata_response.cpp and describe_topic_partitions.cpp.
// Topics that Metadata is to make are made before it answers, so that the client finds them at
// once. Those beyond the client's controller_mutation_rate are not made: it asks again.
#include "handlers/metadata/metadata.hpp"

#include "handlers/metadata/describe_topic_partitions.hpp"
#include "handlers/metadata/metadata_response.hpp"

#include "moldau/config/keys.hpp"

#include <string>
#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

MetadataAnswer answer(const RequestContext& context, const protocol::MetadataRequest& request) {
    const NodeFacts& facts = context.node.facts;
    return metadata_response(
        {.image = context.image(),
         .cluster_id = facts.cluster_id,
         .asked = context.asked(),
         .auto_create_topics = facts.settings.get(config::kAutoCreateTopicsEnable),
         .version = context.version},
        request);
}

runtime::Task<Result<protocol::CreateTopicsResponse>> create(ControllerDriver& controller,
                                                             protocol::CreateTopicsRequest request,
                                                             MutationAsker asker) {
    return controller.create_topics(std::move(request), std::move(asker));
}

runtime::Task<net::Reply> create_and_answer(RequestContext context,
                                            protocol::MetadataRequest request,
                                            std::vector<std::string> names, MutationAsker asker) {
    protocol::CreateTopicsRequest creation;
    for (std::string& name : names) {
        auto& topic = creation.topics.emplace_back();
        topic.name = std::move(name);
        topic.num_partitions = -1;  // num.partitions, default.replication.factor
        topic.replication_factor = -1;
    }
    auto ask = [creation = std::move(creation),
                asker = std::move(asker)](ControllerDriver& controller) mutable {
        return create(controller, std::move(creation), std::move(asker));
    };
    auto created = co_await context.node.ask_controller(context.here.shard(), "auto-create topics",
                                                        std::move(ask));
    if (!created) {
        context.here.shard().log().warn("cannot make a topic that a client asked for reason={}",
                                        created.error().detail);
    }
    co_return final_reply(context, answer(context, request).response);
}

}  // namespace

Result<net::Answer> handle_metadata(const RequestContext& context, protocol::Reader& body) {
    protocol::MetadataRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    MetadataAnswer answered = answer(context, request);
    if (answered.to_create.empty()) return net::Answer(final_reply(context, answered.response));
    MutationAsker asker{.user = std::string(kAnonymousUser),
                        .client_id = std::string(context.client_id)};
    return net::Answer(create_and_answer(context, std::move(request), std::move(answered.to_create),
                                         std::move(asker)));
}

Result<net::Answer> handle_describe_topic_partitions(const RequestContext& context,
                                                     protocol::Reader& body) {
    protocol::DescribeTopicPartitionsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    const std::int32_t most =
        context.node.facts.settings.get(config::kMaxRequestPartitionSizeLimit);
    return net::Answer(final_reply(
        context, describe_topic_partitions(context.image(), context.asked(), most, request)));
}

}  // namespace moldau::broker
