#include "moldau/telemetry/subscriptions.hpp"

#include "moldau/base/crc32c.hpp"
#include "moldau/base/hashes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <regex>
#include <utility>

namespace moldau::telemetry {
namespace {

constexpr std::string_view kAll = "*";
/// {n}{m}… copy what they repeat: an expression of a few bytes could fill the memory.
constexpr std::size_t kRepetitionsMax = 32;

using Field = std::string_view (*)(const Client&, std::string& made);

constexpr std::array<std::pair<std::string_view, Field>, 6> kFields = {
    std::pair<std::string_view, Field>{
        "client_id",
        [](const Client& client, std::string&) { return std::string_view(client.id); }},
    {"client_instance_id",
     [](const Client& client, std::string& made) {
         made = client.instance.to_string();
         return std::string_view(made);
     }},
    {"client_software_name",
     [](const Client& client, std::string&) { return std::string_view(client.software_name); }},
    {"client_software_version",
     [](const Client& client, std::string&) { return std::string_view(client.software_version); }},
    {"client_source_address",
     [](const Client& client, std::string&) { return std::string_view(client.address); }},
    {"client_source_port", [](const Client& client, std::string& made) {
         made = std::to_string(client.port);
         return std::string_view(made);
     }}};

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

/// What libstdc++ reads without harm: printable characters, and no number behind a backslash, which
/// it would add up without an end.
bool is_readable(std::string_view expression) {
    for (std::size_t at = 0; at < expression.size(); ++at) {
        if (expression[at] < ' ' || expression[at] > '~') return false;
        if (expression[at] != '\\') continue;
        ++at;
        if (at < expression.size() && expression[at] >= '0' && expression[at] <= '9') return false;
    }
    return true;
}

/// The product of the greatest numbers in all braces, as far as the bound is not passed.
std::size_t repetitions(std::string_view expression) {
    std::size_t product = 1;
    bool is_inside = false;
    for (std::size_t at = 0; at < expression.size() && product <= kRepetitionsMax; ++at) {
        if (expression[at] == '{') is_inside = true;
        if (expression[at] == '}') is_inside = false;
        if (!is_inside || expression[at] < '0' || expression[at] > '9') continue;
        std::size_t number = 0;
        const char* const first = expression.data() + at;
        const auto [end, wrong] =
            std::from_chars(first, expression.data() + expression.size(), number);
        if (wrong != std::errc() || number > kRepetitionsMax) return kRepetitionsMax + 1;
        product *= std::max<std::size_t>(number, 1);
        at += static_cast<std::size_t>(end - first) - 1;
    }
    return product;
}

Error wrong_match(std::string_view entry, std::string_view why) {
    constexpr std::size_t kShownBytes = 120;
    return {ErrorCode::invalid_config,
            fmt::format("match: '{}' {}", entry.substr(0, kShownBytes), why)};
}

/// As java.util.HashSet gives what was put into it in this order.
std::vector<std::string> in_order_of_java(std::vector<std::string> names) {
    const std::size_t buckets =
        std::bit_ceil(std::max<std::size_t>(16, (names.size() * 4 + 2) / 3));
    std::vector<std::pair<std::size_t, std::size_t>> places;  // bucket, index
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto hash = static_cast<std::uint32_t>(java_string_hash(names[i]));
        places.emplace_back((hash ^ hash >> 16U) & (buckets - 1), i);
    }
    std::ranges::sort(places);
    std::vector<std::string> ordered;
    ordered.reserve(places.size());
    for (const auto& [bucket, index] : places) ordered.push_back(std::move(names[index]));
    return ordered;
}

std::int32_t hash_of(const Uuid& id) {
    const std::uint64_t both = id.high ^ id.low;
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(both >> 32U) ^
                                     static_cast<std::uint32_t>(both));
}

}  // namespace

struct Match::Expression {
    std::regex regex;
};

Result<Match> Match::parse(std::string_view entry) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos || entry.find('=', equals + 1) != std::string_view::npos)
        return wrong_match(entry, "is not NAME=PATTERN");
    const std::string_view name = trimmed(entry.substr(0, equals));
    const std::string_view pattern = trimmed(entry.substr(equals + 1));
    const auto* field =
        std::ranges::find(kFields, name, &std::pair<std::string_view, Field>::first);
    if (field == kFields.end())
        return wrong_match(entry,
                           "names nothing that is known of clients: client_id, client_instance_id, "
                           "client_software_name, client_software_version, client_source_address, "
                           "client_source_port are");
    if (pattern.empty()) return wrong_match(entry, "has no pattern");
    if (pattern.size() > kPatternBytesMax || repetitions(pattern) > kRepetitionsMax)
        return wrong_match(entry, "has too large a pattern");
    if (!is_readable(pattern))
        return wrong_match(entry, "has a back reference, or what is not printable ASCII");
    Match match;
    match.field_ = field->second;
    // libstdc++ looks at the character behind a last '(': it is to be there.
    const std::string terminated(pattern);
    try {
        // __polynomial: libstdc++'s breadth-first matcher, which never tries the same twice.
        match.expression_ = std::make_shared<Expression>(Expression{
            std::regex(terminated, std::regex::ECMAScript | std::regex_constants::__polynomial)});
    } catch (const std::regex_error&) {
        return wrong_match(entry, "is no regular expression of ECMAScript without back references");
    }
    return match;
}

bool Match::matches(const Client& client) const {
    std::string made;
    const std::string_view value = field_(client, made);
    return value.size() <= kMatchedBytesMax &&
           std::regex_match(value.begin(), value.end(), expression_->regex);
}

Wanted wanted_of(const std::vector<Subscription>& subscriptions, const Client& client) {
    Wanted wanted;
    for (const Subscription& each : subscriptions) {
        const auto matches = [&client](const Match& match) { return match.matches(client); };
        if (!std::ranges::all_of(each.matches, matches)) continue;
        wanted.interval_ms = std::min(wanted.interval_ms, each.interval_ms);
        for (const std::string& name : each.metrics) {
            if (std::ranges::find(wanted.metrics, name) == wanted.metrics.end())
                wanted.metrics.push_back(name);
        }
    }
    if (std::ranges::find(wanted.metrics, kAll) != wanted.metrics.end())
        wanted.metrics = {std::string(kAll)};
    wanted.metrics = in_order_of_java(std::move(wanted.metrics));
    const std::string text =
        fmt::format("[{}]{}", fmt::join(wanted.metrics, ", "), wanted.interval_ms);
    wanted.subscription_id =
        static_cast<std::int32_t>(crc32c(as_bytes(text))) ^ hash_of(client.instance);
    return wanted;
}

}  // namespace moldau::telemetry
