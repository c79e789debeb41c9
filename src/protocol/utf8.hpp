// UTF-8 as Java's decoder sees it: what clients send as a name is kept when it is well formed and
// repaired in the same way as Kafka would when it is not.
#pragma once

#include <cstddef>
#include <string>

namespace moldau::protocol {

/// The length of the longest well-formed prefix.
std::size_t utf8_prefix(const char* text, std::size_t size);

/// Appends `text` to `to` with U+FFFD for each malformed sequence, as long as Java takes them to
/// be: one for an encoded surrogate, one for a truncated sequence, one a byte for the rest.
void repair_utf8(std::string& to, const char* text, std::size_t size);

}  // namespace moldau::protocol
