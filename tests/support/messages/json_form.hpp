// A message as Kafka's JsonConverter writes it: what golden vectors are compared with.
#pragma once

#include "support/messages/message_type.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <string>

namespace moldau::support {

/// camelCase names; bytes and records in base64; UUIDs as 22 characters; fields that the version
/// does not have, and tagged fields at their default, are absent.
boost::json::value json_form(AnyMessage& message, std::int16_t version);

/// The unknown tags of the message itself as [{"tag", "hex"}]; those of inner structs are counted
/// in `inner_count`.
boost::json::value unknown_tags_form(AnyMessage& message, std::int16_t version,
                                     std::size_t& inner_count);

/// Where two values differ, "" when they do not. Numbers that are not integers may differ in the
/// last digit, as Boost's parser does.
std::string difference(const boost::json::value& a, const boost::json::value& b,
                       const std::string& path = "");

}  // namespace moldau::support
