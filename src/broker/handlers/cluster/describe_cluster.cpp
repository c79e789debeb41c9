// DescribeCluster: api key 60, versions 0..2. What it says is in cluster_description.cpp.
#include "handlers/cluster/describe_cluster.hpp"

#include "handlers/cluster/cluster_description.hpp"

namespace moldau::broker {

Result<net::Answer> handle_describe_cluster(const RequestContext& context, protocol::Reader& body) {
    protocol::DescribeClusterRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    const ClusterQuestion question{
        .image = context.image(),
        .cluster_id = context.node.facts.cluster_id,
        .asked = context.asked(),
        .is_controller_listener = context.listener == ListenerKind::controller,
        .active_controller = context.node.facts.self,
        .version = context.version};
    return net::Answer(final_reply(context, cluster_description(question, request)));
}

}  // namespace moldau::broker
