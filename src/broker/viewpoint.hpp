// The cluster as a client of one connection sees it: where each broker is found on the listener
// that the client came by, and which replicas are there.
#pragma once

#include "moldau/base/ids.hpp"
#include "moldau/base/ports/transport.hpp"
#include "moldau/metadata/cluster_image.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace moldau::broker {

/// Topics that the brokers themselves keep their state in.
bool is_internal_topic(std::string_view name);

/// Who asks, and whom.
struct Asked {
    BrokerId self;
    std::string_view listener;  // that the client came by
    Endpoint local;             // the address that it used
    /// Nothing is advertised: clients are told the address that they used (the implicit node).
    bool advertises_address_used = false;
};

/// Made for one answer; holds views on the image.
class Viewpoint {
public:
    struct Broker {
        BrokerId id;
        const metadata::BrokerRegistration* registration = nullptr;
        std::optional<Endpoint> at;  // nothing: it has no such listener
        bool is_alive() const { return !registration->fenced && at.has_value(); }
    };

    Viewpoint(const metadata::ClusterImage& image, const Asked& asked);

    /// All that are registered, by id.
    const std::vector<Broker>& brokers() const { return brokers_; }
    const Broker* find(BrokerId id) const;
    bool is_alive(BrokerId id) const {
        const Broker* broker = find(id);
        return broker != nullptr && broker->is_alive();
    }

    /// A broker that clients send to what only the controller can decide: this one where it can be
    /// told of, else the first that can. -1: none.
    std::int32_t controller_id() const;

    /// The replicas whose broker is not there for this client, or has lost the directory.
    std::vector<std::int32_t> offline_replicas(const metadata::Partition& partition) const;
    /// The leader, where this client can be told of it; -1 where not.
    std::int32_t reachable_leader(const metadata::Partition& partition) const;

private:
    BrokerId self_;
    std::vector<Broker> brokers_;
};

/// As the protocol has them.
std::vector<std::int32_t> broker_numbers(const std::vector<BrokerId>& brokers);

}  // namespace moldau::broker
