#include "feature_levels.hpp"

#include "moldau/metadata/cluster_image.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace moldau::cli {
namespace {

constexpr std::string_view kKraftVersion = "kraft.version";

struct Release {
    std::int16_t level;
    std::string_view name;
};
// All that this server can serve (metadata::kMetadataVersionLeast to Most), oldest first.
constexpr std::array kReleases{Release{25, "4.0-IV3"}, Release{26, "4.1-IV0"},
                               Release{27, "4.1-IV1"}, Release{28, "4.2-IV0"},
                               Release{29, "4.2-IV1"}, Release{30, "4.3-IV0"}};
static_assert(kReleases.front().level == metadata::kMetadataVersionLeast);
static_assert(kReleases.back().level == metadata::kMetadataVersionMost);

/// Kafka 4.3's features but metadata.version and kraft.version.
struct Feature {
    std::string_view name;
    std::int16_t most;
    std::int16_t begins_at;  // the metadata.version from which on `most` is a new cluster's level
    bool is_ours;            // moldaud carries it out
};
constexpr std::array kFeatures{
    Feature{metadata::kElrVersion, 1, 26, true}, Feature{"group.version", 1, 22, false},
    Feature{"share.version", 1, 28, false}, Feature{"streams.version", 1, 29, false},
    Feature{"transaction.version", 2, 24, false}};

Error wrong(std::string what) {
    return {ErrorCode::invalid_request, std::move(what)};
}

std::string known_releases() {
    std::string names;
    for (const Release& each : kReleases)
        names += fmt::format("{}{}", names.empty() ? "" : ", ", each.name);
    return names;
}

/// "4.3.1" and "4.3" are the newest level of 4.3; "4.3-IV0" is that one.
Result<std::int16_t> level_of_release(std::string_view text) {
    const bool is_exact = text.find('-') != std::string_view::npos;
    const std::size_t first_dot = text.find('.');
    const std::size_t second_dot =
        first_dot == std::string_view::npos ? first_dot : text.find('.', first_dot + 1);
    const std::string_view line = is_exact ? text : text.substr(0, second_dot);
    std::optional<std::int16_t> found;
    for (const Release& each : kReleases) {
        const std::string_view name =
            is_exact ? each.name : each.name.substr(0, each.name.find('-'));
        if (name == line) found = each.level;
    }
    if (found) return *found;
    return wrong(fmt::format("--release-version {}: known are {}", text, known_releases()));
}

struct Setting {
    std::string_view name;
    std::int16_t level = 0;
};

Result<Setting> parse_setting(std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::string_view number =
        equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
    Setting setting{.name = text.substr(0, std::min(equals, text.size()))};
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), setting.level);
    if (setting.name.empty() || error != std::errc{} || end != number.data() + number.size() ||
        setting.level < 0)
        return wrong(fmt::format("--feature '{}' is not NAME=LEVEL", text));
    return setting;
}

Result<> check_level(const Setting& setting) {
    const auto refused = [&](int least, int most) {
        return wrong(fmt::format("--feature {}={}: levels are {} to {}", setting.name,
                                 setting.level, least, most));
    };
    if (setting.name == metadata::kMetadataVersion) {
        if (!release_name(setting.level).empty()) return {};
        return refused(metadata::kMetadataVersionLeast, metadata::kMetadataVersionMost);
    }
    if (setting.name == kKraftVersion) {
        if (setting.level <= 1) return {};
        return refused(0, 1);
    }
    const auto* feature = std::ranges::find(kFeatures, setting.name, &Feature::name);
    if (feature == kFeatures.end()) {
        std::vector<std::string_view> names{metadata::kMetadataVersion, kKraftVersion};
        for (const Feature& each : kFeatures) names.push_back(each.name);
        return wrong(fmt::format("--feature {}: there is no such feature; known are {}",
                                 setting.name, fmt::join(names, ", ")));
    }
    if (setting.level > feature->most) return refused(0, feature->most);
    return {};
}

}  // namespace

std::string_view release_name(std::int16_t metadata_version) {
    const auto* found = std::ranges::find(kReleases, metadata_version, &Release::level);
    return found == kReleases.end() ? std::string_view() : found->name;
}

Result<StartLevels> start_levels(const std::optional<std::string>& release,
                                 const std::vector<std::string>& settings) {
    std::int16_t version = metadata::kMetadataVersionMost;
    if (release) {
        const Result<std::int16_t> level = level_of_release(*release);
        if (!level) return level.error();
        version = *level;
    }
    StartLevels levels;
    std::map<std::string_view, std::int16_t> said;
    for (const std::string& text : settings) {
        const Result<Setting> setting = parse_setting(text);
        if (!setting) return setting.error();
        if (Result<> ok = check_level(*setting); !ok) return ok.error();
        if (!said.emplace(setting->name, setting->level).second)
            return wrong(fmt::format("--feature {} is given twice", setting->name));
    }
    if (const auto found = said.find(metadata::kMetadataVersion); found != said.end()) {
        if (release) return wrong("--release-version and --feature metadata.version: say one");
        version = found->second;
    }
    levels.finalized[std::string(metadata::kMetadataVersion)] = version;
    for (const Feature& each : kFeatures) {
        const auto found = said.find(each.name);
        std::int16_t level = 0;
        if (each.is_ours && version >= each.begins_at) level = each.most;
        if (found != said.end()) level = found->second;
        if (level == 0) continue;
        levels.finalized[std::string(each.name)] = level;
        if (!each.is_ours) levels.beyond_ours.emplace_back(each.name);
    }
    if (const auto found = said.find(kKraftVersion); found != said.end())
        levels.kraft_version = found->second;
    return levels;
}

}  // namespace moldau::cli
