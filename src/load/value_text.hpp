// What values are made of.
#pragma once

#include <cstddef>
#include <vector>

namespace moldau::load {

/// At least `size` letters: words in random order, so that every codec finds something to pack (to
/// about a half). The same in each run: runs are compared.
std::vector<char> value_text(std::size_t size);

}  // namespace moldau::load
