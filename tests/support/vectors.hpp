// Golden vectors (tests/golden/README.md): JSON Lines, some of them gzipped.
#pragma once

#include <boost/json/fwd.hpp>
#include <boost/json/object.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::support {

/// Every line of tests/golden/vectors/`name`, "messages/request.jsonl.gz" for instance. Throws when
/// it cannot be read.
std::vector<boost::json::object> read_vectors(std::string_view name);

std::vector<std::byte> from_hex(std::string_view hex);  // throws on what is not hex
std::string to_hex(const std::byte* data, std::size_t size);
std::vector<std::byte> from_base64(
    std::string_view text);  // standard alphabet, with or without padding
std::string to_base64(const std::byte* data, std::size_t size);

}  // namespace moldau::support
