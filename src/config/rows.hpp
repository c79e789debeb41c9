// The words in which the tables of settings are written.
#pragma once

#include "moldau/config/setting.hpp"

#include <span>

namespace moldau::config::rows {

using enum Importance;
using enum UpdateMode;

// NOLINTBEGIN(readability-identifier-naming): the tables are written in these words.
inline constexpr Type boolean = Type::boolean;
inline constexpr Type string = Type::string;
inline constexpr Type int16 = Type::int16;
inline constexpr Type int32 = Type::int32;
inline constexpr Type int64 = Type::int64;
inline constexpr Type float64 = Type::float64;
inline constexpr Type list = Type::list;
inline constexpr Type class_name = Type::class_name;
inline constexpr Type password = Type::password;

inline constexpr Default null{Default::Kind::null};
inline constexpr Default required{Default::Kind::required};

inline constexpr Rule anything{};
inline constexpr Rule not_null{.kind = Rule::Kind::not_null};
inline constexpr Rule not_empty{.kind = Rule::Kind::not_empty};
inline constexpr Rule voters{.kind = Rule::Kind::voters};
inline constexpr Rule servers{.kind = Rule::Kind::servers};
inline constexpr Rule throttled_replicas{.kind = Rule::Kind::throttled_replicas};
inline constexpr Rule offset_reset{.kind = Rule::Kind::offset_reset};
// NOLINTEND(readability-identifier-naming)

constexpr Rule at_least(double low) {
    return {.kind = Rule::Kind::range, .low = low};
}
constexpr Rule between(double low, double high) {
    return {.kind = Rule::Kind::range, .low = low, .high = high};
}
constexpr Rule between_or_minus_one(double low, double high) {
    return {.kind = Rule::Kind::range_or_minus_one, .low = low, .high = high};
}
constexpr Rule one_of(std::string_view names) {
    return {.kind = Rule::Kind::one_of, .names = names};
}
constexpr Rule one_of_ignoring_case(std::string_view names) {
    return {.kind = Rule::Kind::one_of_ignoring_case, .names = names};
}

constexpr Setting row(std::string_view name, Type type, Default default_value, Rule rule,
                      Importance importance, UpdateMode update) {
    return {name, type, default_value, rule, importance, update};
}

// The families of the broker's table: a file each.
std::span<const Setting> cluster_rows();
std::span<const Setting> groups_rows();
std::span<const Setting> moldau_rows();
std::span<const Setting> network_rows();
std::span<const Setting> operation_rows();
std::span<const Setting> security_rows();
std::span<const Setting> storage_rows();
// The other tables.
std::span<const Setting> topic_rows();
std::span<const Setting> group_rows();
std::span<const Setting> client_metrics_rows();
std::span<const Setting> client_quota_rows();
std::span<const Setting> ip_quota_rows();

}  // namespace moldau::config::rows
