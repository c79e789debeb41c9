// Roles, ids and listeners taken together: the checks that Kafka makes at its start and the node
// that comes out of them.
#pragma once

#include "moldau/config/load.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace moldau::config {

/// Neither process.roles nor a controller.quorum.* setting is given.
bool is_implicit(std::span<const Settings::Entry> entries);

/// The defaults of an implicit node, put where nothing was given.
void apply_implicit_defaults(std::span<Settings::Entry> entries);

/// The node of `draft`, whose values are each good alone. What they are not together is added to
/// the problems; the node is then of no use.
Node build_node(const Settings& draft, std::vector<Problem>& errors,
                std::vector<Problem>& warnings);

}  // namespace moldau::config
