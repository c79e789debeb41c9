#include "cordon.hpp"

#include "moldau/config/keys.hpp"

#include <algorithm>
#include <functional>
#include <variant>

namespace moldau::broker {

Cordon cordon_of(const BrokerLayers& layers, std::size_t directories) {
    Cordon cordon{.directories = std::vector<bool>(directories), .strangers = {}};
    const auto given = broker_value(layers, config::kCordonedLogDirs.name);
    const auto* names = given ? std::get_if<std::vector<std::string>>(&given->value) : nullptr;
    if (names == nullptr) return cordon;
    const std::vector<std::string>& log_dirs = layers.settings.node().log_dirs;
    for (const std::string& name : *names) {
        if (name == config::kAllLogDirs) {
            std::fill(cordon.directories.begin(), cordon.directories.end(), true);
            continue;
        }
        const auto found = std::ranges::find(log_dirs, name);
        if (found == log_dirs.end()) {
            cordon.strangers.push_back(name);
        } else {
            cordon.directories[static_cast<std::size_t>(found - log_dirs.begin())] = true;
        }
    }
    const auto behind = cordon.directories.begin() + static_cast<std::ptrdiff_t>(log_dirs.size());
    if (std::all_of(cordon.directories.begin(), behind, std::identity()))
        std::fill(behind, cordon.directories.end(), true);
    return cordon;
}

}  // namespace moldau::broker
