// Text that may hold anything, made fit for one line of a log.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace moldau::metrics {

/// `text` in one printable line of at most about `bytes_max` bytes: control characters, marks that
/// turn the direction of writing, \ and what is no UTF-8 are escaped as \n, \t, \r, \\ or \xNN for
/// each byte; what is too long is cut, with its size said.
std::string printable(std::string_view text, std::size_t bytes_max);

/// `text` as a JSON string with its quotation marks: what is no UTF-8 becomes U+FFFD, and what
/// printable() escapes is escaped here, too. Cut behind about `bytes_max` bytes.
std::string json_string(std::string_view text, std::size_t bytes_max);

}  // namespace moldau::metrics
