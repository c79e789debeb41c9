// Which log directories take no new replicas, as cordoned.log.dirs says now (KIP-1066).
#pragma once

#include "effective_configs.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace moldau::broker {

struct Cordon {
    std::vector<bool> directories;       // true: cordoned; as LogDirectories::all()
    std::vector<std::string> strangers;  // that it names, and that are no log directories any more
};

/// `directories`: how many the node has. They are those of log.dirs, and behind them
/// metadata.log.dir where it is another one, which is cordoned when all of log.dirs are.
Cordon cordon_of(const BrokerLayers& layers, std::size_t directories);

}  // namespace moldau::broker
