#include "moldau/controller/client_quotas.hpp"

#include "moldau/base/ip_address.hpp"
#include "moldau/quota/client_quotas.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace moldau::controller {
namespace {

using metadata::ClusterImage;
using metadata::QuotaEntity;
using AlterRequest = protocol::AlterClientQuotasRequest;
using AlterReply = protocol::AlterClientQuotasResponse;
using DescribeRequest = protocol::DescribeClientQuotasRequest;
using DescribeReply = protocol::DescribeClientQuotasResponse;
using Quotas = metadata::PersistentMap<std::string, double>;

Error invalid_request(std::string what) {
    return {ErrorCode::invalid_request, std::move(what)};
}

/// What a client has sent, in a message that must fit into a reply.
std::string_view shown(std::string_view text) {
    constexpr std::size_t kShownBytes = 120;
    return text.substr(0, kShownBytes);
}

bool is_part(std::string_view type) {
    return type == quota::kUserType || type == quota::kClientIdType || type == quota::kIpType;
}

/// Into a list of records or messages, whose parts are all alike.
template <class Parts>
void tell(const QuotaEntity& entity, Parts& parts) {
    for (const QuotaEntity::Part& part : entity.parts) {
        auto& told = parts.emplace_back();
        told.entity_type = part.type;
        told.entity_name = part.name;
    }
}

// ----- altering

QuotaEntity entity_of(const AlterRequest::EntryData& entry) {
    QuotaEntity entity;
    for (const auto& part : entry.entity)
        entity.parts.push_back({part.entity_type, part.entity_name});
    std::ranges::sort(entity.parts);
    return entity;
}

Result<> check_entity(const QuotaEntity& entity) {
    if (entity.parts.empty()) return invalid_request("a quota is for a user, a client id or an ip");
    const QuotaEntity::Part* before = nullptr;
    for (const QuotaEntity::Part& part : entity.parts) {
        if (!is_part(part.type)) {
            return invalid_request(fmt::format(
                "quotas are for users, client ids and ips, not for a '{}'", shown(part.type)));
        }
        if (before != nullptr && before->type == part.type)
            return invalid_request(fmt::format("an entity names two of type {}", part.type));
        if (part.name && part.name->empty())
            return invalid_request(fmt::format("the name of a {} is empty", part.type));
        before = &part;
    }
    const QuotaEntity::Part* const ip = entity.find(quota::kIpType);
    if (ip == nullptr) return {};
    if (entity.parts.size() > 1)
        return invalid_request("a quota of an ip is not one of a user or a client id, too");
    if (ip->name && !canonical_ip_address(*ip->name)) {
        return invalid_request(fmt::format(
            "'{}' is no IP address (names of hosts are not looked up)", shown(*ip->name)));
    }
    return {};
}

bool has_key(const QuotaEntity& entity, std::string_view key) {
    if (entity.find(quota::kIpType) != nullptr) return key == quota::kConnectionRateKey;
    return quota::kind_of(key).has_value();
}

Result<> check_value(const QuotaEntity& entity, const std::string& key, double value) {
    if (!has_key(entity, key))
        return invalid_request(fmt::format("such an entity has no quota '{}'", shown(key)));
    if (!(value > 0)) return invalid_request(fmt::format("{}: a quota is above 0", key));
    const auto kind = quota::kind_of(key);
    if (kind == quota::Kind::request || kind == quota::Kind::controller_mutation) return {};
    const double most = kind ? static_cast<double>(std::numeric_limits<std::int64_t>::max())
                             : static_cast<double>(std::numeric_limits<std::int32_t>::max());
    if (value > most) return invalid_request(fmt::format("{}: at most {:.0f}", key, most));
    constexpr double kTolerance = 1e-6;
    if (std::abs(std::floor(value + kTolerance) - value) > kTolerance)
        return invalid_request(fmt::format("{}: {} is no whole number", key, value));
    return {};
}

Result<Records> alter(const ClusterImage& image, const QuotaEntity& entity,
                      const AlterRequest::EntryData& entry) {
    if (Result<> ok = check_entity(entity); !ok) return ok.error();
    const Quotas* current = image.client_quotas.find(entity);
    std::set<std::string_view> seen;
    Records records;
    for (const auto& op : entry.ops) {
        if (!seen.insert(op.key).second)
            return invalid_request(fmt::format("{} is changed twice", shown(op.key)));
        const double* const now = current == nullptr ? nullptr : current->find(op.key);
        if (!op.remove) {
            if (Result<> ok = check_value(entity, op.key, op.value); !ok) return ok.error();
        }
        const bool is_same = op.remove ? now == nullptr : now != nullptr && *now == op.value;
        if (is_same) continue;
        protocol::ClientQuotaRecord record;
        tell(entity, record.entity);
        record.key = op.key;
        record.value = op.remove ? 0 : op.value;
        record.remove = op.remove;
        add(records, std::move(record));
    }
    return records;
}

// ----- describing

/// What is asked of one part of an entity.
struct Match {
    bool is_any = false;              // it is there, whatever its name
    std::optional<std::string> name;  // else it has this one; nothing: it is the default
};
/// By the part's type.
using Filter = std::map<std::string, Match, std::less<>>;

Result<Match> match_of(const DescribeRequest::ComponentData& component) {
    enum class MatchType : std::int8_t { exact = 0, default_name = 1, any = 2 };
    const auto type = static_cast<MatchType>(component.match_type);
    switch (type) {
        case MatchType::exact:
            if (component.match) return Match{.is_any = false, .name = component.match};
            return invalid_request("an exact match needs a name");
        case MatchType::default_name:
        case MatchType::any:
            if (!component.match)
                return Match{.is_any = type == MatchType::any, .name = std::nullopt};
            return invalid_request("only an exact match has a name");
    }
    return invalid_request(
        fmt::format("there is no match of type {}", static_cast<int>(component.match_type)));
}

Result<Filter> filter_of(const DescribeRequest& request) {
    Filter filter;
    for (const auto& component : request.components) {
        const std::string& type = component.entity_type;
        if (type.empty()) return invalid_request("a part of the filter has no type");
        if (filter.contains(type))
            return invalid_request(fmt::format("the filter names {} twice", shown(type)));
        if (!is_part(type)) {
            return Error{ErrorCode::unsupported_version,
                         fmt::format("no entity has a part of type '{}'", shown(type))};
        }
        Result<Match> match = match_of(component);
        if (!match) return match.error();
        filter.emplace(type, std::move(*match));
    }
    if (filter.contains(quota::kIpType) && filter.size() > 1)
        return invalid_request("no quota is for an ip and for something else, too");
    return filter;
}

bool passes(const QuotaEntity& entity, const Filter& filter, bool is_strict) {
    if (is_strict && entity.parts.size() != filter.size()) return false;
    return std::ranges::all_of(filter, [&entity](const auto& wanted) {
        const QuotaEntity::Part* const part = entity.find(wanted.first);
        return part != nullptr && (wanted.second.is_any || part->name == wanted.second.name);
    });
}

}  // namespace

Decision<AlterReply> alter_client_quotas(const ClusterImage& image, const AlterRequest& request) {
    Decision<AlterReply> decision;
    std::map<QuotaEntity, int> times;
    for (const auto& entry : request.entries) ++times[entity_of(entry)];
    for (const auto& entry : request.entries) {
        const QuotaEntity entity = entity_of(entry);
        int& left = times[entity];
        if (left == 0) continue;  // its error stands already
        AlterReply::EntryData result;
        result.error_message = std::nullopt;
        tell(entity, result.entity);
        Result<Records> records =
            left > 1 ? Result<Records>(invalid_request("an entity is named twice in a request"))
                     : alter(image, entity, entry);
        left = left > 1 ? 0 : left;
        if (records && decision.records.size() + records->size() > kAtomicRecordsMax) {
            records = Error{ErrorCode::policy_violation,
                            fmt::format("a request writes at most {} records", kAtomicRecordsMax)};
        }
        if (records) {
            std::ranges::move(*records, std::back_inserter(decision.records));
        } else {
            result.error_code = records.error().code;
            result.error_message = records.error().detail;
        }
        decision.reply.entries.push_back(std::move(result));
    }
    if (request.validate_only) decision.records.clear();
    return decision;
}

DescribeReply describe_client_quotas(const ClusterImage& image, const DescribeRequest& request) {
    DescribeReply response;
    response.error_message = std::nullopt;
    const Result<Filter> filter = filter_of(request);
    if (!filter) {
        response.error_code = filter.error().code;
        response.error_message = filter.error().detail;
        response.entries = std::nullopt;
        return response;
    }
    response.entries.emplace();
    for (const auto& [entity, quotas] : image.client_quotas) {
        if (!passes(entity, *filter, request.strict)) continue;
        auto& told = response.entries->emplace_back();
        tell(entity, told.entity);
        for (const auto& [key, value] : quotas) {
            auto& quota = told.values.emplace_back();
            quota.key = key;
            quota.value = value;
        }
    }
    return response;
}

}  // namespace moldau::controller
