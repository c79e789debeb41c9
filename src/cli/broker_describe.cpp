// moldau broker describe ID…
#include "cluster_requests.hpp"
#include "config_requests.hpp"

#include "moldau/base/version.hpp"
#include "moldau/protocol/messages/api_versions.hpp"
#include "moldau/protocol/messages/describe_log_dirs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace moldau::cli {
namespace {

using protocol::ApiVersionsResponse;
using protocol::DescribeClusterResponse;
using protocol::DescribeLogDirsResponse;
using runtime::Task;

std::vector<Item> features_of(const ApiVersionsResponse& versions) {
    std::vector<Item> features;
    for (const auto& supported : versions.supported_features) {
        Cell finalized;
        for (const auto& each : versions.finalized_features) {
            if (each.name == supported.name) finalized = each.max_version_level;
        }
        features.push_back(
            {supported.name, supported.min_version, supported.max_version, std::move(finalized)});
    }
    return features;
}

Item directory_item(const DescribeLogDirsResponse::DescribeLogDirsResult& directory) {
    std::int64_t bytes = 0;
    std::size_t replicas = 0;
    std::size_t moving_in = 0;
    for (const auto& topic : directory.topics) {
        for (const auto& partition : topic.partitions) {
            bytes += partition.partition_size;
            ++(partition.is_future_key ? moving_in : replicas);
        }
    }
    const auto known = [](std::int64_t size) { return size < 0 ? Cell() : Cell(size); };
    Cell error;
    if (directory.error_code != ErrorCode::none) error = name(directory.error_code);
    return {directory.log_dir,
            std::move(error),
            replicas,
            moving_in,
            bytes,
            known(directory.total_bytes),
            known(directory.usable_bytes),
            directory.is_cordoned};
}

/// What the broker alone knows of itself.
struct Inside {
    std::size_t apis = 0;
    std::vector<Item> features;
    std::vector<Item> directories;
    std::map<std::string, std::string> configs;
};

Task<Result<Inside>> ask_broker(Context context, BrokerId id) {
    const Result<client::ConnectionPtr> connection = co_await context.cluster.broker(id);
    if (!connection) co_return connection.error();
    const MonoTime deadline = context.cluster.request_deadline();
    protocol::ApiVersionsRequest who;
    who.client_software_name = "moldau";
    who.client_software_version = version();
    auto versions = co_await (*connection)->ask<ApiVersionsResponse>(who, deadline);
    if (!versions) co_return versions.error();
    protocol::DescribeLogDirsRequest all;
    all.topics.reset();
    auto directories = co_await (*connection)->ask<DescribeLogDirsResponse>(all, deadline);
    if (!directories) co_return directories.error();
    if (directories->message.error_code != ErrorCode::none)
        co_return Error{directories->message.error_code,
                        fmt::format("it does not tell its log directories: {}",
                                    name(directories->message.error_code))};
    const Result<std::vector<Config>> configs = co_await describe_config(
        context, {.kind = "broker", .name = std::to_string(id.value)}, ConfigQuestion());
    if (!configs) co_return configs.error();
    Inside inside{.apis = versions->message.api_keys.size(),
                  .features = features_of(versions->message),
                  .directories = {},
                  .configs = {}};
    for (const auto& each : directories->message.results)
        inside.directories.push_back(directory_item(each));
    for (const Config& config : *configs) {
        if (config.is_set_here) inside.configs[config.name] = config.value.value_or("(hidden)");
    }
    co_return inside;
}

Task<Result<>> describe_brokers(Context context, std::vector<std::int32_t> ids) {
    const Result<DescribeClusterResponse> cluster = co_await describe_cluster(context);
    if (!cluster) co_return cluster.error();
    const Result<std::vector<client::TopicPtr>> topics = co_await context.cluster.topics();
    if (!topics) co_return topics.error();
    Report report("broker.describe");
    Failures failures(context.global);
    for (const std::int32_t id : ids) {
        const auto broker = std::ranges::find(cluster->brokers, id, &ClusterBroker::broker_id);
        if (broker == cluster->brokers.end()) {
            failures.add({ErrorCode::broker_not_available,
                          fmt::format("broker {} is not in the cluster ('moldau broker list' "
                                      "shows those that are)",
                                      id)});
            continue;
        }
        std::size_t led = 0;
        std::size_t held = 0;
        for (const client::TopicPtr& topic : *topics) {
            for (const client::Partition& each : topic->partitions) {
                if (each.leader.value == id) ++led;
                if (std::ranges::find(each.replicas, BrokerId{id}) != each.replicas.end()) ++held;
            }
        }
        Result<Inside> inside = co_await ask_broker(context, BrokerId{id});
        if (!inside) {
            failures.add(
                {inside.error().code, fmt::format("broker {}: {}", id, inside.error().detail)});
            continue;
        }
        Item item = item_of(*broker, *cluster);
        item.emplace_back(led);
        item.emplace_back(held);
        item.emplace_back(inside->apis);
        item.emplace_back(inside->configs);
        item.emplace_back(std::move(inside->features));
        item.emplace_back(std::move(inside->directories));
        report.add(std::move(item));
    }
    co_return std::move(failures).print(report);
}

}  // namespace

void add_broker_describe(Command parent, Choice& choice) {
    Command command = parent.command(
        "describe", "a broker's address, features, log directories and set settings");
    auto ids = std::make_shared<std::vector<std::int32_t>>();
    command.option("id", *ids, "numbers of the brokers")
        .required()
        .within(0, std::numeric_limits<std::int32_t>::max());
    command.when_chosen([ids, &choice] {
        choice.work = [ids](Context context) { return describe_brokers(context, *ids); };
    });
}

}  // namespace moldau::cli
