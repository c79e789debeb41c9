#include "cluster_requests.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace moldau::cli {

using protocol::DescribeClusterResponse;

runtime::Task<Result<DescribeClusterResponse>> describe_cluster(Context context) {
    auto reply = co_await context.cluster.ask_any<DescribeClusterResponse>(
        protocol::DescribeClusterRequest{});
    if (!reply) co_return reply.error();
    if (reply->message.error_code != ErrorCode::none)
        co_return Error{reply->message.error_code,
                        fmt::format("the broker refused: {}", name(reply->message.error_code))};
    std::ranges::sort(reply->message.brokers, {}, &ClusterBroker::broker_id);
    co_return std::move(reply->message);
}

Item item_of(const ClusterBroker& broker, const DescribeClusterResponse& cluster) {
    Cell address = Cell(broker.port).shown_as(fmt::format("{}:{}", broker.host, broker.port));
    return {broker.broker_id, broker.host, std::move(address), broker.rack,
            broker.broker_id == cluster.controller_id};
}

}  // namespace moldau::cli
