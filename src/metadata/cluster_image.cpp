#include "moldau/metadata/cluster_image.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace moldau::metadata {

bool BrokerRegistration::has_online(const Uuid& directory) const {
    if (directory == kUnassignedDirectory || directory == kMigratingDirectory) return true;
    if (directory == kLostDirectory) return false;
    // A broker that registered before directories had ids tells none.
    return directories.empty() || std::ranges::find(directories, directory) != directories.end();
}

std::optional<std::int16_t> ClusterImage::feature_level(std::string_view name) const {
    const std::int16_t* level = features.find(name);
    if (level == nullptr) return std::nullopt;
    return *level;
}

const Topic* ClusterImage::find_topic(std::string_view name) const {
    const Uuid* id = topic_ids.find(name);
    return id == nullptr ? nullptr : topics.find(*id);
}

const Partition* ClusterImage::find_partition(const Uuid& topic, std::int32_t partition) const {
    const Topic* found = topics.find(topic);
    return found == nullptr ? nullptr : found->partitions.find(partition);
}

const QuotaEntity::Part* QuotaEntity::find(std::string_view type) const {
    const auto found = std::ranges::find(parts, type, &Part::type);
    return found == parts.end() ? nullptr : &*found;
}

const Configs& ClusterImage::configs_of(const ConfigResource& resource) const {
    static const Configs kNone;
    const Configs* found = configs.find(resource);
    return found == nullptr ? kNone : *found;
}

bool operator==(const ClusterImage& a, const ClusterImage& b) {
    return a.features == b.features && a.brokers == b.brokers && a.controllers == b.controllers &&
           a.topics == b.topics && a.topic_ids == b.topic_ids && a.configs == b.configs &&
           a.client_quotas == b.client_quotas && a.next_producer_id == b.next_producer_id &&
           a.acls == b.acls && a.scram_users == b.scram_users &&
           a.delegation_tokens == b.delegation_tokens && a.kept_records == b.kept_records;
}

Result<> check_metadata_version(const ClusterImage& image) {
    const std::optional<std::int16_t> level = image.feature_level(kMetadataVersion);
    if (!level) {
        return Error{ErrorCode::unsupported_version,
                     "the metadata log sets no metadata.version: it was not formatted to the end"};
    }
    if (*level > kMetadataVersionMost) {
        return Error{
            ErrorCode::unsupported_version,
            fmt::format("the cluster's metadata.version is {}, this server knows {} to {}: "
                        "a newer server is needed",
                        *level, kMetadataVersionLeast, kMetadataVersionMost)};
    }
    if (*level < kMetadataVersionLeast) {
        return Error{
            ErrorCode::unsupported_version,
            fmt::format("the cluster's metadata.version is {}, this server knows {} to {}: "
                        "raise it with the server that wrote it first",
                        *level, kMetadataVersionLeast, kMetadataVersionMost)};
    }
    return {};
}

std::vector<std::string> features_beyond(const ClusterImage& image,
                                         const std::vector<FeatureRange>& supported) {
    std::vector<std::string> beyond;
    for (const auto& [name, level] : image.features) {
        const auto known = std::ranges::find(supported, name, &FeatureRange::name);
        if (known == supported.end() || level > known->most || level < known->least)
            beyond.push_back(fmt::format("{}={}", name, level));
    }
    return beyond;
}

}  // namespace moldau::metadata
