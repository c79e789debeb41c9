#include "moldau/controller/placement.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <string>

namespace moldau::controller {
namespace {

using Brokers = std::vector<BrokerId>;

// Whether it has a directory that takes new replicas (KIP-1066).
bool has_room(const metadata::BrokerRegistration& broker) {
    if (!broker.cordoned_directories || broker.directories.empty()) return true;
    const std::vector<Uuid>& cordoned = *broker.cordoned_directories;
    return std::ranges::any_of(broker.directories, [&](const Uuid& directory) {
        return std::ranges::find(cordoned, directory) == cordoned.end();
    });
}

// One of each rack in turn, so that neighbours in the list stand in different racks as far as can
// be.
Brokers by_racks(const metadata::ClusterImage& image, bool fenced) {
    std::map<std::string, Brokers> racks;
    std::size_t longest = 0;
    for (const auto& [id, broker] : image.brokers) {
        if (broker.fenced != fenced || broker.in_controlled_shutdown || !has_room(broker)) continue;
        Brokers& rack = racks[broker.rack.value_or("")];
        rack.push_back(id);
        longest = std::max(longest, rack.size());
    }
    Brokers all;
    for (std::size_t i = 0; i < longest; ++i) {
        for (const auto& [name, rack] : racks) {
            if (i < rack.size()) all.push_back(rack[i]);
        }
    }
    return all;
}

std::size_t full(const metadata::ClusterImage& image) {
    std::size_t count = 0;
    for (const auto& [id, broker] : image.brokers) count += has_room(broker) ? 0U : 1U;
    return count;
}

}  // namespace

Result<std::vector<Brokers>> place_replicas(const metadata::ClusterImage& image,
                                            std::int32_t partitions,
                                            std::int16_t replication_factor, std::uint64_t random) {
    const Brokers usable = by_racks(image, false);
    const Brokers fenced = by_racks(image, true);
    const auto factor = static_cast<std::size_t>(replication_factor);
    if (usable.empty() || factor > usable.size() + fenced.size()) {
        return Error{ErrorCode::invalid_replication_factor,
                     fmt::format("{} replicas of a partition cannot be placed: {} brokers can be "
                                 "used, {} are fenced, {} have all their log directories cordoned",
                                 replication_factor, usable.size(), fenced.size(), full(image))};
    }
    std::vector<Brokers> placed;
    placed.reserve(static_cast<std::size_t>(partitions));
    const std::size_t start = random % usable.size();
    for (std::size_t partition = 0; partition < static_cast<std::size_t>(partitions); ++partition) {
        // The followers' distance to the leader grows with each round, so that not always the same
        // broker follows the same one.
        const std::size_t leader = (start + partition) % usable.size();
        const std::size_t round = partition / usable.size();
        Brokers replicas{usable[leader]};
        const std::size_t others = usable.size() - 1;
        for (std::size_t i = 0; replicas.size() < factor && i < others; ++i)
            replicas.push_back(usable[(leader + 1 + (round + i) % others) % usable.size()]);
        for (std::size_t i = 0; replicas.size() < factor; ++i)
            replicas.push_back(fenced[(start + partition + i) % fenced.size()]);
        placed.push_back(std::move(replicas));
    }
    return placed;
}

}  // namespace moldau::controller
