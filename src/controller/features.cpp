#include "moldau/controller/features.hpp"

#include "moldau/controller/config_rules.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace moldau::controller {
namespace {

using metadata::ClusterImage;
using metadata::FeatureRange;
using metadata::kMetadataVersion;
using Request = protocol::UpdateFeaturesRequest;
using Reply = protocol::UpdateFeaturesResponse;
using Why = std::optional<std::string>;  // nothing: it may be

constexpr std::string_view kKraftVersion = "kraft.version";
/// Kafka's, which a cluster that is taken over may have finalized: they can be taken back here.
constexpr std::array<std::string_view, 4> kOfKafka = {"group.version", "share.version",
                                                      "streams.version", "transaction.version"};

enum class UpdateKind : std::int8_t { upgrade = 1, safe_downgrade = 2, unsafe_downgrade = 3 };

struct Update {
    std::string feature;
    std::int16_t level = 0;
    UpdateKind kind{};
};

Why lacks(std::string_view node, const std::vector<FeatureRange>& offered, const Update& update) {
    const auto found = std::ranges::find(offered, update.feature, &FeatureRange::name);
    const std::int16_t least = found == offered.end() ? std::int16_t{0} : found->least;
    const std::int16_t most = found == offered.end() ? std::int16_t{0} : found->most;
    if (update.level >= least && update.level <= most) return std::nullopt;
    return most == 0 ? fmt::format("{} does not support it", node)
                     : fmt::format("{} supports {} to {}", node, least, most);
}

Why lacking_node(const ClusterImage& image, const FeatureContext& context, const Update& update) {
    if (Why why = lacks("the controller", context.supported, update)) return why;
    for (const auto& [id, broker] : image.brokers) {
        if (Why why = lacks(fmt::format("broker {}", id.value), broker.features, update))
            return why;
    }
    for (const auto& [id, controller] : image.controllers) {
        if (Why why = lacks(fmt::format("controller {}", id), controller.features, update))
            return why;
    }
    return std::nullopt;
}

// Levels at which records gained fields that older software cannot keep.
bool loses_metadata(std::int16_t from, std::int16_t to) {
    return from >= metadata::kMetadataVersionCordon && to < metadata::kMetadataVersionCordon;
}

Why refusal(const ClusterImage& image, const FeatureContext& context, const Update& update) {
    const bool is_known = std::ranges::find(context.supported, update.feature,
                                            &FeatureRange::name) != context.supported.end() ||
                          std::ranges::find(kOfKafka, update.feature) != kOfKafka.end();
    if (!is_known) return "there is no such feature";
    if (update.kind < UpdateKind::upgrade || update.kind > UpdateKind::unsafe_downgrade)
        return fmt::format("there is no update of type {}", static_cast<int>(update.kind));
    if (update.level < 0) return "a level cannot be negative";
    if (Why why = lacking_node(image, context, update)) return why;
    const bool is_kraft = update.feature == kKraftVersion;
    const std::int16_t now =
        is_kraft ? context.kraft_version : image.feature_level(update.feature).value_or(0);
    const bool is_upgrade = update.kind == UpdateKind::upgrade;
    if (update.level < now && is_upgrade)
        return fmt::format("it is at {}: a lower level is a downgrade, and must be asked for", now);
    if (update.level > now && !is_upgrade)
        return fmt::format("it is at {}: a higher level is no downgrade", now);
    if (is_kraft && update.level < now) return "it cannot be downgraded";
    if (update.feature == kMetadataVersion && loses_metadata(now, update.level))
        return fmt::format("the downgrade from {} would lose metadata", now);
    return std::nullopt;
}

void add_config(Records& records, std::string resource, std::optional<std::string> value) {
    protocol::ConfigRecord record;
    record.resource_type = static_cast<std::int8_t>(metadata::ResourceType::broker);
    record.resource_name = std::move(resource);
    record.name = kMinInsyncReplicas;
    record.value = std::move(value);
    add(records, std::move(record));
}

// With ELR the cluster has one min.insync.replicas, and no broker another.
void unite_min_insync(Records& records, const ClusterImage& image,
                      const StaticTopicDefaults& defaults) {
    using metadata::ResourceType;
    if (!image.configs_of({ResourceType::broker, ""}).contains(kMinInsyncReplicas))
        add_config(records, "", fmt::format("{}", defaults.min_insync_replicas));
    for (const auto& [resource, configs] : image.configs) {
        if (resource.type == ResourceType::broker && !resource.name.empty() &&
            configs.contains(kMinInsyncReplicas))
            add_config(records, resource.name, std::nullopt);
    }
}

/// The last word on each feature, by name.
std::map<std::string, Update> updates_of(const Request& request) {
    std::map<std::string, Update> updates;
    for (const auto& each : request.feature_updates) {
        auto kind = static_cast<UpdateKind>(each.upgrade_type);
        if (each.allow_downgrade) kind = UpdateKind::safe_downgrade;  // version 0
        updates[each.feature] = {each.feature, each.max_version_level, kind};
    }
    return updates;
}

}  // namespace

FeatureUpdate update_features(const ClusterImage& image, const FeatureContext& context,
                              const Request& request) {
    FeatureUpdate found;
    Decision<Reply>& decision = found.decision;
    decision.reply.error_message = std::nullopt;
    Records levels;
    for (const auto& [name, update] : updates_of(request)) {
        if (Why why = refusal(image, context, update)) {
            decision.reply.error_code = ErrorCode::invalid_update_version;
            decision.reply.error_message = fmt::format(
                "nothing was changed: {} cannot be at {}: {}", name, update.level, *why);
            decision.records.clear();
            found.upgrades_quorum = false;
            return found;
        }
        if (name == kKraftVersion) {
            found.upgrades_quorum = update.level > context.kraft_version;
            continue;
        }
        if (image.feature_level(name).value_or(0) == update.level) continue;
        if (name == metadata::kElrVersion && update.level > 0)
            unite_min_insync(decision.records, image, context.defaults);
        protocol::FeatureLevelRecord record;
        record.name = name;
        record.feature_level = update.level;
        add(levels, std::move(record));
    }
    std::ranges::move(levels, std::back_inserter(decision.records));
    if (request.validate_only) {
        decision.records.clear();
        found.upgrades_quorum = false;
    }
    for (const auto& each : request.feature_updates) {
        auto& result = decision.reply.results.emplace_back();
        result.feature = each.feature;
        result.error_message = std::nullopt;
    }
    return found;
}

}  // namespace moldau::controller
