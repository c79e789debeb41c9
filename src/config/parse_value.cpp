#include "parse_value.hpp"

#include "text.hpp"

#include "moldau/base/check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace moldau::config {

namespace {

/// What a person may write for it, for the end of a message.
std::string allowed(const Setting& setting) {
    const std::string rule = setting.rule.to_string();
    switch (setting.rule.kind) {
        case Rule::Kind::anything:
            break;
        case Rule::Kind::voters:
            return "entries id@host:port, commas between";
        case Rule::Kind::servers:
            return "entries host:port, commas between";
        case Rule::Kind::throttled_replicas:
            return "* or entries partition:broker, commas between";
        case Rule::Kind::offset_reset:
            return "latest, earliest or by_duration:PnDTnHnMn.nS";
        case Rule::Kind::not_empty:
            return "at least one character";
        default:
            return setting.type == Type::list ? fmt::format("a list of {}", rule) : rule;
    }
    switch (setting.type) {
        case Type::boolean:
            return "true or false";
        case Type::int16:
            return "a whole number from -32768 to 32767";
        case Type::int32:
            return "a whole number from -2147483648 to 2147483647";
        case Type::int64:
            return "a whole number from -9223372036854775808 to 9223372036854775807";
        case Type::float64:
            return "a number";
        case Type::list:
            return setting.rule.empty_list_allowed ? "a list" : "a list of at least one item";
        case Type::string:
        case Type::class_name:
        case Type::password:
            return "text";
    }
    return {};
}

Error refuse(const Setting& setting, std::string_view shown, std::string_view why) {
    if (setting.type == Type::password) shown = "the value";
    return {ErrorCode::invalid_config,
            fmt::format("{} {}; allowed: {}", shown, why, allowed(setting))};
}

bool is_in(std::string_view names, std::string_view name) {
    const std::vector<std::string> all = split_list(names);
    return std::ranges::find(all, name) != all.end();
}

bool is_host_and_port(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    const auto port = parse_whole<std::int32_t>(text.substr(colon + 1));
    return port && *port >= 0 && *port <= 65535;
}

bool is_voter(std::string_view text) {
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos) return false;
    const auto id = parse_whole<std::int32_t>(text.substr(0, at));
    return id && *id >= 0 && is_host_and_port(text.substr(at + 1));
}

bool is_throttled_replica(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    const auto partition = parse_whole<std::int32_t>(text.substr(0, colon));
    const auto broker = parse_whole<std::int32_t>(text.substr(colon + 1));
    return partition && broker && *partition >= 0 && *broker >= 0;
}

/// ISO 8601 as java.time.Duration reads it: PnDTnHnMn.nS, a number before each letter, no sign, in
/// any case.
bool is_duration(std::string_view written) {
    const std::string owned = upper(written);
    std::string_view text = owned;
    if (!text.starts_with('P')) return false;
    text.remove_prefix(1);
    std::string_view units = "DHMS";  // what may still come
    bool in_time = false;
    bool has_part = false;
    while (!text.empty()) {
        if (text.front() == 'T') {
            if (in_time || text.size() == 1) return false;
            in_time = true;
            text.remove_prefix(1);
        }
        const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
        if (digits == 0 || digits == text.size()) return false;
        const std::string_view number = text.substr(0, digits);
        const char unit = text[digits];
        const std::size_t place = units.find(unit);
        if (place == std::string_view::npos || (unit == 'D') == in_time) return false;
        const std::size_t points = static_cast<std::size_t>(std::ranges::count(number, '.'));
        if (points > (unit == 'S' ? 1U : 0U) || number.starts_with('.')) return false;
        units.remove_prefix(place + 1);
        text.remove_prefix(digits + 1);
        has_part = true;
    }
    return has_part;
}

bool is_offset_reset(std::string_view text) {
    if (text == "latest" || text == "earliest") return true;
    constexpr std::string_view kPrefix = "by_duration:";
    return text.starts_with(kPrefix) && is_duration(text.substr(kPrefix.size()));
}

bool obeys(const Rule& rule, double number) {
    switch (rule.kind) {
        case Rule::Kind::range:
            return number >= rule.low && number <= rule.high;
        case Rule::Kind::range_or_minus_one:
            return number == -1 || (number >= rule.low && number <= rule.high);
        default:
            return true;
    }
}

bool obeys(const Rule& rule, std::string_view text) {
    switch (rule.kind) {
        case Rule::Kind::one_of:
            return is_in(rule.names, text);
        case Rule::Kind::one_of_ignoring_case:
            return is_in(upper(rule.names), upper(text));
        case Rule::Kind::not_empty:
            return !text.empty();
        case Rule::Kind::voters:
            return is_voter(text);
        case Rule::Kind::servers:
            return is_host_and_port(text);
        case Rule::Kind::throttled_replicas:
            return is_throttled_replica(text);
        case Rule::Kind::offset_reset:
            return is_offset_reset(text);
        default:
            return true;
    }
}

template <class T>
Result<Parsed> whole_number(const Setting& setting, std::string_view text) {
    const auto number = parse_whole<T>(text);
    if (!number)
        return refuse(setting, in_quotes(text), fmt::format("is no {}", name(setting.type)));
    if (!obeys(setting.rule, static_cast<double>(*number)))
        return refuse(setting, in_quotes(text), "is out of range");
    return Parsed{.value = *number, .dropped = {}};
}

Result<Parsed> number(const Setting& setting, std::string_view text) {
    std::string_view digits = text;
    if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
    // Java takes the suffixes of its literals, too.
    if (!digits.empty() && std::string_view("dDfF").find(digits.back()) != std::string_view::npos)
        digits.remove_suffix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || !std::isfinite(value))
        return refuse(setting, in_quotes(text), "is no finite number");
    if (!obeys(setting.rule, value)) return refuse(setting, in_quotes(text), "is out of range");
    return Parsed{.value = value, .dropped = {}};
}

Result<Parsed> list(const Setting& setting, std::vector<std::string> items) {
    const std::string shown = in_quotes(fmt::format("{}", fmt::join(items, ",")));
    if (items.empty() && !setting.rule.empty_list_allowed)
        return refuse(setting, "an empty list", "is not enough");
    if (setting.rule.kind == Rule::Kind::throttled_replicas && items.size() == 1 &&
        items.front() == "*")
        return Parsed{.value = std::move(items), .dropped = {}};

    Parsed parsed;
    std::vector<std::string> kept;
    std::set<std::string> seen;
    for (std::string& item : items) {
        if (item.empty()) return refuse(setting, shown, "has an empty item");
        if (!obeys(setting.rule, item))
            return refuse(setting, shown, fmt::format("holds {}", in_quotes(item)));
        const bool is_new = seen.insert(item).second;
        (is_new ? kept : parsed.dropped).push_back(std::move(item));
    }
    parsed.value = std::move(kept);
    return parsed;
}

Result<Parsed> from_text(const Setting& setting, std::string_view text) {
    switch (setting.type) {
        case Type::boolean: {
            const std::string word = lower(text);
            if (word != "true" && word != "false")
                return refuse(setting, in_quotes(text), "is no boolean");
            return Parsed{.value = word == "true", .dropped = {}};
        }
        case Type::int16:
            return whole_number<std::int16_t>(setting, text);
        case Type::int32:
            return whole_number<std::int32_t>(setting, text);
        case Type::int64:
            return whole_number<std::int64_t>(setting, text);
        case Type::float64:
            return number(setting, text);
        case Type::list:
            return list(setting, split_list(text));
        case Type::password:
            return Parsed{.value = Secret(std::string(text)), .dropped = {}};
        case Type::string:
        case Type::class_name:
            if (!obeys(setting.rule, text))
                return refuse(setting, in_quotes(text),
                              text.empty() ? "is empty" : "is not one of those");
            return Parsed{.value = std::string(text), .dropped = {}};
    }
    return Error{ErrorCode::invalid_config, "no such type"};
}

}  // namespace

Result<Parsed> parse_value(const Setting& setting, const Written& written) {
    if (std::holds_alternative<std::monostate>(written)) {
        if (setting.default_value.kind != Default::Kind::null)
            return refuse(setting, "null", "is no value");
        return Parsed{};
    }
    if (const auto* text = std::get_if<std::string>(&written))
        return from_text(setting, trim(*text));

    const auto& items = std::get<std::vector<std::string>>(written);
    if (setting.type != Type::list)
        return refuse(setting, "a list", fmt::format("is no {}", name(setting.type)));
    std::vector<std::string> trimmed;
    trimmed.reserve(items.size());
    for (const std::string& item : items) trimmed.emplace_back(trim(item));
    return list(setting, std::move(trimmed));
}

Result<Value> value_from_text(const Setting& setting, std::string_view text) {
    Result<Parsed> parsed = from_text(setting, trim(text));
    if (!parsed) return parsed.error();
    return std::move(parsed->value);
}

Value default_value(const Setting& setting) {
    if (setting.default_value.kind != Default::Kind::text) return {};
    // Kafka's own defaults need not obey the rules (an empty list where none may be written).
    if (setting.type == Type::list) return split_list(setting.default_value.text);
    Result<Parsed> parsed = from_text(setting, setting.default_value.text);
    MOLDAU_CHECK(parsed.has_value(), "default of {}", setting.name);
    return std::move(parsed->value);
}

}  // namespace moldau::config
