// What the controller must know of settings. The tables stand on another floor (config); who wires
// the controller gives it these.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/metadata/cluster_image.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace moldau::controller {

struct ConfigRules {
    /// Whether the resource may have the config with this value.
    /// Errors: invalid_config, with the reason.
    std::function<Result<>(const metadata::ConfigResource&, std::string_view name,
                           std::string_view value)>
        check;
    /// Whether the resource may have these configs together, each of which was checked. Empty: it
    /// may. Errors: invalid_config, with the reason.
    std::function<Result<>(const metadata::ConfigResource&, const metadata::Configs& all)>
        check_together{};
    /// Whether its value is a list, that APPEND and SUBTRACT may change.
    std::function<bool(metadata::ResourceType, std::string_view name)> is_list;
    /// What holds where the resource has no value of its own: the cluster's, or the static one.
    std::function<std::string(metadata::ResourceType, std::string_view name)> inherited;
};

/// A change of min.insync.replicas makes every ELR meaningless that rests on the old one (KIP-966).
inline constexpr std::string_view kMinInsyncReplicas = "min.insync.replicas";

}  // namespace moldau::controller
