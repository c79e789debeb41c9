// The active controller of this node: its cores decide, their records go into the metadata log, and
// a reply leaves when they are committed and every shard answers by them. On the home shard.
#pragma once

#include "metadata_log.hpp"
#include "publisher.hpp"
#include "quotas/mutation_quotas.hpp"

#include "moldau/base/result.hpp"
#include "moldau/controller/config_rules.hpp"
#include "moldau/controller/decision.hpp"
#include "moldau/controller/partition_change.hpp"
#include "moldau/protocol/messages/alter_client_quotas.hpp"
#include "moldau/protocol/messages/alter_configs.hpp"
#include "moldau/protocol/messages/alter_partition_reassignments.hpp"
#include "moldau/protocol/messages/assign_replicas_to_dirs.hpp"
#include "moldau/protocol/messages/broker_heartbeat.hpp"
#include "moldau/protocol/messages/broker_registration.hpp"
#include "moldau/protocol/messages/create_partitions.hpp"
#include "moldau/protocol/messages/create_topics.hpp"
#include "moldau/protocol/messages/delete_topics.hpp"
#include "moldau/protocol/messages/describe_quorum.hpp"
#include "moldau/protocol/messages/elect_leaders.hpp"
#include "moldau/protocol/messages/incremental_alter_configs.hpp"
#include "moldau/protocol/messages/unregister_broker.hpp"
#include "moldau/protocol/messages/update_features.hpp"
#include "moldau/runtime/task.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace moldau::broker {

class BrokerShard;
struct NodeFacts;

/// Where a replica of this broker was put, or found.
struct PlacedReplica {
    TopicPartition id;
    std::size_t directory = 0;  // of LogDirectories::all()
};

class ControllerDriver {
public:
    /// `here`: of the home shard.
    ControllerDriver(runtime::Shard& shard, const NodeFacts& facts, MetadataLog& log,
                     Publisher& publisher, BrokerShard& here);

    using Registration = protocol::BrokerRegistrationRequest;
    /// This node's own controller and broker join the cluster, and the broker serves; its epoch.
    /// One wait for the disk: nobody else decides meanwhile what the three rest on.
    /// Errors: as controller::register_broker() and heartbeat() · kafka_storage_error.
    runtime::Task<Result<std::int64_t>> join(metadata::ControllerRegistration controller,
                                             Registration broker);
    /// The registration anew, of the same incarnation: its listeners have changed. Nothing happens
    /// while this broker is on its way out. Errors: as controller::register_broker() ·
    /// kafka_storage_error.
    runtime::Task<Result<>> renew(Registration broker);
    /// Which of the log directories are offline or cordoned (as far as metadata.version has room
    /// for that), and before it where new replicas lie, as far as it is news.
    /// Errors: kafka_storage_error.
    runtime::Task<Result<>> tell_of_directories(std::vector<PlacedReplica> placed);
    /// It is about to stop.
    runtime::Task<Result<>> leave();

    /// Who asks has a quota for such changes; nothing: the broker itself asks. The response tells
    /// how long the client is to wait from then on.
    runtime::Task<Result<protocol::CreateTopicsResponse>> create_topics(
        protocol::CreateTopicsRequest request, std::optional<MutationAsker> asker);
    runtime::Task<Result<protocol::CreatePartitionsResponse>> create_partitions(
        protocol::CreatePartitionsRequest request, std::optional<MutationAsker> asker);
    runtime::Task<Result<protocol::DeleteTopicsResponse>> delete_topics(
        protocol::DeleteTopicsRequest request, std::optional<MutationAsker> asker);
    runtime::Task<Result<protocol::AlterClientQuotasResponse>> alter_client_quotas(
        protocol::AlterClientQuotasRequest request);
    runtime::Task<Result<protocol::IncrementalAlterConfigsResponse>> alter_configs(
        protocol::IncrementalAlterConfigsRequest request);
    runtime::Task<Result<protocol::AlterConfigsResponse>> alter_all_configs(
        protocol::AlterConfigsRequest request);
    runtime::Task<Result<protocol::ElectLeadersResponse>> elect_leaders(
        protocol::ElectLeadersRequest request);
    runtime::Task<Result<protocol::AlterPartitionReassignmentsResponse>> alter_reassignments(
        protocol::AlterPartitionReassignmentsRequest request);
    runtime::Task<Result<protocol::AssignReplicasToDirsResponse>> assign_replicas_to_dirs(
        protocol::AssignReplicasToDirsRequest request);
    runtime::Task<Result<protocol::UnregisterBrokerResponse>> unregister_broker(
        protocol::UnregisterBrokerRequest request);
    runtime::Task<Result<protocol::UpdateFeaturesResponse>> update_features(
        protocol::UpdateFeaturesRequest request);
    /// As the quorum is now; nothing is waited for.
    runtime::Task<Result<protocol::DescribeQuorumResponse>> describe_quorum(
        protocol::DescribeQuorumRequest request);
    /// One that nobody was given before. Errors: kafka_storage_error.
    runtime::Task<Result<ProducerId>> next_producer_id();

private:
    template <class Reply>
    runtime::Task<Result<Reply>> carry_out(controller::Decision<Reply> decision);
    /// As carry_out(), where a client was charged while that was decided.
    template <class Reply>
    runtime::Task<Result<Reply>> carry_out(controller::Decision<Reply> decision,
                                           quota::Milliseconds throttle);
    quota::MutationQuota quota_of(const std::optional<MutationAsker>& asker);
    template <class Reply>
    Result<Offset> write(const controller::Decision<Reply>& decision);
    controller::Decision<protocol::BrokerRegistrationResponse> own_registration(
        const Registration& broker) const;
    bool is_leaving() const;
    runtime::Task<Result<>> in_force(Offset end);
    protocol::AssignReplicasToDirsRequest assignments_of(
        const std::vector<PlacedReplica>& placed) const;
    controller::Decision<protocol::BrokerHeartbeatResponse> own_heartbeat(
        bool want_shut_down) const;
    controller::StaticTopicDefaults topic_defaults() const;
    runtime::Task<Result<>> new_producer_ids();

    runtime::Shard& shard_;
    const NodeFacts& facts_;
    std::vector<metadata::Endpoint> endpoints_;  // of this controller, once it has joined
    MetadataLog& log_;
    Publisher& publisher_;
    BrokerShard& here_;
    controller::ConfigRules config_rules_;
    MutationQuotas mutation_quotas_;
    std::int64_t broker_epoch_ = -1;
    std::int64_t next_producer_id_ = 0;
    std::int64_t end_of_producer_ids_ = 0;
    bool allocating_ = false;
    runtime::Signal allocated_;
};

}  // namespace moldau::broker
