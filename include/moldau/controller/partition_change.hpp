// Who leads a partition and who is in its ISR and ELR when brokers come and go (KIP-966).
#pragma once

#include "moldau/metadata/cluster_image.hpp"
#include "moldau/metadata/image_builder.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace moldau::controller {

/// The version in which PartitionChangeRecords are written: the first with ELR.
inline constexpr std::int16_t kPartitionChangeVersion = 2;

/// What happened to one broker, as its partitions see it.
struct BrokerEvent {
    enum class Kind : std::uint8_t {
        leaves,         // fenced, or shutting down in order: what it had is safe on its disk
        lost_its_tail,  // came back uncleanly: what it had not flushed may be gone
        comes,          // unfenced
    };
    Kind kind{};
    BrokerId broker;
};

/// The rules that settings make.
struct ElectionRules {
    bool is_elr_enabled = false;
    std::int32_t min_insync_replicas = 1;  // of the topic
    bool is_unclean_allowed = false;       // unclean.leader.election.enable
};

/// The change that `event` means for a partition; nothing when there is none. `can_lead`: of those
/// to whom nothing happened, as the function of that name; who comes has the partition's directory.
///   - with ELR the ISR may become empty; without, its last member stays in it without leading;
///   - members that leave an ISR below min.insync.replicas are eligible while their disk is
///     trusted; at or above it the ELR is empty;
///   - the last leader of an ISR that became empty is remembered, and when nobody is eligible leads
///     again when it comes, with `recovering`.
std::optional<protocol::PartitionChangeRecord> partition_change(
    const Uuid& topic, std::int32_t number, const metadata::Partition& partition,
    const BrokerEvent& event, const ElectionRules& rules,
    const std::function<bool(BrokerId)>& can_lead);

/// As partition_change(), when a broker tells in which log directory its replica lies (KIP-858).
/// `directories`: those of all replicas from then on, by which `can_lead` judges. `lost`: that
/// broker, where the directory is offline; its replica is lost to the partition as if it left.
std::optional<protocol::PartitionChangeRecord> assign_directories(
    const Uuid& topic, std::int32_t number, const metadata::Partition& partition,
    std::vector<Uuid> directories, std::optional<BrokerId> lost, const ElectionRules& rules,
    const std::function<bool(BrokerId)>& can_lead);

/// Whom a client may ask to be elected (KIP-183, KIP-460).
enum class ElectionKind : std::int8_t {
    preferred = 0,  // the first of the replicas, or else any that is eligible
    unclean = 1,    // as after a failure, and at last anybody
};

/// As partition_change(), when nothing happened and a client asks for an election.
std::optional<protocol::PartitionChangeRecord> elect(const Uuid& topic, std::int32_t number,
                                                     const metadata::Partition& partition,
                                                     ElectionKind kind, const ElectionRules& rules,
                                                     const std::function<bool(BrokerId)>& can_lead);

/// Where a partition is to be, by a reassignment (KIP-455).
struct Assignment {
    std::vector<BrokerId> replicas;  // all of them, those to be removed behind the others
    std::vector<BrokerId> isr;
    std::vector<BrokerId> adding;
    std::vector<BrokerId> removing;
};

/// As partition_change(), when the partition is assigned anew. A reassignment whose new replicas
/// are all in the ISR is complete at once. `directory_of`: where a broker would put a new replica.
std::optional<protocol::PartitionChangeRecord> reassign(
    const Uuid& topic, std::int32_t number, const metadata::Partition& partition,
    Assignment assignment, const ElectionRules& rules,
    const std::function<bool(BrokerId)>& can_lead,
    const std::function<Uuid(BrokerId)>& directory_of);

/// The broker may lead and be in an ISR.
bool is_active(const metadata::ClusterImage& image, BrokerId broker);
/// Where a broker's replica lies, by what is known; nothing: it has none.
std::optional<Uuid> directory_of_replica(const metadata::Partition& partition, BrokerId broker);
/// Whether the broker's log directory that its replica lies in is there. A broker that is about to
/// get a replica has chosen none.
bool has_replica_online(const metadata::ClusterImage& image, const metadata::Partition& partition,
                        BrokerId broker);
/// Both.
bool can_lead(const metadata::ClusterImage& image, const metadata::Partition& partition,
              BrokerId broker);

/// What the static settings of the controller say where no dynamic one does.
struct StaticTopicDefaults {
    std::int32_t min_insync_replicas = 1;
    bool is_unclean_allowed = false;
};

/// The rules for a topic: its own configs over the cluster's over the static ones.
ElectionRules election_rules(const metadata::ClusterImage& image, std::string_view topic,
                             const StaticTopicDefaults& defaults);

}  // namespace moldau::controller
