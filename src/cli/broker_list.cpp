// moldau broker list · moldau cluster info
#include "cluster_requests.hpp"

namespace moldau::cli {
namespace {

using protocol::DescribeClusterResponse;
using runtime::Task;

Task<Result<>> list(Context context) {
    const Result<DescribeClusterResponse> cluster = co_await describe_cluster(context);
    if (!cluster) co_return cluster.error();
    Report report("broker.list");
    for (const ClusterBroker& broker : cluster->brokers) report.add(item_of(broker, *cluster));
    co_return print(context.global, report);
}

Task<Result<>> info(Context context) {
    const Result<DescribeClusterResponse> cluster = co_await describe_cluster(context);
    if (!cluster) co_return cluster.error();
    const Result<std::vector<client::TopicPtr>> topics = co_await context.cluster.topics();
    if (!topics) co_return topics.error();
    std::size_t partitions = 0;
    std::size_t without_leader = 0;
    std::size_t under_replicated = 0;
    for (const client::TopicPtr& topic : *topics) {
        for (const client::Partition& each : topic->partitions) {
            ++partitions;
            if (each.leader.value < 0) ++without_leader;
            if (each.isr.size() < each.replicas.size()) ++under_replicated;
        }
    }
    std::vector<Item> brokers;
    for (const ClusterBroker& broker : cluster->brokers)
        brokers.push_back(item_of(broker, *cluster));
    Report report("cluster.info");
    report.add({cluster->cluster_id, cluster->controller_id, topics->size(), partitions,
                without_leader, under_replicated, std::move(brokers)});
    co_return print(context.global, report);
}

}  // namespace

void add_broker_list(Command parent, Choice& choice) {
    Command command = parent.command("list", "list the brokers");
    command.when_chosen([&choice] { choice.work = list; });
}

void add_cluster_info(Command parent, Choice& choice) {
    Command command = parent.command("info", "its id, brokers, and how its partitions are");
    command.when_chosen([&choice] { choice.work = info; });
}

}  // namespace moldau::cli
