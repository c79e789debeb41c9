#include "moldau/controller/partition_change.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace moldau::controller {
namespace {

using metadata::kNoLeader;
using metadata::Partition;
using metadata::RecoveryState;
using Brokers = std::vector<BrokerId>;

bool contains(const Brokers& brokers, BrokerId broker) {
    return std::ranges::find(brokers, broker) != brokers.end();
}

std::vector<std::int32_t> values_of(const Brokers& brokers) {
    std::vector<std::int32_t> values;
    for (const BrokerId broker : brokers) values.push_back(broker.value);
    return values;
}

// What is to become of a partition.
struct Target {
    Brokers replicas;
    Brokers isr;
    Brokers elr;
    Brokers last_known_elr;
    BrokerId leader = kNoLeader;
    bool is_unclean = false;
};

// Who is asked first whether it can lead.
enum class First : std::uint8_t { leader, preferred };

class Election {
public:
    /// `event`: null where nothing happened to a broker.
    Election(const Partition& partition, const BrokerEvent* event, const ElectionRules& rules,
             const std::function<bool(BrokerId)>& can_lead)
        : partition_(partition), event_(event), rules_(rules), can_lead_(can_lead) {}

    Target decide(First first = First::leader) const {
        return decide(
            {.replicas = partition_.replicas, .isr = partition_.isr, .elr = partition_.elr}, first);
    }
    Target decide(Target target, First first = First::leader) const {
        target.last_known_elr = partition_.last_known_elr;
        if (event_ != nullptr && event_->kind != BrokerEvent::Kind::comes) {
            std::erase(target.isr, event_->broker);
            if (target.isr.empty() && !rules_.is_elr_enabled) target.isr = partition_.isr;
        }
        populate_elr(target);
        elect(target, first);
        populate_elr(target);
        remember_last_leader(target);
        return target;
    }

private:
    bool may_lead(BrokerId broker) const {
        if (event_ != nullptr && broker == event_->broker)
            return event_->kind == BrokerEvent::Kind::comes;
        return can_lead_(broker);
    }

    void elect(Target& target, First first) const {
        const auto is_clean = [&](BrokerId broker) {
            return may_lead(broker) && (contains(target.isr, broker) ||
                                        (rules_.is_elr_enabled && contains(target.elr, broker)));
        };
        target.leader = kNoLeader;
        const BrokerId preferred = target.replicas.front();
        if (first == First::preferred && may_lead(preferred) && contains(target.isr, preferred)) {
            target.leader = preferred;
        } else if (partition_.leader != kNoLeader && is_clean(partition_.leader)) {
            target.leader = partition_.leader;
        } else if (const auto found = std::ranges::find_if(target.replicas, is_clean);
                   found != target.replicas.end()) {
            target.leader = *found;
        }
        if (target.leader != kNoLeader) {
            if (!contains(target.isr, target.leader)) target.isr.push_back(target.leader);
            return;
        }
        elect_uncleanly(target);
    }

    // Nobody who surely has all is here: the last leader, which has at least what the others had,
    // or, where the topic prefers going on to losing nothing, anybody.
    void elect_uncleanly(Target& target) const {
        const bool nobody_is_eligible = target.isr.empty() && target.elr.empty();
        if (rules_.is_elr_enabled && nobody_is_eligible && partition_.last_known_elr.size() == 1 &&
            may_lead(partition_.last_known_elr[0])) {
            target.leader = partition_.last_known_elr[0];
        } else if (rules_.is_unclean_allowed) {
            const auto found = std::ranges::find_if(
                target.replicas, [&](BrokerId broker) { return may_lead(broker); });
            if (found != target.replicas.end()) target.leader = *found;
        }
        if (target.leader == kNoLeader) return;
        target.isr = {target.leader};
        target.is_unclean = true;
    }

    void populate_elr(Target& target) const {
        if (!rules_.is_elr_enabled) return;
        const auto enough =
            std::min(static_cast<std::size_t>(rules_.min_insync_replicas), target.replicas.size());
        if (target.isr.size() >= enough) {
            target.elr.clear();
            target.last_known_elr.clear();
            return;
        }
        target.elr.clear();
        for (const Brokers* from : {&partition_.elr, &partition_.isr}) {
            for (const BrokerId broker : *from) {
                const bool lost = event_ != nullptr &&
                                  event_->kind == BrokerEvent::Kind::lost_its_tail &&
                                  broker == event_->broker;
                const bool is_gone = !contains(target.replicas, broker);
                if (!lost && !is_gone && !contains(target.isr, broker) &&
                    !contains(target.elr, broker))
                    target.elr.push_back(broker);
            }
        }
    }

    void remember_last_leader(Target& target) const {
        if (rules_.is_elr_enabled && target.isr.empty() && !partition_.isr.empty() &&
            partition_.leader != kNoLeader)
            target.last_known_elr = {partition_.leader};
    }

    const Partition& partition_;
    const BrokerEvent* event_;
    const ElectionRules& rules_;
    const std::function<bool(BrokerId)>& can_lead_;
};

// What of the target differs from what is; without topic and number.
protocol::PartitionChangeRecord change_to(const Target& target, const Partition& partition) {
    protocol::PartitionChangeRecord change;
    if (target.isr != partition.isr) change.isr = values_of(target.isr);
    if (target.leader != partition.leader) change.leader = target.leader.value;
    if (target.elr != partition.elr) change.eligible_leader_replicas = values_of(target.elr);
    if (target.last_known_elr != partition.last_known_elr)
        change.last_known_elr = values_of(target.last_known_elr);
    if (target.is_unclean && partition.recovery != RecoveryState::recovering)
        change.leader_recovery_state = static_cast<std::int8_t>(RecoveryState::recovering);
    return change;
}

// Nothing: no change at all.
std::optional<protocol::PartitionChangeRecord> record_of(protocol::PartitionChangeRecord change,
                                                         const Uuid& topic, std::int32_t number) {
    if (change == protocol::PartitionChangeRecord()) return std::nullopt;
    change.topic_id = topic;
    change.partition_id = number;
    return change;
}

// When all that are to be added are in sync, what is to be removed goes.
void complete(Assignment& assignment) {
    if (assignment.adding.empty() && assignment.removing.empty()) return;
    const auto goes = [&](BrokerId broker) { return contains(assignment.removing, broker); };
    Brokers replicas = assignment.replicas;
    Brokers isr = assignment.isr;
    std::erase_if(replicas, goes);
    std::erase_if(isr, goes);
    const bool is_in_sync =
        std::ranges::all_of(replicas, [&](BrokerId broker) { return contains(isr, broker); });
    if (replicas.empty() || isr.empty() || !is_in_sync) return;
    assignment = {
        .replicas = std::move(replicas), .isr = std::move(isr), .adding = {}, .removing = {}};
}

std::vector<Uuid> directories_of(const Brokers& replicas, const Partition& partition,
                                 const std::function<Uuid(BrokerId)>& directory_of) {
    std::vector<Uuid> directories;
    for (const BrokerId broker : replicas) {
        const auto at = std::ranges::find(partition.replicas, broker) - partition.replicas.begin();
        const bool is_old = static_cast<std::size_t>(at) < partition.directories.size();
        directories.push_back(is_old ? partition.directories[static_cast<std::size_t>(at)]
                                     : directory_of(broker));
    }
    return directories;
}

const std::string* effective(const metadata::ClusterImage& image, std::string_view topic,
                             std::string_view name) {
    using metadata::ResourceType;
    if (const auto* own = image.configs_of({ResourceType::topic, std::string(topic)}).find(name))
        return own;
    return image.configs_of({ResourceType::broker, ""}).find(name);
}

}  // namespace

std::optional<protocol::PartitionChangeRecord> partition_change(
    const Uuid& topic, std::int32_t number, const Partition& partition, const BrokerEvent& event,
    const ElectionRules& rules, const std::function<bool(BrokerId)>& can_lead) {
    return record_of(change_to(Election(partition, &event, rules, can_lead).decide(), partition),
                     topic, number);
}

std::optional<protocol::PartitionChangeRecord> assign_directories(
    const Uuid& topic, std::int32_t number, const Partition& partition,
    std::vector<Uuid> directories, std::optional<BrokerId> lost, const ElectionRules& rules,
    const std::function<bool(BrokerId)>& can_lead) {
    const BrokerEvent event{.kind = BrokerEvent::Kind::leaves, .broker = lost.value_or(kNoLeader)};
    const Election election(partition, lost ? &event : nullptr, rules, can_lead);
    protocol::PartitionChangeRecord change = change_to(election.decide(), partition);
    if (directories != partition.directories) change.directories = std::move(directories);
    return record_of(std::move(change), topic, number);
}

std::optional<protocol::PartitionChangeRecord> elect(
    const Uuid& topic, std::int32_t number, const Partition& partition, ElectionKind kind,
    const ElectionRules& rules, const std::function<bool(BrokerId)>& can_lead) {
    const bool is_unclean = kind == ElectionKind::unclean;
    ElectionRules asked = rules;
    asked.is_unclean_allowed = is_unclean;
    const Target target = Election(partition, nullptr, asked, can_lead)
                              .decide(is_unclean ? First::leader : First::preferred);
    if (target.leader == partition.leader) return std::nullopt;
    return record_of(change_to(target, partition), topic, number);
}

std::optional<protocol::PartitionChangeRecord> reassign(
    const Uuid& topic, std::int32_t number, const Partition& partition, Assignment assignment,
    const ElectionRules& rules, const std::function<bool(BrokerId)>& can_lead,
    const std::function<Uuid(BrokerId)>& directory_of) {
    complete(assignment);
    const Target target = Election(partition, nullptr, rules, can_lead)
                              .decide({.replicas = assignment.replicas, .isr = assignment.isr});
    protocol::PartitionChangeRecord change = change_to(target, partition);
    const bool loses_one = std::ranges::any_of(partition.replicas, [&](BrokerId broker) {
        return !contains(assignment.replicas, broker);
    });
    // A replica that is taken away must not go on as if nothing had happened: a new leader epoch
    // tells it, and a leader that is named makes one.
    if (loses_one) change.leader = target.leader.value;
    if (assignment.replicas != partition.replicas) {
        change.replicas = values_of(assignment.replicas);
        std::vector<Uuid> directories =
            directories_of(assignment.replicas, partition, directory_of);
        if (directories != partition.directories) change.directories = std::move(directories);
    }
    if (assignment.adding != partition.adding_replicas)
        change.adding_replicas = values_of(assignment.adding);
    if (assignment.removing != partition.removing_replicas)
        change.removing_replicas = values_of(assignment.removing);
    return record_of(std::move(change), topic, number);
}

bool is_active(const metadata::ClusterImage& image, BrokerId broker) {
    const auto* found = image.brokers.find(broker);
    return found != nullptr && !found->fenced && !found->in_controlled_shutdown;
}

std::optional<Uuid> directory_of_replica(const Partition& partition, BrokerId broker) {
    const auto at = static_cast<std::size_t>(std::ranges::find(partition.replicas, broker) -
                                             partition.replicas.begin());
    if (at >= partition.directories.size()) return std::nullopt;
    return partition.directories[at];
}

bool has_replica_online(const metadata::ClusterImage& image, const Partition& partition,
                        BrokerId broker) {
    const auto* found = image.brokers.find(broker);
    const auto directory = directory_of_replica(partition, broker);
    return found != nullptr && (!directory || found->has_online(*directory));
}

bool can_lead(const metadata::ClusterImage& image, const Partition& partition, BrokerId broker) {
    return is_active(image, broker) && has_replica_online(image, partition, broker);
}

ElectionRules election_rules(const metadata::ClusterImage& image, std::string_view topic,
                             const StaticTopicDefaults& defaults) {
    ElectionRules rules{.is_elr_enabled = image.has_elr(),
                        .min_insync_replicas = defaults.min_insync_replicas,
                        .is_unclean_allowed = defaults.is_unclean_allowed};
    if (const std::string* text = effective(image, topic, "min.insync.replicas")) {
        std::int32_t number = 0;
        const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
        if (read.ec == std::errc() && number >= 1) rules.min_insync_replicas = number;
    }
    if (const std::string* text = effective(image, topic, "unclean.leader.election.enable"))
        rules.is_unclean_allowed = *text == "true";
    return rules;
}

}  // namespace moldau::controller
