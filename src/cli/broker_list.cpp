// moldau broker list · moldau cluster info
#include "command.hpp"

#include "moldau/cli/output.hpp"
#include "moldau/protocol/messages/describe_cluster.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace moldau::cli {
namespace {

using protocol::DescribeClusterResponse;
using runtime::Task;
using Broker = DescribeClusterResponse::DescribeClusterBroker;

Task<Result<DescribeClusterResponse>> describe(Context context) {
    auto reply = co_await context.cluster.ask_any<DescribeClusterResponse>(
        protocol::DescribeClusterRequest{});
    if (!reply) co_return reply.error();
    if (reply->message.error_code != ErrorCode::none)
        co_return Error{reply->message.error_code,
                        fmt::format("the broker refused: {}", name(reply->message.error_code))};
    std::ranges::sort(reply->message.brokers, {}, &Broker::broker_id);
    co_return std::move(reply->message);
}

void write_brokers(JsonWriter& json, const DescribeClusterResponse& cluster) {
    json.begin_array();
    for (const Broker& broker : cluster.brokers) {
        json.begin_object().key("id").value(broker.broker_id);
        json.key("host").value(broker.host).key("port").value(broker.port).key("rack");
        if (broker.rack) {
            json.value(*broker.rack);
        } else {
            json.null();
        }
        json.key("controller").value(broker.broker_id == cluster.controller_id).end_object();
    }
    json.end_array();
}

std::string to_table(const DescribeClusterResponse& cluster) {
    Table table({"BROKER", "ADDRESS", "RACK", "CONTROLLER"});
    for (const Broker& broker : cluster.brokers)
        table.add({std::to_string(broker.broker_id), fmt::format("{}:{}", broker.host, broker.port),
                   broker.rack.value_or("-"),
                   broker.broker_id == cluster.controller_id ? "yes" : "-"});
    return table.to_string();
}

Task<Result<>> list(Context context) {
    const Result<DescribeClusterResponse> cluster = co_await describe(context);
    if (!cluster) co_return cluster.error();
    JsonWriter json;
    write_brokers(json, *cluster);
    co_return print(context.global.output == Output::json ? json.text() + '\n'
                                                          : to_table(*cluster));
}

Task<Result<>> info(Context context) {
    const Result<DescribeClusterResponse> cluster = co_await describe(context);
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
    JsonWriter json;
    json.begin_object().key("cluster_id").value(cluster->cluster_id);
    json.key("controller").value(cluster->controller_id).key("brokers");
    write_brokers(json, *cluster);
    json.key("topics").value(topics->size()).key("partitions").value(partitions);
    json.key("partitions_without_leader").value(without_leader);
    json.key("partitions_under_replicated").value(under_replicated).end_object();
    co_return print(context.global.output == Output::json
                        ? json.text() + '\n'
                        : fmt::format("cluster {}: {} topics, {} partitions ({} without leader, {} "
                                      "under-replicated)\n{}",
                                      cluster->cluster_id, topics->size(), partitions,
                                      without_leader, under_replicated, to_table(*cluster)));
}

}  // namespace

void add_broker_list(CLI::App& parent, Choice& choice) {
    CLI::App* command = parent.add_subcommand("list", "list the brokers");
    command->fallthrough();
    command->callback([&choice] { choice.work = list; });
}

void add_cluster_info(CLI::App& parent, Choice& choice) {
    CLI::App* command =
        parent.add_subcommand("info", "its id, brokers, and how its partitions are");
    command->fallthrough();
    command->callback([&choice] { choice.work = info; });
}

}  // namespace moldau::cli
