#include "quotas/image_quotas.hpp"

#include "moldau/base/ip_address.hpp"
#include "moldau/config/keys.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::broker {
namespace {

/// Nothing: no part of the entity is of that type.
std::optional<quota::Entity::Name> name_of(const metadata::QuotaEntity& entity,
                                           std::string_view type) {
    const metadata::QuotaEntity::Part* const part = entity.find(type);
    if (part == nullptr) return std::nullopt;
    return std::optional<quota::Entity::Name>(std::in_place, part->name);
}

}  // namespace

quota::ClientQuotas client_quotas_of(const metadata::ClusterImage& image) {
    quota::ClientQuotas quotas;
    for (const auto& [entity, values] : image.client_quotas) {
        const quota::Entity of{.user = name_of(entity, quota::kUserType),
                               .client_id = name_of(entity, quota::kClientIdType)};
        for (const auto& [key, value] : values) {
            const auto kind = quota::kind_of(key);
            if (kind && value > 0) quotas.set(of, *kind, value);
        }
    }
    return quotas;
}

void add_address_rates(const metadata::ClusterImage& image, net::ConnectionRates::Rules& rules) {
    for (const auto& [entity, values] : image.client_quotas) {
        const auto name = name_of(entity, quota::kIpType);
        const double* const value = values.find(quota::kConnectionRateKey);
        if (!name || value == nullptr || !(*value > 0)) continue;
        constexpr auto kMost = std::numeric_limits<std::int32_t>::max();
        const auto bound = *value < double{kMost} ? static_cast<std::int32_t>(*value) : kMost;
        if (!*name) {
            rules.other_ip_max = bound;
        } else if (const auto address = canonical_ip_address(**name)) {
            rules.by_ip[*address] = bound;
        }
    }
}

std::vector<std::string> hosts_with_rates(const metadata::ClusterImage& image) {
    std::vector<std::string> hosts;
    for (const auto& [entity, values] : image.client_quotas) {
        const auto name = name_of(entity, quota::kIpType);
        if (name && *name && !canonical_ip_address(**name)) hosts.push_back(**name);
    }
    return hosts;
}

quota::Windows quota_windows(const config::Settings& settings) {
    // Each sample takes memory for each client and shard.
    constexpr std::int32_t kSamplesMost = 3600;
    return {.samples = std::min(settings.get(config::kQuotaWindowNum), kSamplesMost),
            .size = std::chrono::seconds(settings.get(config::kQuotaWindowSizeSeconds))};
}

quota::Windows mutation_windows(const config::Settings& settings) {
    return {.samples = settings.get(config::kControllerQuotaWindowNum),
            .size = std::chrono::seconds(settings.get(config::kControllerQuotaWindowSizeSeconds))};
}

}  // namespace moldau::broker
