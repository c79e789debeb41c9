// What a broker knows of its cluster, as one immutable value: handlers read it, nobody changes it
// in place.
#pragma once

#include "moldau/base/ids.hpp"
#include "moldau/base/ports/transport.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace moldau::broker {

struct BrokerView {
    BrokerId id;
    std::optional<std::string> rack;
    /// By listener name. A listener that is not here is advertised as the address that the client
    /// used.
    std::map<std::string, Endpoint, std::less<>> advertised;
    bool fenced = false;
};

/// Levels [min, max] of a feature that this server can carry out (KIP-584).
struct SupportedFeature {
    std::string name;
    std::int16_t min = 0;
    std::int16_t max = 0;
};

struct ClusterView {
    std::string cluster_id;
    BrokerId controller{-1};
    std::vector<BrokerView> brokers;
    std::vector<SupportedFeature> supported_features;
};

}  // namespace moldau::broker
