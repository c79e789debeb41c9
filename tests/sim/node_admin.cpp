// The only one who changes metadata: what it sees must be exactly what it was told.
#include "node_clients.hpp"

#include "moldau/protocol/messages/alter_partition_reassignments.hpp"
#include "moldau/protocol/messages/create_topics.hpp"
#include "moldau/protocol/messages/delete_records.hpp"
#include "moldau/protocol/messages/delete_topics.hpp"
#include "moldau/protocol/messages/describe_configs.hpp"
#include "moldau/protocol/messages/describe_log_dirs.hpp"
#include "moldau/protocol/messages/describe_producers.hpp"
#include "moldau/protocol/messages/describe_quorum.hpp"
#include "moldau/protocol/messages/elect_leaders.hpp"
#include "moldau/protocol/messages/incremental_alter_configs.hpp"
#include "moldau/protocol/messages/metadata.hpp"

#include <algorithm>
#include <iterator>

namespace moldau::sim {
namespace {

using runtime::Task;
using std::chrono::milliseconds;

constexpr std::int8_t kTopicResource = 2;
constexpr std::size_t kTopicsMost = 3;
constexpr std::string_view kAltered = "retention.ms";

class Admin final : public NodeClient {
public:
    Admin(Process& process, NodeModel& model, const Orders& orders, ClientState& state,
          SeededRandom random)
        : NodeClient(process, model, orders, state, std::move(random)) {
        runtime::spawn(shard_, "admin", run(*this));
    }

private:
    static Task<> run(Admin& self) {
        do {
            if (!co_await self.connected()) continue;
            const bool well = co_await self.step();
            self.state_.is_idle = well && !self.orders_.makes_new;
        } while (co_await self.pause(milliseconds(self.random_.between(5, 120))));
    }

    /// False: the connection broke or something was refused that may be.
    Task<bool> step() {
        // First what is known of what was asked and not answered.
        if (co_await check()) {
            if (!orders_.makes_new) co_return true;
        } else {
            co_return false;
        }
        const std::uint64_t dice = random_.below(14);
        const bool has_room = model_.topics.size() < kTopicsMost;
        if (model_.topics.empty() || (dice < 5 && has_room)) co_return co_await create();
        if (dice >= 12) co_return co_await remove();
        if (dice == 5) co_return co_await look_around();
        if (dice >= 5) co_return co_await delete_records();
        co_return co_await alter();
    }

    Task<bool> create() {
        std::string chosen;
        do {
            chosen = fmt::format("t{}", random_.below(kTopicsMost));
        } while (find(chosen) != nullptr);
        protocol::CreateTopicsRequest request;
        request.timeout_ms = 2000;
        auto& topic = request.topics.emplace_back();
        topic.name = chosen;
        topic.num_partitions = static_cast<std::int32_t>(random_.between(1, 4));
        topic.replication_factor = 1;
        const bool is_flushed = random_.chance(500'000);
        topic.configs.push_back({.name = "file.delete.delay.ms", .value = "50"});
        topic.configs.push_back({.name = "internal.segment.bytes", .value = "900"});
        topic.configs.push_back({.name = "index.interval.bytes", .value = "100"});
        if (is_flushed) topic.configs.push_back({.name = "flush.messages", .value = "1"});
        wanted_ = std::make_shared<TopicModel>();
        wanted_->name = chosen;
        wanted_->is_flushed = is_flushed;
        wanted_->partitions.resize(static_cast<std::size_t>(topic.num_partitions));
        altered_.erase(chosen);
        auto reply = co_await connection_->ask<protocol::CreateTopicsResponse>(request, deadline());
        if (!reply) co_return false;
        if (reply->message.topics.size() != 1) model_.wrong("CreateTopics: no answer for a topic");
        const auto& result = reply->message.topics.front();
        if (result.error_code == ErrorCode::none) {
            add(result.topic_id);
            co_return true;
        }
        if (!is_storage(result.error_code))
            model_.wrong(fmt::format("CreateTopics of {} refused: {} {}", chosen,
                                     name(result.error_code), result.error_message.value_or("")));
        co_return false;
    }

    Task<bool> remove() {
        const TopicPtr topic = any_topic();
        topic->is_doomed = true;
        doomed_ = topic;
        protocol::DeleteTopicsRequest request;
        request.timeout_ms = 2000;
        request.topics.push_back({.name = topic->name, .topic_id = {}});
        request.topic_names.push_back(topic->name);
        auto reply = co_await connection_->ask<protocol::DeleteTopicsResponse>(request, deadline());
        if (!reply) co_return false;
        const ErrorCode code = reply->message.responses.front().error_code;
        if (code == ErrorCode::none) {
            drop();
            co_return true;
        }
        if (!is_storage(code))
            model_.wrong(fmt::format("DeleteTopics of {} refused: {}", topic->name, name(code)));
        co_return false;
    }

    Task<bool> alter() {
        const TopicPtr topic = any_topic();
        const std::string value = std::to_string(++last_value_);
        protocol::IncrementalAlterConfigsRequest request;
        auto& resource = request.resources.emplace_back();
        resource.resource_type = kTopicResource;
        resource.resource_name = topic->name;
        resource.configs.push_back(
            {.name = std::string(kAltered), .config_operation = 0, .value = value});
        asked_ = value;
        asked_of_ = topic->name;
        auto reply = co_await connection_->ask<protocol::IncrementalAlterConfigsResponse>(
            request, deadline());
        if (!reply) co_return false;
        const auto& result = reply->message.responses.front();
        if (result.error_code == ErrorCode::none) {
            altered_[topic->name] = value;
            asked_.clear();
            co_return true;
        }
        if (!is_storage(result.error_code))
            model_.wrong(fmt::format("IncrementalAlterConfigs refused: {} {}",
                                     name(result.error_code), result.error_message.value_or("")));
        co_return false;
    }

    /// Up to a batch that was acknowledged.
    Task<bool> delete_records() {
        const TopicPtr topic = any_topic();
        const std::size_t index = random_.below(topic->partitions.size());
        PartitionModel& partition = topic->partitions[index];
        if (partition.acknowledged.empty()) co_return true;
        const auto chosen =
            std::next(partition.acknowledged.begin(),
                      static_cast<std::ptrdiff_t>(random_.below(partition.acknowledged.size())));
        const std::int64_t to = chosen->first;
        partition.deleted_to = std::max(partition.deleted_to, to);
        const std::int64_t known = partition.log_start;
        protocol::DeleteRecordsRequest request;
        request.timeout_ms = 2000;
        auto& asked = request.topics.emplace_back();
        asked.name = topic->name;
        asked.partitions.push_back(
            {.partition_index = static_cast<std::int32_t>(index), .offset = to});
        auto reply =
            co_await connection_->ask<protocol::DeleteRecordsResponse>(request, deadline());
        if (!reply) co_return false;
        const auto& result = reply->message.topics.front().partitions.front();
        if (result.error_code == ErrorCode::none) {
            ++model_.deleted_records;
            if (result.low_watermark < to)
                model_.wrong(fmt::format("L12: {}deleted to {} only",
                                         NodeModel::where(*topic, index, to),
                                         result.low_watermark));
            model_.saw_log_start(*topic, index, result.low_watermark, known);
            co_return true;
        }
        const bool is_lost = result.error_code == ErrorCode::offset_out_of_range &&
                             !topic->is_flushed && model_.losses() > 0;
        if (!is_lost && !is_storage(result.error_code) &&
            result.error_code != ErrorCode::not_leader_or_follower &&
            result.error_code != ErrorCode::leader_not_available)
            model_.wrong(fmt::format("DeleteRecords of {} refused: {}",
                                     NodeModel::where(*topic, index, to), name(result.error_code)));
        co_return false;
    }

    /// What changes nothing: nothing is deleted and still told of, led by nobody, or on its way.
    Task<bool> look_around() {
        co_return co_await look_at_directories() && co_await look_at_quorum() &&
            co_await look_at_producers() && co_await elect() && co_await reassign();
    }

    Task<bool> look_at_directories() {
        protocol::DescribeLogDirsRequest request;
        request.topics.reset();
        auto reply =
            co_await connection_->ask<protocol::DescribeLogDirsResponse>(request, deadline());
        if (!reply) co_return false;
        for (const auto& directory : reply->message.results) {
            for (const auto& topic : directory.topics) {
                if (find(topic.name) == nullptr)
                    model_.wrong(fmt::format("R5: a log of {}, which is gone", topic.name));
            }
        }
        co_return reply->message.error_code == ErrorCode::none;
    }

    Task<bool> look_at_quorum() {
        protocol::DescribeQuorumRequest request;
        auto& topic = request.topics.emplace_back();
        topic.topic_name = "__cluster_metadata";
        topic.partitions.emplace_back();
        auto reply =
            co_await connection_->ask<protocol::DescribeQuorumResponse>(request, deadline());
        if (!reply) co_return false;
        const auto& partition = reply->message.topics.front().partitions.front();
        if (is_storage(partition.error_code)) co_return false;
        if (partition.error_code != ErrorCode::none || partition.leader_id != 1 ||
            partition.current_voters.size() != 1)
            model_.wrong(fmt::format("the quorum has {} voters, led by {}: {}",
                                     partition.current_voters.size(), partition.leader_id,
                                     name(partition.error_code)));
        else if (partition.high_watermark > partition.current_voters.front().log_end_offset)
            model_.wrong("the quorum's high watermark is above its log's end");
        co_return true;
    }

    Task<bool> look_at_producers() {
        const TopicPtr topic = any_topic();
        protocol::DescribeProducersRequest request;
        auto& asked = request.topics.emplace_back();
        asked.name = topic->name;
        for (std::size_t i = 0; i < topic->partitions.size(); ++i)
            asked.partition_indexes.push_back(static_cast<std::int32_t>(i));
        auto reply =
            co_await connection_->ask<protocol::DescribeProducersResponse>(request, deadline());
        if (!reply) co_return false;
        for (const auto& partition : reply->message.topics.front().partitions) {
            const ErrorCode code = partition.error_code;
            if (code != ErrorCode::none && !is_storage(code) &&
                code != ErrorCode::not_leader_or_follower)
                model_.wrong(fmt::format("DescribeProducers refused: {}", name(code)));
        }
        co_return true;
    }

    enum class LogDirectoriesSeen : std::uint8_t { nothing, all_online, one_offline };

    /// What lies in a directory that is offline until the next start has no leader until then.
    Task<LogDirectoriesSeen> look_for_offline_directories() {
        protocol::DescribeLogDirsRequest request;
        auto reply =
            co_await connection_->ask<protocol::DescribeLogDirsResponse>(request, deadline());
        if (!reply) co_return LogDirectoriesSeen::nothing;
        const bool is_one = std::ranges::any_of(
            reply->message.results, [](const auto& each) { return is_storage(each.error_code); });
        co_return is_one ? LogDirectoriesSeen::one_offline : LogDirectoriesSeen::all_online;
    }

    Task<bool> elect() {
        protocol::ElectLeadersRequest request;
        request.topic_partitions.reset();
        auto reply = co_await connection_->ask<protocol::ElectLeadersResponse>(request, deadline());
        if (!reply) co_return false;
        if (!reply->message.replica_election_results.empty() &&
            co_await look_for_offline_directories() != LogDirectoriesSeen::all_online)
            co_return false;
        for (const auto& topic : reply->message.replica_election_results) {
            for (const auto& partition : topic.partition_result)
                model_.wrong(fmt::format("R5: {}-{} had no leader: {}", topic.topic,
                                         partition.partition_id, name(partition.error_code)));
        }
        co_return reply->message.error_code == ErrorCode::none;
    }

    /// To where it is.
    Task<bool> reassign() {
        protocol::AlterPartitionReassignmentsRequest request;
        auto& topic = request.topics.emplace_back();
        topic.name = any_topic()->name;
        topic.partitions.emplace_back().replicas = {1};
        auto reply = co_await connection_->ask<protocol::AlterPartitionReassignmentsResponse>(
            request, deadline());
        if (!reply) co_return false;
        if (reply->message.error_code != ErrorCode::none) co_return false;
        const ErrorCode code = reply->message.responses.front().partitions.front().error_code;
        if (code != ErrorCode::none)
            model_.wrong(fmt::format("AlterPartitionReassignments refused: {}", name(code)));
        co_return true;
    }

    /// Compares what the node says with what is known. What was asked and not answered is settled
    /// by it, for good: by then nothing of it is on its way any more.
    Task<bool> check() {
        if (has_open_question() && !co_await pause(milliseconds(2500))) co_return false;
        if (connection_ == nullptr || !connection_->is_open()) co_return false;
        protocol::MetadataRequest request;
        request.topics.reset();
        request.allow_auto_topic_creation = false;
        auto reply = co_await connection_->ask<protocol::MetadataResponse>(request, deadline());
        if (!reply) co_return false;
        std::map<std::string, const protocol::MetadataResponse::MetadataResponseTopic*> found;
        for (const auto& topic : reply->message.topics) found[topic.name.value_or("")] = &topic;
        if (wanted_ != nullptr) {
            const auto there = found.find(wanted_->name);
            if (there == found.end()) {
                wanted_.reset();
            } else {
                add(there->second->topic_id);
            }
        }
        if (doomed_ != nullptr) {
            const auto there = found.find(doomed_->name);
            if (there == found.end()) {
                drop();
            } else {
                doomed_->is_doomed = false;
                doomed_.reset();
            }
        }
        compare(found);
        co_return co_await check_configs();
    }

    void compare(const std::map<std::string,
                                const protocol::MetadataResponse::MetadataResponseTopic*>& found) {
        for (const TopicPtr& topic : model_.topics) {
            const auto there = found.find(topic->name);
            if (there == found.end()) {
                model_.wrong(fmt::format("R5: topic {} was acknowledged and is gone", topic->name));
                return;
            }
            if (there->second->topic_id != topic->id)
                model_.wrong(fmt::format("R5: topic {} has another id", topic->name));
            if (there->second->partitions.size() != topic->partitions.size())
                model_.wrong(fmt::format("R5: topic {} has {} partitions", topic->name,
                                         there->second->partitions.size()));
        }
        if (found.size() != model_.topics.size())
            model_.wrong(fmt::format("R5: {} topics, {} expected: a deleted one is back",
                                     found.size(), model_.topics.size()));
    }

    Task<bool> check_configs() {
        protocol::DescribeConfigsRequest request;
        for (const TopicPtr& topic : model_.topics) {
            auto& resource = request.resources.emplace_back();
            resource.resource_type = kTopicResource;
            resource.resource_name = topic->name;
            resource.configuration_keys = {std::string(kAltered)};
        }
        if (request.resources.empty()) co_return true;
        auto reply =
            co_await connection_->ask<protocol::DescribeConfigsResponse>(request, deadline());
        if (!reply) co_return false;
        for (const auto& result : reply->message.results) {
            if (result.error_code != ErrorCode::none || result.configs.size() != 1) {
                model_.wrong(fmt::format("R5: configs of {}: {}", result.resource_name,
                                         name(result.error_code)));
                co_return false;
            }
            const std::string value = result.configs.front().value.value_or("");
            if (!asked_.empty() && asked_of_ == result.resource_name) {
                if (value == asked_) altered_[asked_of_] = value;
                asked_.clear();
            }
            const auto known = altered_.find(result.resource_name);
            const std::string wanted = known == altered_.end() ? "604800000" : known->second;
            if (value != wanted)
                model_.wrong(fmt::format("R5: {} of {} is {}, acknowledged was {}", kAltered,
                                         result.resource_name, value, wanted));
        }
        asked_.clear();
        co_return true;
    }

    bool has_open_question() const {
        return wanted_ != nullptr || doomed_ != nullptr || !asked_.empty();
    }
    static bool is_storage(ErrorCode code) {
        return code == ErrorCode::kafka_storage_error || code == ErrorCode::broker_not_available;
    }
    TopicPtr find(std::string_view name) const {
        const auto found = std::ranges::find(model_.topics, name, &TopicModel::name);
        return found == model_.topics.end() ? nullptr : *found;
    }
    TopicPtr any_topic() { return model_.topics[random_.below(model_.topics.size())]; }
    void add(Uuid id) {
        wanted_->id = id;
        model_.topics.push_back(std::exchange(wanted_, nullptr));
    }
    void drop() {
        std::erase(model_.topics, doomed_);
        altered_.erase(doomed_->name);
        doomed_.reset();
    }

    TopicPtr wanted_;    // asked for, not answered
    TopicPtr doomed_;    // likewise
    std::string asked_;  // likewise: a value, of the topic
    std::string asked_of_;
    std::map<std::string, std::string, std::less<>> altered_;
    std::int64_t last_value_ = 1'000'000'000;
};

}  // namespace

std::unique_ptr<Program> make_admin(Process& process, NodeModel& model, const Orders& orders,
                                    ClientState& state, SeededRandom random) {
    return std::make_unique<Admin>(process, model, orders, state, std::move(random));
}

}  // namespace moldau::sim
