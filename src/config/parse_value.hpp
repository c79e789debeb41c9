// One written value against one row of a table: Kafka's parsing rules and the row's own.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/config/settings.hpp"
#include "moldau/config/value.hpp"

#include <string>
#include <variant>
#include <vector>

namespace moldau::config {

/// What a file or the command line gives for a key: null (YAML only), text, or a list (YAML only).
using Written = std::variant<std::monostate, std::string, std::vector<std::string>>;

struct Parsed {
    Value value;
    std::vector<std::string> dropped;  // items of a list that were given twice
};

/// Errors: invalid_config; the detail names what was written, unless it is secret, and what is
/// allowed
Result<Parsed> parse_value(const Setting& setting, const Written& written);

}  // namespace moldau::config
