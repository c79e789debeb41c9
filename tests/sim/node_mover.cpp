// Sends replicas to and fro between the node's log directories, and sees that each is in one.
#include "node_clients.hpp"

#include "moldau/protocol/messages/alter_replica_log_dirs.hpp"
#include "moldau/protocol/messages/describe_log_dirs.hpp"

#include <array>
#include <map>
#include <optional>
#include <set>
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
            if (!self.orders_.makes_new || self.model_.topics.empty()) continue;
            co_await self.move();
            co_await self.look();
        } while (co_await self.pause(milliseconds(self.random_.between(2, 60))));
    }

    bool is_disk_well() const { return !model_.has_disk_failed && !model_.is_disk_full; }

    /// What was answered with success.
    struct Wish {
        TopicPtr topic;
        std::int32_t partition = 0;
        std::string directory;
        std::uint64_t disk_troubles = 0;  // before it was asked; by one a move may be given up
    };

    Task<> move() {
        const TopicPtr topic = model_.topics[random_.below(model_.topics.size())];
        protocol::AlterReplicaLogDirsRequest request;
        auto& directory = request.dirs.emplace_back();
        directory.path = kDirectories[random_.below(kDirectories.size())];
        auto& wanted = directory.topics.emplace_back();
        wanted.name = topic->name;
        wanted.partitions = {static_cast<std::int32_t>(random_.below(topic->partitions.size()))};
        const bool was_disk_well = is_disk_well();
        const std::uint64_t troubles = model_.disk_troubles;
        auto reply =
            co_await connection_->ask<protocol::AlterReplicaLogDirsResponse>(request, deadline());
        if (!reply) co_return;
        const ErrorCode code = reply->message.results.front().partitions.front().error_code;
        if (code == ErrorCode::none && was_disk_well)
            wish_ = Wish{topic, wanted.partitions.front(), directory.path, troubles};
        if (code != ErrorCode::none && code != ErrorCode::unknown_topic_or_partition &&
            code != ErrorCode::replica_not_available && code != ErrorCode::kafka_storage_error)
            model_.wrong(fmt::format("AlterReplicaLogDirs refused: {}", name(code)));
    }

    /// A replica lies in one directory, whatever goes on; a copy of it in another. One whose move
    /// was said to have begun is on its way, or there.
    Task<> look() {
        const std::optional<Wish> wish = std::exchange(wish_, std::nullopt);
        protocol::DescribeLogDirsRequest request;
        request.topics.reset();
        auto reply =
            co_await connection_->ask<protocol::DescribeLogDirsResponse>(request, deadline());
        if (!reply) co_return;
        std::map<std::pair<std::string, std::int32_t>, std::string> places;
        std::set<std::pair<std::string, std::int32_t>> copied;
        for (const auto& directory : reply->message.results) {
            for (const auto& topic : directory.topics) {
                for (const auto& partition : topic.partitions) {
                    if (partition.is_future_key) {
                        ++model_.copies_seen;
                        copied.emplace(topic.name, partition.partition_index);
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
        if (wish && wish->disk_troubles == model_.disk_troubles && !wish->topic->is_doomed) {
            const auto replica = std::pair(wish->topic->name, wish->partition);
            const auto found = places.find(replica);
            if (found != places.end() && found->second != wish->directory &&
                !copied.contains(replica))
                model_.wrong(fmt::format("{}-{} does not move to {}", replica.first, replica.second,
                                         wish->directory));
        }
        for (const auto& [replica, place] : places) {
            const auto before = places_.find(replica);
            if (before != places_.end() && before->second != place) ++model_.moves_seen;
        }
        places_ = std::move(places);
    }

    std::map<std::pair<std::string, std::int32_t>, std::string> places_;
    std::optional<Wish> wish_;
};

}  // namespace

std::unique_ptr<Program> make_mover(Process& process, NodeModel& model, const Orders& orders,
                                    ClientState& state, SeededRandom random) {
    return std::make_unique<Mover>(process, model, orders, state, std::move(random));
}

}  // namespace moldau::sim
