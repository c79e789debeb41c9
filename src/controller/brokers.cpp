#include "moldau/controller/brokers.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <set>

namespace moldau::controller {
namespace {

using metadata::BrokerRegistration;
using metadata::ClusterImage;
using Registration = protocol::BrokerRegistrationRequest;

// BrokerRegistrationChangeRecord: the lowest version that has the field, as Kafka writes it.
constexpr std::int16_t kFencedVersion = 0;
constexpr std::int16_t kShutdownVersion = 1;
constexpr std::int16_t kDirectoriesVersion = 2;
constexpr std::int16_t kCordonedVersion = 3;

bool concerns(const ClusterImage& image, const metadata::Partition& partition,
              const BrokerEvent& event) {
    if (event.kind == BrokerEvent::Kind::comes) {
        return partition.leader == metadata::kNoLeader &&
               has_replica_online(image, partition, event.broker);
    }
    return std::ranges::find(partition.isr, event.broker) != partition.isr.end() ||
           std::ranges::find(partition.elr, event.broker) != partition.elr.end();
}

using PartitionTest = std::function<bool(const metadata::Partition&)>;

// What the event means for every partition, or for those that `is_met`.
void change_partitions(Records& records, const ClusterImage& image, const BrokerEvent& event,
                       const StaticTopicDefaults& defaults, const PartitionTest& is_met = {}) {
    for (const auto& [id, topic] : image.topics) {
        std::optional<ElectionRules> rules;
        for (const auto& [number, partition] : topic.partitions) {
            if (!concerns(image, partition, event) || (is_met && !is_met(partition))) continue;
            if (!rules) rules = election_rules(image, topic.name, defaults);
            const auto can = [&](BrokerId broker) { return can_lead(image, partition, broker); };
            if (auto change = partition_change(id, number, partition, event, *rules, can))
                add(records, std::move(*change), kPartitionChangeVersion);
        }
    }
}

std::optional<Error> wrong_directories(const ClusterImage& image, const Registration& request) {
    if (request.log_dirs.empty())
        return Error{ErrorCode::invalid_request, "the broker names no log directory"};
    const std::set<Uuid> own(request.log_dirs.begin(), request.log_dirs.end());
    if (own.size() != request.log_dirs.size())
        return Error{ErrorCode::invalid_request, "the broker names a log directory twice"};
    for (const auto& [id, broker] : image.brokers) {
        if (id.value == request.broker_id) continue;
        for (const Uuid& directory : broker.directories) {
            if (own.contains(directory)) {
                return Error{ErrorCode::duplicate_broker_registration,
                             fmt::format("log directory {} is broker {}'s", directory.to_string(),
                                         id.value)};
            }
        }
    }
    return std::nullopt;
}

std::optional<Error> missing_feature(const ClusterImage& image, const Registration& request) {
    for (const auto& [name, level] : image.features) {
        const auto offered =
            std::ranges::find(request.features, name, &Registration::Feature::name);
        if (offered != request.features.end() && level >= offered->min_supported_version &&
            level <= offered->max_supported_version)
            continue;
        return Error{ErrorCode::unsupported_version,
                     fmt::format("broker {} cannot carry out {} at its finalized level {}",
                                 request.broker_id, name, level)};
    }
    return std::nullopt;
}

std::optional<Error> refusal(const ClusterImage& image, const RegistrationContext& context,
                             const Registration& request) {
    if (request.cluster_id != context.cluster_id) {
        return Error{ErrorCode::inconsistent_cluster_id,
                     fmt::format("broker {} is of cluster {}, this is {}", request.broker_id,
                                 request.cluster_id, context.cluster_id)};
    }
    if (request.is_migrating_zk_broker)
        return Error{ErrorCode::invalid_request, "brokers that use ZooKeeper cannot join"};
    const BrokerRegistration* existing = image.brokers.find(BrokerId{request.broker_id});
    if (existing != nullptr && existing->incarnation != request.incarnation_id &&
        context.has_session && !context.is_own_node) {
        return Error{ErrorCode::duplicate_broker_registration,
                     fmt::format("a broker with id {} is alive", request.broker_id)};
    }
    if (auto wrong = wrong_directories(image, request)) return wrong;
    if (context.is_own_node) return std::nullopt;
    return missing_feature(image, request);
}

protocol::RegisterBrokerRecord record_of(const Registration& request, std::int64_t epoch) {
    protocol::RegisterBrokerRecord record;
    record.broker_id = request.broker_id;
    record.incarnation_id = request.incarnation_id;
    record.broker_epoch = epoch;
    for (const Registration::Listener& listener : request.listeners) {
        protocol::RegisterBrokerRecord::BrokerEndpoint endpoint;
        endpoint.name = listener.name;
        endpoint.host = listener.host;
        endpoint.port = listener.port;
        endpoint.security_protocol = listener.security_protocol;
        record.end_points.push_back(std::move(endpoint));
    }
    for (const Registration::Feature& offered : request.features) {
        protocol::RegisterBrokerRecord::BrokerFeature feature;
        feature.name = offered.name;
        feature.min_supported_version = offered.min_supported_version;
        feature.max_supported_version = offered.max_supported_version;
        record.features.push_back(std::move(feature));
    }
    record.rack = request.rack;
    record.log_dirs = request.log_dirs;
    return record;
}

protocol::BrokerRegistrationChangeRecord change_of(BrokerId broker, std::int64_t epoch) {
    protocol::BrokerRegistrationChangeRecord change;
    change.broker_id = broker.value;
    change.broker_epoch = epoch;
    return change;
}

bool leads_anything(const ClusterImage& image, BrokerId broker) {
    for (const auto& [id, topic] : image.topics) {
        for (const auto& [number, partition] : topic.partitions) {
            if (partition.leader == broker) return true;
        }
    }
    return false;
}

enum class BrokerState : std::uint8_t { fenced, unfenced, controlled_shutdown, shutdown_now };

BrokerState next_state(const ClusterImage& image, const BrokerRegistration& broker,
                       const HeartbeatContext& context,
                       const protocol::BrokerHeartbeatRequest& request) {
    const BrokerId id{request.broker_id};
    if (broker.fenced) {
        if (request.want_shut_down) return BrokerState::shutdown_now;
        const Offset registration = context.registration.value_or(Offset{broker.epoch});
        const bool has_read_it = request.current_metadata_offset >= registration.value;
        return !request.want_fence && has_read_it ? BrokerState::unfenced : BrokerState::fenced;
    }
    if (broker.in_controlled_shutdown || request.want_shut_down) {
        return leads_anything(image, id) && !request.want_fence ? BrokerState::controlled_shutdown
                                                                : BrokerState::shutdown_now;
    }
    return request.want_fence ? BrokerState::fenced : BrokerState::unfenced;
}

// Directories of the broker that are gone by what it says, and with them the replicas that lie
// there.
void take_directories_offline(Records& records, const ClusterImage& image,
                              const BrokerRegistration& broker, const StaticTopicDefaults& defaults,
                              const protocol::BrokerHeartbeatRequest& request) {
    const BrokerId id{request.broker_id};
    std::vector<Uuid> online, offline;
    for (const Uuid& each : broker.directories) {
        const bool is_offline =
            std::ranges::find(request.offline_log_dirs, each) != request.offline_log_dirs.end();
        (is_offline ? offline : online).push_back(each);
    }
    if (offline.empty()) return;
    change_partitions(records, image, {.kind = BrokerEvent::Kind::leaves, .broker = id}, defaults,
                      [&](const metadata::Partition& partition) {
                          const auto directory = directory_of_replica(partition, id);
                          return directory &&
                                 std::ranges::find(offline, *directory) != offline.end();
                      });
    // A broker without any directory left stops by itself; an empty list would say "as before".
    if (online.empty()) return;
    auto change = change_of(id, broker.epoch);
    change.log_dirs = std::move(online);
    add(records, std::move(change), kDirectoriesVersion);
}

void change_cordon(Records& records, const ClusterImage& image, const BrokerRegistration& broker,
                   const protocol::BrokerHeartbeatRequest& request) {
    const bool has_room = image.feature_level(metadata::kMetadataVersion).value_or(0) >=
                          metadata::kMetadataVersionCordon;
    if (has_room && request.cordoned_log_dirs &&
        request.cordoned_log_dirs != broker.cordoned_directories) {
        auto change = change_of(BrokerId{request.broker_id}, broker.epoch);
        change.cordoned_log_dirs = request.cordoned_log_dirs;
        add(records, std::move(change), kCordonedVersion);
    }
}

}  // namespace

void BrokerLiveness::registered(MonoTime now, BrokerId broker, Offset record) {
    heard(now, broker);
    registrations_[broker] = record;
}

void BrokerLiveness::forget(BrokerId broker) {
    heard_.erase(broker);
    registrations_.erase(broker);
}

bool BrokerLiveness::has_session(MonoTime now, BrokerId broker) const {
    const auto found = heard_.find(broker);
    return found != heard_.end() && now - found->second < session_timeout_;
}

std::optional<Offset> BrokerLiveness::registration_of(BrokerId broker) const {
    const auto found = registrations_.find(broker);
    if (found == registrations_.end()) return std::nullopt;
    return found->second;
}

std::vector<BrokerId> BrokerLiveness::expired(MonoTime now, const ClusterImage& image) {
    std::vector<BrokerId> over;
    for (const auto& [id, broker] : image.brokers) {
        if (broker.fenced) continue;
        const auto [at, is_new] = heard_.try_emplace(id, now);
        if (!is_new && now - at->second >= session_timeout_) over.push_back(id);
    }
    return over;
}

std::optional<MonoTime> BrokerLiveness::next_expiry(const ClusterImage& image) const {
    std::optional<MonoTime> next;
    for (const auto& [id, broker] : image.brokers) {
        const auto found = heard_.find(id);
        if (broker.fenced || found == heard_.end()) continue;
        const MonoTime at = found->second + session_timeout_;
        next = next ? std::min(*next, at) : at;
    }
    return next;
}

Decision<protocol::BrokerRegistrationResponse> register_broker(const ClusterImage& image,
                                                               const RegistrationContext& context,
                                                               const Registration& request) {
    // Not atomic: partitions that gave the broker up before it registers anew are sound.
    Decision<protocol::BrokerRegistrationResponse> decision{.is_atomic = false};
    if (const auto error = refusal(image, context, request)) {
        decision.reply.error_code = error->code;
        return decision;
    }
    const BrokerId id{request.broker_id};
    const BrokerRegistration* existing = image.brokers.find(id);
    const bool is_same = existing != nullptr && existing->incarnation == request.incarnation_id;
    const std::int64_t epoch = is_same ? existing->epoch : context.next_offset.value;
    if (existing != nullptr && !is_same) {
        const bool was_clean = request.previous_broker_epoch == existing->epoch;
        change_partitions(
            decision.records, image,
            {was_clean ? BrokerEvent::Kind::leaves : BrokerEvent::Kind::lost_its_tail, id},
            context.defaults);
    }
    auto record = record_of(request, epoch);
    if (is_same) {
        record.fenced = existing->fenced;
        record.in_controlled_shutdown = existing->in_controlled_shutdown;
        record.cordoned_log_dirs = existing->cordoned_directories;
    }
    const bool has_cordoned = image.feature_level(metadata::kMetadataVersion).value_or(0) >=
                              metadata::kMetadataVersionCordon;
    add(decision.records, std::move(record), has_cordoned ? 4 : 3);
    decision.reply.broker_epoch = epoch;
    return decision;
}

Decision<protocol::BrokerHeartbeatResponse> heartbeat(
    const ClusterImage& image, const HeartbeatContext& context,
    const protocol::BrokerHeartbeatRequest& request) {
    Decision<protocol::BrokerHeartbeatResponse> decision{.is_atomic = false};
    const BrokerId id{request.broker_id};
    const BrokerRegistration* broker = image.brokers.find(id);
    if (broker == nullptr || broker->epoch != request.broker_epoch) {
        decision.reply.error_code = ErrorCode::stale_broker_epoch;
        return decision;
    }
    Records& records = decision.records;
    const BrokerState next = next_state(image, *broker, context, request);
    auto change = change_of(id, broker->epoch);
    if (next == BrokerState::unfenced && broker->fenced) {
        change.fenced = -1;
        add(records, std::move(change), kFencedVersion);
        change_partitions(records, image, {BrokerEvent::Kind::comes, id}, context.defaults);
    } else if (next == BrokerState::controlled_shutdown && !broker->in_controlled_shutdown) {
        change.in_controlled_shutdown = 1;
        add(records, std::move(change), kShutdownVersion);
        change_partitions(records, image, {BrokerEvent::Kind::leaves, id}, context.defaults);
    } else if ((next == BrokerState::fenced || next == BrokerState::shutdown_now) &&
               !broker->fenced) {
        records = fence(image, id, context.defaults);
    }
    take_directories_offline(records, image, *broker, context.defaults, request);
    change_cordon(records, image, *broker, request);
    decision.reply.is_caught_up = request.current_metadata_offset + 1 >= context.end_offset.value;
    decision.reply.is_fenced = next == BrokerState::fenced || next == BrokerState::shutdown_now;
    decision.reply.should_shut_down = next == BrokerState::shutdown_now;
    return decision;
}

Records fence(const ClusterImage& image, BrokerId broker, const StaticTopicDefaults& defaults) {
    const BrokerRegistration* found = image.brokers.find(broker);
    if (found == nullptr || found->fenced) return {};
    Records records;
    change_partitions(records, image, {BrokerEvent::Kind::leaves, broker}, defaults);
    auto change = change_of(broker, found->epoch);
    change.fenced = 1;
    add(records, std::move(change), kFencedVersion);
    return records;
}

Decision<protocol::UnregisterBrokerResponse> unregister_broker(
    const ClusterImage& image, const StaticTopicDefaults& defaults,
    const protocol::UnregisterBrokerRequest& request) {
    // Not atomic: partitions that gave the broker up are sound while it is still known.
    Decision<protocol::UnregisterBrokerResponse> decision{.is_atomic = false};
    decision.reply.error_message = std::nullopt;
    const BrokerId id{request.broker_id};
    const BrokerRegistration* found = image.brokers.find(id);
    if (found == nullptr) {
        decision.reply.error_code = ErrorCode::broker_id_not_registered;
        decision.reply.error_message = fmt::format("no broker has the id {}", request.broker_id);
        return decision;
    }
    change_partitions(decision.records, image, {BrokerEvent::Kind::leaves, id}, defaults);
    protocol::UnregisterBrokerRecord record;
    record.broker_id = request.broker_id;
    record.broker_epoch = found->epoch;
    add(decision.records, std::move(record));
    return decision;
}

Records register_controller(const ClusterImage& image, std::int32_t id,
                            const metadata::ControllerRegistration& registration) {
    metadata::ControllerRegistration sorted = registration;
    std::ranges::sort(sorted.features, {}, &metadata::FeatureRange::name);
    const auto* known = image.controllers.find(id);
    if (known != nullptr && *known == sorted) return {};
    protocol::RegisterControllerRecord record;
    record.controller_id = id;
    record.incarnation_id = sorted.incarnation;
    record.zk_migration_ready = sorted.zk_migration_ready;
    for (const metadata::Endpoint& from : sorted.endpoints) {
        protocol::RegisterControllerRecord::ControllerEndpoint endpoint;
        endpoint.name = from.name;
        endpoint.host = from.host;
        endpoint.port = from.port;
        endpoint.security_protocol = from.security_protocol;
        record.end_points.push_back(std::move(endpoint));
    }
    for (const metadata::FeatureRange& from : sorted.features) {
        protocol::RegisterControllerRecord::ControllerFeature feature;
        feature.name = from.name;
        feature.min_supported_version = from.least;
        feature.max_supported_version = from.most;
        record.features.push_back(std::move(feature));
    }
    Records records;
    add(records, std::move(record));
    return records;
}

}  // namespace moldau::controller
