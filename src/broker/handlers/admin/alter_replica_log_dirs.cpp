// AlterReplicaLogDirs: api key 34, versions 1..2                   KIP-113
//   v2   flexible
// A replica is answered for when its move has begun (DescribeLogDirs tells how far it is). One that
// is not here is told REPLICA_NOT_AVAILABLE, or UNKNOWN_TOPIC_OR_PARTITION, and is made in that
// directory should it come.
#include "handlers/admin/alter_replica_log_dirs.hpp"

#include "ask_owners.hpp"
#include "replica_moves.hpp"

#include "moldau/log/log_directory.hpp"
#include "moldau/protocol/messages/alter_replica_log_dirs.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

using Request = protocol::AlterReplicaLogDirsRequest;
using Response = protocol::AlterReplicaLogDirsResponse;

/// `.`, 32 hexadecimal digits and `-future` behind the name of the replica's directory.
constexpr std::size_t kSuffixBytes = 40;
constexpr std::size_t kNameBytesMax = 255;

struct Wish {
    std::string topic;
    std::size_t directory = 0;
};

/// `here` outlives the task.
runtime::Task<ErrorCode> begin_move(BrokerShard* here, TopicPartition id, Wish wish) {
    co_return here->moves().begin(id, wish.topic, wish.directory);
}

/// For a partition that nobody knows by an id yet: whose shard it will be nobody knows either.
void prefer_everywhere(const RequestContext& context, const std::string& name,
                       std::size_t directory) {
    for (const auto& each : context.node.shards) {
        BrokerShard* there = each.get();
        (void)there->shard().post(
            [there, name, directory] { there->moves().prefer(name, directory); });
    }
}

using Results = std::map<std::string, std::map<std::int32_t, ErrorCode>>;

runtime::Task<net::Reply> wait_and_reply(RequestContext context, Results results,
                                         std::vector<ErrorCode*> places,
                                         std::vector<Directed<Wish>> wanted) {
    // Places point into the nodes of `results`, which this coroutine owns.
    const auto take = [&places](std::size_t index, ErrorCode result) { *places[index] = result; };
    co_await ask_owners<ErrorCode, Wish>(context, "move replicas", std::move(wanted), begin_move,
                                         ErrorCode::kafka_storage_error, take);
    Response response;
    for (const auto& [topic, partitions] : results) {
        auto& told = response.results.emplace_back();
        told.topic_name = topic;
        for (const auto& [partition, code] : partitions)
            told.partitions.push_back({.partition_index = partition, .error_code = code});
    }
    co_return final_reply(context, response);
}

}  // namespace

Result<net::Answer> handle_alter_replica_log_dirs(const RequestContext& context,
                                                  protocol::Reader& body) {
    Request request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    // Of several directories for one partition the last holds.
    std::map<std::string, std::map<std::int32_t, const std::string*>> paths;
    for (const auto& directory : request.dirs) {
        for (const auto& topic : directory.topics) {
            for (const std::int32_t partition : topic.partitions)
                paths[topic.name][partition] = &directory.path;
        }
    }
    Results results;
    std::vector<ErrorCode*> places;
    std::vector<Directed<Wish>> wanted;
    for (const auto& [topic, partitions] : paths) {
        for (const auto& [partition, path] : partitions) {
            ErrorCode& result = results[topic][partition];
            const std::string name = log::directory_name({topic, partition});
            const auto directory = context.node.facts.directories->index_of(*path);
            const Located located = locate(context.image(), topic, partition);
            if (name.size() + kSuffixBytes > kNameBytesMax) {
                result = ErrorCode::invalid_topic_exception;
            } else if (!directory) {
                result = ErrorCode::log_dir_not_found;
            } else if (context.node.facts.directories->is_cordoned(*directory)) {
                result = ErrorCode::invalid_replica_assignment;
            } else if (located.error != ErrorCode::none) {
                result = located.error;
                prefer_everywhere(context, name, *directory);
            } else {
                wanted.push_back({places.size(), located.partition, {topic, *directory}});
                places.push_back(&result);
            }
        }
    }
    return net::Answer(
        wait_and_reply(context, std::move(results), std::move(places), std::move(wanted)));
}

}  // namespace moldau::broker
