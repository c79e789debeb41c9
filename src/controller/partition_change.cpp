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
    Brokers isr;
    Brokers elr;
    Brokers last_known_elr;
    BrokerId leader = kNoLeader;
    bool is_unclean = false;
};

class Election {
public:
    Election(const Partition& partition, const BrokerEvent& event, const ElectionRules& rules,
             const std::function<bool(BrokerId)>& is_active)
        : partition_(partition), event_(event), rules_(rules), is_active_(is_active) {}

    Target decide() {
        Target target{.isr = partition_.isr,
                      .elr = partition_.elr,
                      .last_known_elr = partition_.last_known_elr};
        if (event_.kind != BrokerEvent::Kind::comes) {
            std::erase(target.isr, event_.broker);
            if (target.isr.empty() && !rules_.is_elr_enabled) target.isr = partition_.isr;
        }
        populate_elr(target);
        elect(target);
        populate_elr(target);
        remember_last_leader(target);
        return target;
    }

private:
    bool may_lead(BrokerId broker) const {
        if (broker == event_.broker) return event_.kind == BrokerEvent::Kind::comes;
        return is_active_(broker);
    }

    void elect(Target& target) const {
        const auto is_clean = [&](BrokerId broker) {
            return may_lead(broker) && (contains(target.isr, broker) ||
                                        (rules_.is_elr_enabled && contains(target.elr, broker)));
        };
        target.leader = kNoLeader;
        if (partition_.leader != kNoLeader && is_clean(partition_.leader)) {
            target.leader = partition_.leader;
        } else if (const auto found = std::ranges::find_if(partition_.replicas, is_clean);
                   found != partition_.replicas.end()) {
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
                partition_.replicas, [&](BrokerId broker) { return may_lead(broker); });
            if (found != partition_.replicas.end()) target.leader = *found;
        }
        if (target.leader == kNoLeader) return;
        target.isr = {target.leader};
        target.is_unclean = true;
    }

    void populate_elr(Target& target) const {
        if (!rules_.is_elr_enabled) return;
        const auto enough = std::min(static_cast<std::size_t>(rules_.min_insync_replicas),
                                     partition_.replicas.size());
        if (target.isr.size() >= enough) {
            target.elr.clear();
            target.last_known_elr.clear();
            return;
        }
        target.elr.clear();
        for (const Brokers* from : {&partition_.elr, &partition_.isr}) {
            for (const BrokerId broker : *from) {
                const bool lost =
                    event_.kind == BrokerEvent::Kind::lost_its_tail && broker == event_.broker;
                if (!lost && !contains(target.isr, broker) && !contains(target.elr, broker))
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
    const BrokerEvent& event_;
    const ElectionRules& rules_;
    const std::function<bool(BrokerId)>& is_active_;
};

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
    const ElectionRules& rules, const std::function<bool(BrokerId)>& is_active) {
    const Target target = Election(partition, event, rules, is_active).decide();
    protocol::PartitionChangeRecord change;
    if (target.isr != partition.isr) change.isr = values_of(target.isr);
    if (target.leader != partition.leader) change.leader = target.leader.value;
    if (target.elr != partition.elr) change.eligible_leader_replicas = values_of(target.elr);
    if (target.last_known_elr != partition.last_known_elr)
        change.last_known_elr = values_of(target.last_known_elr);
    if (target.is_unclean && partition.recovery != RecoveryState::recovering)
        change.leader_recovery_state = static_cast<std::int8_t>(RecoveryState::recovering);
    if (change == protocol::PartitionChangeRecord()) return std::nullopt;
    change.topic_id = topic;
    change.partition_id = number;
    return change;
}

bool is_active(const metadata::ClusterImage& image, BrokerId broker) {
    const auto* found = image.brokers.find(broker);
    return found != nullptr && !found->fenced && !found->in_controlled_shutdown;
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
