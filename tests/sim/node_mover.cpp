// Sends replicas to and fro between the node's log directories, and sees that each is in one.
#include "node_clients.hpp"

#include "moldau/protocol/messages/alter_replica_log_dirs.hpp"
#include "moldau/protocol/messages/describe_log_dirs.hpp"

#include <array>
#include <map>
#include <string>
#include <utility>

namespace moldau::sim {
namespace {

using runtime::Task;
using std::chrono::milliseconds;

constexpr std::array<const char*, 2> kDirectories = {"/data", "/more"};

class Mover final : public NodeClient {
public:
    Mover(Process& process, NodeModel& model, const Orders& orders, ClientState& state,
          SeededRandom random)
        : NodeClient(process, model, orders, state, std::move(random)) {
        runtime::spawn(shard_, "mover", run(*this));
    }

private:
    static Task<> run(Mover& self) {
        do {
            if (!co_await self.connected()) continue;
            co_await self.look();
            if (self.orders_.makes_new && !self.model_.topics.empty()) co_await self.move();
        } while (co_await self.pause(milliseconds(self.random_.between(2, 60))));
    }

    Task<> move() {
        const TopicPtr topic = model_.topics[random_.below(model_.topics.size())];
        protocol::AlterReplicaLogDirsRequest request;
        auto& directory = request.dirs.emplace_back();
        directory.path = kDirectories[random_.below(kDirectories.size())];
        auto& wanted = directory.topics.emplace_back();
        wanted.name = topic->name;
        wanted.partitions = {static_cast<std::int32_t>(random_.below(topic->partitions.size()))};
        auto reply =
            co_await connection_->ask<protocol::AlterReplicaLogDirsResponse>(request, deadline());
        if (!reply) co_return;
        const ErrorCode code = reply->message.results.front().partitions.front().error_code;
        if (code != ErrorCode::none && code != ErrorCode::unknown_topic_or_partition &&
            code != ErrorCode::replica_not_available && code != ErrorCode::kafka_storage_error)
            model_.wrong(fmt::format("AlterReplicaLogDirs refused: {}", name(code)));
    }

    /// A replica lies in one directory, whatever goes on; a copy of it in another.
    Task<> look() {
        protocol::DescribeLogDirsRequest request;
        request.topics.reset();
        auto reply =
            co_await connection_->ask<protocol::DescribeLogDirsResponse>(request, deadline());
        if (!reply) co_return;
        std::map<std::pair<std::string, std::int32_t>, std::string> places;
        for (const auto& directory : reply->message.results) {
            for (const auto& topic : directory.topics) {
                for (const auto& partition : topic.partitions) {
                    if (partition.is_future_key) {
                        ++model_.copies_seen;
                        continue;
                    }
                    const auto [at, is_first] = places.try_emplace(
                        {topic.name, partition.partition_index}, directory.log_dir);
                    if (!is_first)
                        model_.wrong(fmt::format("{}-{} lies in {} and in {}", topic.name,
                                                 partition.partition_index, at->second,
                                                 directory.log_dir));
                }
            }
        }
        for (const auto& [replica, place] : places) {
            const auto before = places_.find(replica);
            if (before != places_.end() && before->second != place) ++model_.moves_seen;
        }
        places_ = std::move(places);
    }

    std::map<std::pair<std::string, std::int32_t>, std::string> places_;
};

}  // namespace

std::unique_ptr<Program> make_mover(Process& process, NodeModel& model, const Orders& orders,
                                    ClientState& state, SeededRandom random) {
    return std::make_unique<Mover>(process, model, orders, state, std::move(random));
}

}  // namespace moldau::sim
