#include "coordination/group_coordinator.hpp"

#include "moldau/base/hashes.hpp"
#include "moldau/config/keys.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace moldau::broker {
namespace {

// A read of more would hold the shard for long.
constexpr std::size_t kReadMost = std::size_t{256} << 10U;

coordinator::GroupSettings group_settings(const config::Settings& settings) {
    using std::chrono::milliseconds;
    return {
        .group_max_size = settings.get(config::kGroupMaxSize),
        .group_initial_rebalance_delay =
            milliseconds(settings.get(config::kGroupInitialRebalanceDelayMs)),
        .group_min_session_timeout = milliseconds(settings.get(config::kGroupMinSessionTimeoutMs)),
        .group_max_session_timeout = milliseconds(settings.get(config::kGroupMaxSessionTimeoutMs)),
        .offset_metadata_max_bytes = settings.get(config::kOffsetMetadataMaxBytes),
        .offsets_retention = std::chrono::minutes(settings.get(config::kOffsetsRetentionMinutes)),
        .offsets_retention_check_interval =
            milliseconds(settings.get(config::kOffsetsRetentionCheckIntervalMs))};
}

record::Packing packing(const config::Settings& settings) {
    const Result<record::Codec> codec = record::codec_of(
        static_cast<unsigned>(settings.get(config::kOffsetsTopicCompressionCodec)));
    return codec ? record::Packing{.codec = *codec} : record::Packing{};
}

}  // namespace

GroupCoordinator::GroupCoordinator(BrokerShard& here, const config::Settings& settings)
    : here_(here),
      settings_(group_settings(settings)),
      read_bytes_(std::min(kReadMost,
                           static_cast<std::size_t>(settings.get(config::kOffsetsLoadBufferSize)))),
      batches_(packing(settings)),
      tasks_(here.shard()) {}

void GroupCoordinator::led(const TopicPartition& id, bool is_leader) {
    const auto found = partitions_.find(id);
    if (is_leader == (found != partitions_.end())) return;
    if (!is_leader) {
        const std::shared_ptr<GroupPartition> gone = std::move(found->second);
        partitions_.erase(found);
        return gone->end();
    }
    const auto partition = std::make_shared<GroupPartition>(here_, id, settings_, batches_);
    partitions_.emplace(id, partition);
    const log::Log& log = here_.find(id)->log();
    if (log.log_start_offset() == log.end_offset()) return partition->begin();
    tasks_.spawn(fmt::format("load {}-{}", kGroupsTopic, id.partition),
                 GroupPartition::load(partition, read_bytes_));
}

void GroupCoordinator::topic_deleted(const metadata::Topic& topic) {
    if (partitions_.empty()) return;
    GroupPartition::Deleted deleted;
    for (const auto& [number, state] : topic.partitions) deleted.emplace_back(topic.name, number);
    for (GroupPartition* partition : all()) partition->partitions_deleted(deleted);
}

runtime::Task<> GroupCoordinator::rest() {
    tasks_.cancel();
    co_await tasks_.join();
}

Result<GroupPartition*> GroupCoordinator::find(const TopicPartition& id) const {
    const auto found = partitions_.find(id);
    if (found == partitions_.end())
        return Error{ErrorCode::not_coordinator, "the group is coordinated elsewhere"};
    const ErrorCode state = found->second->state();
    if (state != ErrorCode::none) return Error{state, "the groups are not loaded"};
    return found->second.get();
}

std::vector<GroupPartition*> GroupCoordinator::all() const {
    std::vector<GroupPartition*> all;
    all.reserve(partitions_.size());
    for (const auto& [id, partition] : partitions_) all.push_back(partition.get());
    std::ranges::sort(all, {}, [](const GroupPartition* each) { return each->id(); });
    return all;
}

Result<TopicPartition> place_of_group(const metadata::ClusterImage& image, std::string_view group) {
    const Uuid* id = image.topic_ids.find(kGroupsTopic);
    if (id == nullptr) return Error{ErrorCode::not_coordinator, "there is no topic for groups yet"};
    const auto count = static_cast<std::int32_t>(image.topics.find(*id)->partitions.size());
    return TopicPartition{*id, partition_of_group(group, count)};
}

}  // namespace moldau::broker
