// One value of a setting, from text and back to text: what clients set and are told while the node
// runs.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/config/settings.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace moldau::config {

/// By the rules of a properties file. Items of a list that come twice count once.
/// Errors: invalid_config; the detail names what was written, unless it is secret, and what is
/// allowed
Result<Value> value_from_text(const Setting& setting, std::string_view text);

/// The default as a value; null where there is none.
Value default_value(const Setting& setting);

/// As Kafka writes it in answers: commas between a list's items, numbers as Java prints them.
/// Nothing for null, and for a secret.
std::optional<std::string> text_of(const Value& value);

}  // namespace moldau::config
