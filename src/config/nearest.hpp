// Which known name was meant by one that is not known.
#pragma once

#include <string_view>

namespace moldau::config {

/// The name of the broker's table that is fewest slips of the hand away; empty where all are far.
std::string_view nearest_name(std::string_view unknown);

/// Insertions, deletions, changes and swaps of neighbours that make `a` of `b`; more than `limit`
/// where there would be more than `limit`.
std::size_t slips_between(std::string_view a, std::string_view b, std::size_t limit);

}  // namespace moldau::config
