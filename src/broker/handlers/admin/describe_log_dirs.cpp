// DescribeLogDirs: api key 35, versions 1..5                       KIP-113
//   v2   flexible
//   v3   an error of the whole request                             KIP-784
//   v4   size of the volumes and what is free on them              KIP-827
//   v5   which directories take no new replicas                    KIP-1066
// The metadata log is no partition of a broker and is not told of, as in Kafka. A log that could
// not be opened has no size and is missing.
#include "handlers/admin/describe_log_dirs.hpp"

#include "replica_moves.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace moldau::broker {
namespace {

using Request = protocol::DescribeLogDirsRequest;
using Response = protocol::DescribeLogDirsResponse;

/// Partitions by topic; nothing: all.
using Asked = std::optional<std::map<std::string, std::set<std::int32_t>, std::less<>>>;

Asked asked_for(const Request& request) {
    if (!request.topics) return std::nullopt;
    Asked asked(std::in_place);
    for (const auto& topic : *request.topics)
        (*asked)[topic.topic].insert(topic.partitions.begin(), topic.partitions.end());
    return asked;
}

void add_size(std::vector<LogSize>& sizes, BrokerShard& here, const Uuid& id,
              const std::string& topic, std::int32_t number) {
    const TopicPartition partition{id, number};
    if (here.owner_of(partition) != here.index()) return;
    const Partition* found = here.find(partition);
    if (found == nullptr) return;
    const auto add = [&](std::string directory, std::uint64_t bytes, std::int64_t lag,
                         bool is_copy) {
        sizes.push_back({.directory = std::move(directory),
                         .topic = topic,
                         .partition = number,
                         .bytes = static_cast<std::int64_t>(bytes),
                         .offset_lag = std::max<std::int64_t>(0, lag),
                         .is_copy = is_copy});
    };
    const log::Log& log = found->log();
    const std::string& path = log.directory();
    add(path.substr(0, path.rfind('/')), log.size_bytes(),
        found->high_watermark() - log.end_offset(), false);
    if (auto copy = here.moves().copy_of(partition))
        add(std::move(copy->directory), copy->bytes, log.end_offset() - copy->end, true);
}

std::vector<LogSize> sizes_on(BrokerShard& here, const Asked& asked) {
    std::vector<LogSize> sizes;
    const metadata::ClusterImage& image = here.image();
    if (!asked) {
        for (const auto& [id, topic] : image.topics) {
            for (const auto& [number, partition] : topic.partitions)
                add_size(sizes, here, id, topic.name, number);
        }
        return sizes;
    }
    for (const auto& [name, numbers] : *asked) {
        const Uuid* id = image.topic_ids.find(name);
        if (id == nullptr) continue;
        for (const std::int32_t number : numbers) add_size(sizes, here, *id, name, number);
    }
    return sizes;
}

runtime::Task<net::Reply> describe_and_reply(RequestContext context, Asked asked) {
    std::vector<LogSize> all;
    Response response;
    for (const auto& each : context.node.shards) {
        BrokerShard* there = each.get();
        Result<std::vector<LogSize>> sizes =
            co_await runtime::call(context.here.shard(), there->shard(),
                                   [there, asked] { return sizes_on(*there, asked); });
        if (!sizes) {
            // Before version 3 there is no room for it: what is there is told.
            response.error_code = sizes.error().code;
            continue;
        }
        std::ranges::move(*sizes, std::back_inserter(all));
    }
    const ErrorCode error = response.error_code;
    response = describe_log_dirs(*context.node.facts.directories, context.here.disk(),
                                 context.image(), context.node.facts.self, std::move(all));
    response.error_code = error;
    co_return final_reply(context, response);
}

}  // namespace

Response describe_log_dirs(const LogDirectories& directories, Disk& disk,
                           const metadata::ClusterImage& image, BrokerId self,
                           std::vector<LogSize> logs) {
    std::ranges::sort(logs, {}, [](const LogSize& each) {
        return std::tie(each.directory, each.topic, each.partition);
    });
    const metadata::BrokerRegistration* broker = image.brokers.find(self);
    Response response;
    for (std::size_t i = 0; i < directories.all().size(); ++i) {
        const LogDirectory& directory = directories.all()[i];
        auto& told = response.results.emplace_back();
        told.log_dir = directory.path;
        if (broker != nullptr && broker->cordoned_directories) {
            told.is_cordoned = std::ranges::find(*broker->cordoned_directories, directory.id()) !=
                               broker->cordoned_directories->end();
        }
        const DiskResult<DiskSpace> space = disk.space(directory.path);
        if (!space || directories.is_failed(i)) {
            told.error_code = ErrorCode::kafka_storage_error;
            continue;
        }
        told.total_bytes = static_cast<std::int64_t>(space->bytes_total);
        told.usable_bytes = static_cast<std::int64_t>(space->bytes_free);
        for (const LogSize& log :
             std::ranges::equal_range(logs, directory.path, {}, &LogSize::directory)) {
            if (told.topics.empty() || told.topics.back().name != log.topic)
                told.topics.emplace_back().name = log.topic;
            auto& partition = told.topics.back().partitions.emplace_back();
            partition.partition_index = log.partition;
            partition.partition_size = log.bytes;
            partition.offset_lag = log.offset_lag;
            partition.is_future_key = log.is_copy;
        }
    }
    return response;
}

Result<net::Answer> handle_describe_log_dirs(const RequestContext& context,
                                             protocol::Reader& body) {
    Request request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(describe_and_reply(context, asked_for(request)));
}

}  // namespace moldau::broker
