// What the controller must know of settings, from their tables.
#pragma once

#include "moldau/config/settings.hpp"
#include "moldau/controller/config_rules.hpp"
#include "moldau/metadata/cluster_image.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace moldau::broker {

/// `settings`, and what `image` gives, outlive the rules; the image is asked for at each use.
/// Topics' and groups' configs are refused with invalid_config, brokers' and what client metrics do
/// not know with invalid_request, as in Kafka.
controller::ConfigRules make_config_rules(
    const config::Settings& settings, const std::function<const metadata::ClusterImage&()>& image);

/// The table of a kind of resource; nothing: it has none (broker loggers).
std::optional<config::Table> table_of(metadata::ResourceType type);

/// The names of those of the resource's configs that are kept but change nothing yet, for the log.
std::vector<std::string> without_effect(const config::Settings& settings,
                                        const metadata::ClusterImage& image,
                                        const metadata::ConfigResource& resource);

}  // namespace moldau::broker
