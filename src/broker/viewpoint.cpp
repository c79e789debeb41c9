#include "viewpoint.hpp"

#include <algorithm>

namespace moldau::broker {
namespace {

constexpr std::int32_t kNobody = -1;

std::optional<Endpoint> endpoint_of(const metadata::BrokerRegistration& broker,
                                    std::string_view listener) {
    const auto found = std::ranges::find(broker.endpoints, listener, &metadata::Endpoint::name);
    if (found == broker.endpoints.end()) return std::nullopt;
    return Endpoint{found->host, found->port};
}

}  // namespace

bool is_internal_topic(std::string_view name) {
    return name == "__consumer_offsets" || name == "__transaction_state" ||
           name == "__share_group_state";
}

Viewpoint::Viewpoint(const metadata::ClusterImage& image, const Asked& asked) : self_(asked.self) {
    brokers_.reserve(image.brokers.size());
    for (const auto& [id, registration] : image.brokers) {
        const bool is_here = id == asked.self && asked.advertises_address_used;
        brokers_.push_back({.id = id,
                            .registration = &registration,
                            .at = is_here ? std::optional<Endpoint>(asked.local)
                                          : endpoint_of(registration, asked.listener)});
    }
}

const Viewpoint::Broker* Viewpoint::find(BrokerId id) const {
    const auto found = std::ranges::lower_bound(brokers_, id, {}, &Broker::id);
    return found != brokers_.end() && found->id == id ? &*found : nullptr;
}

std::int32_t Viewpoint::controller_id() const {
    if (is_alive(self_)) return self_.value;
    const auto found = std::ranges::find_if(brokers_, &Broker::is_alive);
    return found == brokers_.end() ? kNobody : found->id.value;
}

std::vector<std::int32_t> Viewpoint::offline_replicas(const metadata::Partition& partition) const {
    std::vector<std::int32_t> offline;
    for (std::size_t i = 0; i < partition.replicas.size(); ++i) {
        const Broker* broker = find(partition.replicas[i]);
        const bool is_there = broker != nullptr && broker->is_alive() &&
                              (i >= partition.directories.size() ||
                               broker->registration->has_online(partition.directories[i]));
        if (!is_there) offline.push_back(partition.replicas[i].value);
    }
    return offline;
}

std::int32_t Viewpoint::reachable_leader(const metadata::Partition& partition) const {
    const Broker* leader = find(partition.leader);
    return leader != nullptr && leader->at ? leader->id.value : kNobody;
}

std::vector<std::int32_t> broker_numbers(const std::vector<BrokerId>& brokers) {
    std::vector<std::int32_t> numbers;
    numbers.reserve(brokers.size());
    for (const BrokerId broker : brokers) numbers.push_back(broker.value);
    return numbers;
}

}  // namespace moldau::broker
