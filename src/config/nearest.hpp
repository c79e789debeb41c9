// How far two names are apart, as people mistype them.
#pragma once

#include <cstddef>
#include <string_view>

namespace moldau::config {

/// Insertions, deletions, changes and swaps of neighbours that make `a` of `b`; more than `limit`
/// where there would be more than `limit`.
std::size_t slips_between(std::string_view a, std::string_view b, std::size_t limit);

}  // namespace moldau::config
