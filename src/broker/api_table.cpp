#include "api_table.hpp"

#include "handlers/admin/alter_replica_log_dirs.hpp"
#include "handlers/admin/client_quotas.hpp"
#include "handlers/admin/configs.hpp"
#include "handlers/admin/create_partitions.hpp"
#include "handlers/admin/create_topics.hpp"
#include "handlers/admin/delete_topics.hpp"
#include "handlers/admin/describe_log_dirs.hpp"
#include "handlers/admin/describe_producers.hpp"
#include "handlers/admin/describe_quorum.hpp"
#include "handlers/admin/elect_leaders.hpp"
#include "handlers/admin/list_config_resources.hpp"
#include "handlers/admin/partition_reassignments.hpp"
#include "handlers/admin/unregister_broker.hpp"
#include "handlers/admin/update_features.hpp"
#include "handlers/cluster/api_versions.hpp"
#include "handlers/cluster/assign_replicas_to_dirs.hpp"
#include "handlers/cluster/describe_cluster.hpp"
#include "handlers/cluster/find_coordinator.hpp"
#include "handlers/data/delete_records.hpp"
#include "handlers/data/fetch.hpp"
#include "handlers/data/init_producer_id.hpp"
#include "handlers/data/list_offsets.hpp"
#include "handlers/data/offset_for_leader_epoch.hpp"
#include "handlers/data/produce.hpp"
#include "handlers/groups/groups.hpp"
#include "handlers/groups/members.hpp"
#include "handlers/groups/offsets.hpp"
#include "handlers/metadata/metadata.hpp"
#include "handlers/telemetry/telemetry.hpp"

#include <array>

namespace moldau::broker {
namespace {

using protocol::ApiKey;

constexpr bool kYes = true;
constexpr bool kNo = false;

// The versions are those that Apache Kafka 4.3 advertises. A topic is made on a broker's listener;
// the controller's own has what concerns the cluster and the node.
//   api, from, to · on a broker's listener, on a controller's · handler
constexpr std::array kTable = {
    ApiRow{ApiKey::produce, 3, 13, kYes, kNo, handle_produce, 0},
    ApiRow{ApiKey::fetch, 4, 18, kYes, kNo, handle_fetch},
    ApiRow{ApiKey::list_offsets, 1, 11, kYes, kNo, handle_list_offsets},
    ApiRow{ApiKey::metadata, 0, 13, kYes, kNo, handle_metadata},
    ApiRow{ApiKey::offset_commit, 2, 10, kYes, kNo, handle_offset_commit},
    ApiRow{ApiKey::offset_fetch, 1, 10, kYes, kNo, handle_offset_fetch},
    ApiRow{ApiKey::find_coordinator, 0, 6, kYes, kNo, handle_find_coordinator},
    ApiRow{ApiKey::join_group, 0, 9, kYes, kNo, handle_join_group},
    ApiRow{ApiKey::heartbeat, 0, 4, kYes, kNo, handle_heartbeat},
    ApiRow{ApiKey::leave_group, 0, 5, kYes, kNo, handle_leave_group},
    ApiRow{ApiKey::sync_group, 0, 5, kYes, kNo, handle_sync_group},
    ApiRow{ApiKey::describe_groups, 0, 6, kYes, kNo, handle_describe_groups},
    ApiRow{ApiKey::list_groups, 0, 5, kYes, kNo, handle_list_groups},
    ApiRow{ApiKey::api_versions, 0, 4, kYes, kYes, handle_api_versions},
    ApiRow{ApiKey::create_topics, 2, 7, kYes, kNo, handle_create_topics},
    ApiRow{ApiKey::delete_topics, 1, 6, kYes, kNo, handle_delete_topics},
    ApiRow{ApiKey::delete_records, 0, 2, kYes, kNo, handle_delete_records},
    ApiRow{ApiKey::init_producer_id, 0, 5, kYes, kNo, handle_init_producer_id},
    ApiRow{ApiKey::offset_for_leader_epoch, 2, 4, kYes, kNo, handle_offset_for_leader_epoch},
    ApiRow{ApiKey::describe_configs, 1, 4, kYes, kYes, handle_describe_configs},
    ApiRow{ApiKey::alter_configs, 0, 2, kYes, kYes, handle_alter_configs},
    ApiRow{ApiKey::alter_replica_log_dirs, 1, 2, kYes, kNo, handle_alter_replica_log_dirs},
    ApiRow{ApiKey::describe_log_dirs, 1, 5, kYes, kNo, handle_describe_log_dirs},
    ApiRow{ApiKey::create_partitions, 0, 3, kYes, kNo, handle_create_partitions},
    ApiRow{ApiKey::delete_groups, 0, 2, kYes, kNo, handle_delete_groups},
    ApiRow{ApiKey::elect_leaders, 0, 2, kYes, kYes, handle_elect_leaders},
    ApiRow{ApiKey::incremental_alter_configs, 0, 1, kYes, kYes, handle_incremental_alter_configs},
    ApiRow{ApiKey::alter_partition_reassignments, 0, 1, kYes, kYes,
           handle_alter_partition_reassignments},
    ApiRow{ApiKey::list_partition_reassignments, 0, 0, kYes, kYes,
           handle_list_partition_reassignments},
    ApiRow{ApiKey::offset_delete, 0, 0, kYes, kNo, handle_offset_delete},
    ApiRow{ApiKey::describe_client_quotas, 0, 1, kYes, kNo, handle_describe_client_quotas},
    ApiRow{ApiKey::alter_client_quotas, 0, 1, kYes, kYes, handle_alter_client_quotas},
    ApiRow{ApiKey::describe_quorum, 0, 2, kYes, kYes, handle_describe_quorum},
    ApiRow{ApiKey::update_features, 0, 2, kYes, kYes, handle_update_features},
    ApiRow{ApiKey::describe_cluster, 0, 2, kYes, kYes, handle_describe_cluster},
    ApiRow{ApiKey::describe_producers, 0, 0, kYes, kNo, handle_describe_producers},
    ApiRow{ApiKey::unregister_broker, 0, 0, kYes, kYes, handle_unregister_broker},
    ApiRow{ApiKey::get_telemetry_subscriptions, 0, 0, kYes, kNo, handle_get_telemetry_subscriptions,
           std::nullopt, Told::where_telemetry_is_received},
    ApiRow{ApiKey::push_telemetry, 0, 0, kYes, kNo, handle_push_telemetry, std::nullopt,
           Told::where_telemetry_is_received},
    ApiRow{ApiKey::assign_replicas_to_dirs, 0, 0, kNo, kYes, handle_assign_replicas_to_dirs},
    ApiRow{ApiKey::list_config_resources, 0, 1, kYes, kNo, handle_list_config_resources},
    ApiRow{ApiKey::describe_topic_partitions, 0, 0, kYes, kNo, handle_describe_topic_partitions},
};

}  // namespace

std::span<const ApiRow> api_table() {
    return kTable;
}

const ApiRow* find_api(std::int16_t key, ListenerKind kind) {
    for (const ApiRow& row : kTable) {
        if (static_cast<std::int16_t>(row.api) == key) return row.is_on(kind) ? &row : nullptr;
    }
    return nullptr;
}

}  // namespace moldau::broker
