#include "controller_driver.hpp"

#include "broker_shard.hpp"
#include "config_rules.hpp"
#include "handlers/admin/describe_configs.hpp"
#include "handlers/admin/describe_quorum.hpp"
#include "quotas/image_quotas.hpp"
#include "supported_features.hpp"

#include "moldau/config/keys.hpp"
#include "moldau/controller/bootstrap.hpp"
#include "moldau/controller/brokers.hpp"
#include "moldau/controller/client_quotas.hpp"
#include "moldau/controller/configs.hpp"
#include "moldau/controller/create_partitions.hpp"
#include "moldau/controller/directories.hpp"
#include "moldau/controller/elections.hpp"
#include "moldau/controller/features.hpp"
#include "moldau/controller/producer_ids.hpp"
#include "moldau/controller/reassignments.hpp"
#include "moldau/controller/topics.hpp"

#include <map>
#include <utility>

namespace moldau::broker {

ControllerDriver::ControllerDriver(runtime::Shard& shard, const NodeFacts& facts, MetadataLog& log,
                                   Publisher& publisher, BrokerShard& here)
    : shard_(shard),
      facts_(facts),
      log_(log),
      publisher_(publisher),
      here_(here),
      config_rules_(make_config_rules(
          facts.settings, [&log]() -> const metadata::ClusterImage& { return log.newest(); })),
      mutation_quotas_(mutation_windows(facts.settings), here.quotas().secret()),
      allocated_(shard) {}

/// The log's end behind the decision's records.
template <class Reply>
Result<Offset> ControllerDriver::write(const controller::Decision<Reply>& decision) {
    if (decision.records.empty()) return log_.end_offset();
    return log_.append(decision.records, decision.is_atomic);
}

runtime::Task<Result<>> ControllerDriver::in_force(Offset end) {
    if (Result<> ok = co_await log_.committed(end); !ok) co_return ok;
    co_return co_await publisher_.published(end);
}

template <class Reply>
runtime::Task<Result<Reply>> ControllerDriver::carry_out(controller::Decision<Reply> decision) {
    Result<Offset> end = write(decision);
    if (!end) co_return end.error();
    // Without records, too: what was decided rests on what is not yet committed.
    if (Result<> ok = co_await in_force(*end); !ok) co_return ok.error();
    co_return std::move(decision.reply);
}

template <class Reply>
runtime::Task<Result<Reply>> ControllerDriver::carry_out(controller::Decision<Reply> decision,
                                                         quota::Milliseconds throttle) {
    const MonoTime decided = shard_.now();
    here_.counters().count_throttle(quota::Kind::controller_mutation, throttle);
    Result<Reply> reply = co_await carry_out(std::move(decision));
    const auto left = std::chrono::ceil<quota::Milliseconds>(throttle - (shard_.now() - decided));
    if (reply && left > quota::Milliseconds(0))
        reply->throttle_time_ms = static_cast<std::int32_t>(left.count());
    co_return reply;
}

quota::MutationQuota ControllerDriver::quota_of(const std::optional<MutationAsker>& asker) {
    if (!asker) return {};
    return mutation_quotas_.quota_of(here_.quotas().set(), *asker, shard_.now());
}

controller::StaticTopicDefaults ControllerDriver::topic_defaults() const {
    return {.min_insync_replicas = facts_.settings.get(config::kMinInsyncReplicas),
            .is_unclean_allowed = facts_.settings.get(config::kUncleanLeaderElectionEnable)};
}

runtime::Task<Result<std::int64_t>> ControllerDriver::join(
    metadata::ControllerRegistration controller, Registration broker) {
    const controller::Decision<bool> known{
        .records = controller::register_controller(log_.newest(), facts_.self.value, controller),
        .reply = true};
    if (Result<Offset> ok = write(known); !ok) co_return ok.error();
    endpoints_ = std::move(controller.endpoints);
    const auto registered = own_registration(broker);
    if (registered.reply.error_code != ErrorCode::none) {
        co_return Error{registered.reply.error_code,
                        "the controller refused this broker's registration"};
    }
    if (Result<Offset> ok = write(registered); !ok) co_return ok.error();
    broker_epoch_ = registered.reply.broker_epoch;
    auto alive = co_await carry_out(own_heartbeat(false));
    if (!alive) co_return alive.error();
    if (alive->error_code != ErrorCode::none || alive->is_fenced)
        co_return Error{alive->error_code, "the controller keeps this broker fenced"};
    co_return broker_epoch_;
}

controller::Decision<protocol::BrokerRegistrationResponse> ControllerDriver::own_registration(
    const Registration& broker) const {
    return controller::register_broker(log_.newest(),
                                       {.cluster_id = facts_.cluster_id,
                                        .next_offset = log_.end_offset(),
                                        .has_session = true,
                                        .is_own_node = true,
                                        .defaults = topic_defaults()},
                                       broker);
}

// Or forgotten: the next start tells what there is to tell.
bool ControllerDriver::is_leaving() const {
    const auto* self = log_.newest().brokers.find(facts_.self);
    return self == nullptr || self->fenced || self->in_controlled_shutdown;
}

runtime::Task<Result<>> ControllerDriver::renew(Registration broker) {
    if (is_leaving()) co_return Result<>();
    auto registered = co_await carry_out(own_registration(broker));
    if (!registered) co_return registered.error();
    if (registered->error_code != ErrorCode::none)
        co_return Error{registered->error_code,
                        "the controller refused this broker's registration"};
    co_return Result<>();
}

runtime::Task<Result<>> ControllerDriver::tell_of_directories(std::vector<PlacedReplica> placed) {
    if (is_leaving()) co_return Result<>();
    if (!placed.empty()) {
        // Before a directory is told to be offline: what lies there goes with it.
        auto assigned = co_await assign_replicas_to_dirs(assignments_of(placed));
        if (!assigned) co_return assigned.error();
        if (assigned->error_code != ErrorCode::none)
            co_return Error{assigned->error_code, "the controller refused where replicas lie"};
    }
    auto told = co_await carry_out(own_heartbeat(false));
    if (!told) co_return told.error();
    if (told->error_code != ErrorCode::none)
        co_return Error{told->error_code, "the controller refused this broker's heartbeat"};
    co_return Result<>();
}

// Partitions that are gone by now are refused one by one, and that is well.
protocol::AssignReplicasToDirsRequest ControllerDriver::assignments_of(
    const std::vector<PlacedReplica>& placed) const {
    std::map<std::size_t, std::map<Uuid, std::vector<std::int32_t>>> by_directory;
    for (const PlacedReplica& each : placed)
        by_directory[each.directory][each.id.topic].push_back(each.id.partition);
    protocol::AssignReplicasToDirsRequest request;
    request.broker_id = facts_.self.value;
    request.broker_epoch = broker_epoch_;
    for (const auto& [index, topics] : by_directory) {
        auto& directory = request.directories.emplace_back();
        directory.id = facts_.directories->all()[index].id();
        for (const auto& [id, partitions] : topics) {
            auto& topic = directory.topics.emplace_back();
            topic.topic_id = id;
            for (const std::int32_t partition : partitions)
                topic.partitions.emplace_back().partition_index = partition;
        }
    }
    return request;
}

runtime::Task<Result<>> ControllerDriver::leave() {
    // Told twice: the first time its partitions lose their leader, the second time it may go.
    for (int i = 0; i < 2; ++i) {
        auto told = co_await carry_out(own_heartbeat(true));
        if (!told) co_return told.error();
        if (told->error_code != ErrorCode::none)
            co_return Error{told->error_code, "the controller refused this broker's heartbeat"};
        if (told->should_shut_down) break;
    }
    co_return Result<>();
}

controller::Decision<protocol::BrokerHeartbeatResponse> ControllerDriver::own_heartbeat(
    bool want_shut_down) const {
    protocol::BrokerHeartbeatRequest request;
    request.broker_id = facts_.self.value;
    request.broker_epoch = broker_epoch_;
    request.current_metadata_offset = log_.end_offset().value;
    request.want_shut_down = want_shut_down;
    const LogDirectories& directories = *facts_.directories;
    for (std::size_t i = 0; i < directories.all().size(); ++i) {
        if (directories.is_failed(i)) request.offline_log_dirs.push_back(directories.all()[i].id());
    }
    if (log_.newest().feature_level(metadata::kMetadataVersion).value_or(0) >=
        metadata::kMetadataVersionCordon) {
        request.cordoned_log_dirs.emplace();
        for (std::size_t i = 0; i < directories.all().size(); ++i) {
            // One that was not there at the start has not even an id.
            if (directories.is_cordoned(i) && !directories.all()[i].id().is_zero())
                request.cordoned_log_dirs->push_back(directories.all()[i].id());
        }
    }
    return controller::heartbeat(log_.newest(),
                                 {.registration = std::nullopt,
                                  .end_offset = log_.end_offset(),
                                  .defaults = topic_defaults()},
                                 request);
}

runtime::Task<Result<protocol::CreateTopicsResponse>> ControllerDriver::create_topics(
    protocol::CreateTopicsRequest request, std::optional<MutationAsker> asker) {
    quota::MutationQuota quota = quota_of(asker);
    const controller::TopicContext context{
        .configs = config_rules_,
        .default_partitions = facts_.settings.get(config::kNumPartitions),
        .default_replication_factor =
            static_cast<std::int16_t>(facts_.settings.get(config::kDefaultReplicationFactor)),
        .random = [this] { return shard_.random().next(); },
        .charge = [&quota](std::int64_t partitions) { return quota.charge(partitions); }};
    auto decision = controller::create_topics(log_.newest(), context, request);
    add_created_configs(log_.newest(), facts_.settings, request, decision.reply);
    co_return co_await carry_out(std::move(decision), quota.throttle());
}

runtime::Task<Result<protocol::CreatePartitionsResponse>> ControllerDriver::create_partitions(
    protocol::CreatePartitionsRequest request, std::optional<MutationAsker> asker) {
    quota::MutationQuota quota = quota_of(asker);
    auto decision = controller::create_partitions(
        log_.newest(), [this] { return shard_.random().next(); }, request,
        [&quota](std::int64_t partitions) { return quota.charge(partitions); });
    co_return co_await carry_out(std::move(decision), quota.throttle());
}

runtime::Task<Result<protocol::DeleteTopicsResponse>> ControllerDriver::delete_topics(
    protocol::DeleteTopicsRequest request, std::optional<MutationAsker> asker) {
    quota::MutationQuota quota = quota_of(asker);
    auto decision = controller::delete_topics(
        log_.newest(), facts_.settings.get(config::kDeleteTopicEnable), request,
        [&quota](std::int64_t partitions) { return quota.charge(partitions); });
    co_return co_await carry_out(std::move(decision), quota.throttle());
}

runtime::Task<Result<protocol::AlterClientQuotasResponse>> ControllerDriver::alter_client_quotas(
    protocol::AlterClientQuotasRequest request) {
    co_return co_await carry_out(controller::alter_client_quotas(log_.newest(), request));
}

runtime::Task<Result<protocol::IncrementalAlterConfigsResponse>> ControllerDriver::alter_configs(
    protocol::IncrementalAlterConfigsRequest request) {
    co_return co_await carry_out(
        controller::incremental_alter_configs(log_.newest(), config_rules_, request));
}

runtime::Task<Result<protocol::AlterConfigsResponse>> ControllerDriver::alter_all_configs(
    protocol::AlterConfigsRequest request) {
    co_return co_await carry_out(controller::alter_configs(log_.newest(), config_rules_, request));
}

runtime::Task<Result<protocol::ElectLeadersResponse>> ControllerDriver::elect_leaders(
    protocol::ElectLeadersRequest request) {
    co_return co_await carry_out(
        controller::elect_leaders(log_.newest(), topic_defaults(), request));
}

runtime::Task<Result<protocol::AlterPartitionReassignmentsResponse>>
ControllerDriver::alter_reassignments(protocol::AlterPartitionReassignmentsRequest request) {
    co_return co_await carry_out(
        controller::alter_partition_reassignments(log_.newest(), topic_defaults(), request));
}

runtime::Task<Result<protocol::AssignReplicasToDirsResponse>>
ControllerDriver::assign_replicas_to_dirs(protocol::AssignReplicasToDirsRequest request) {
    co_return co_await carry_out(
        controller::assign_replicas_to_dirs(log_.newest(), topic_defaults(), request));
}

runtime::Task<Result<protocol::UnregisterBrokerResponse>> ControllerDriver::unregister_broker(
    protocol::UnregisterBrokerRequest request) {
    co_return co_await carry_out(
        controller::unregister_broker(log_.newest(), topic_defaults(), request));
}

runtime::Task<Result<protocol::UpdateFeaturesResponse>> ControllerDriver::update_features(
    protocol::UpdateFeaturesRequest request) {
    auto update =
        controller::update_features(log_.newest(),
                                    {.supported = supported_features(),
                                     .kraft_version = log_.quorum().voters().kraft_version,
                                     .defaults = topic_defaults()},
                                    request);
    if (!update.upgrades_quorum) co_return co_await carry_out(std::move(update.decision));
    // Its records first: they may yet be refused.
    if (Result<Offset> ok = write(update.decision); !ok) co_return ok.error();
    const Result<Offset> end = log_.upgrade_quorum(
        controller::lone_voter(facts_.self.value, log_.quorum().self().directory, endpoints_));
    if (!end) co_return end.error();
    if (Result<> ok = co_await in_force(*end); !ok) co_return ok.error();
    co_return std::move(update.decision.reply);
}

runtime::Task<Result<protocol::DescribeQuorumResponse>> ControllerDriver::describe_quorum(
    protocol::DescribeQuorumRequest request) {
    co_return moldau::broker::describe_quorum(log_.quorum(), log_.newest(), shard_.clock().wall(),
                                              request);
}

runtime::Task<Result<ProducerId>> ControllerDriver::next_producer_id() {
    while (next_producer_id_ == end_of_producer_ids_) {
        if (allocating_) {
            const runtime::Waited waited = co_await allocated_.wait();
            if (waited != runtime::Waited::ready) co_return runtime::error_of(waited);
            continue;
        }
        allocating_ = true;
        Result<> done = co_await new_producer_ids();
        allocating_ = false;
        allocated_.set();
        if (!done) co_return done.error();
    }
    co_return ProducerId{next_producer_id_++};
}

runtime::Task<Result<>> ControllerDriver::new_producer_ids() {
    protocol::AllocateProducerIdsRequest request;
    request.broker_id = facts_.self.value;
    request.broker_epoch = broker_epoch_;
    auto reply = co_await carry_out(controller::allocate_producer_ids(log_.newest(), request));
    if (!reply) co_return reply.error();
    if (reply->error_code != ErrorCode::none) co_return Error{reply->error_code, "no producer ids"};
    next_producer_id_ = reply->producer_id_start;
    end_of_producer_ids_ = reply->producer_id_start + reply->producer_id_len;
    co_return Result<>();
}

}  // namespace moldau::broker
