#include "moldau/controller/configs.hpp"

#include "moldau/base/topic_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

namespace moldau::controller {
namespace {

using metadata::ClusterImage;
using metadata::ConfigResource;
using metadata::ResourceType;
using Request = protocol::IncrementalAlterConfigsRequest;
using FullRequest = protocol::AlterConfigsRequest;

/// A config and the value that it is to have; nothing: none of its own.
struct NewValue {
    std::string name;
    std::optional<std::string> value;
};

enum class Operation : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

Error invalid_request(std::string what) {
    return {ErrorCode::invalid_request, std::move(what)};
}
Error invalid_config(std::string what) {
    return {ErrorCode::invalid_config, std::move(what)};
}

/// What a client has sent, in a message that must fit into a reply.
std::string_view shown(std::string_view name) {
    constexpr std::size_t kShownBytes = 120;
    return name.substr(0, kShownBytes);
}

Result<> check_resource(const ClusterImage& image, const ConfigResource& resource) {
    switch (resource.type) {
        case ResourceType::topic:
            if (Result<> ok = check_topic_name(resource.name); !ok) return ok.error();
            if (image.topic_ids.contains(resource.name)) return {};
            return Error{ErrorCode::unknown_topic_or_partition,
                         fmt::format("there is no topic '{}'", resource.name)};
        case ResourceType::broker: {
            if (resource.name.empty()) return {};
            std::int32_t id = 0;
            const char* const end = resource.name.data() + resource.name.size();
            const auto read = std::from_chars(resource.name.data(), end, id);
            if (read.ec == std::errc() && read.ptr == end && id >= 0) return {};
            return invalid_request(fmt::format("'{}' is no broker's id", shown(resource.name)));
        }
        case ResourceType::client_metrics:
        case ResourceType::group:
            if (!resource.name.empty()) return {};
            return invalid_request("groups and client metrics have no defaults to be set");
        case ResourceType::broker_logger:
            break;
    }
    return invalid_request(fmt::format("configs of resources of type {} are not kept here",
                                       static_cast<int>(resource.type)));
}

// With ELR all brokers must agree on min.insync.replicas: the cluster's value is there and no
// broker has another.
Result<> check_min_insync(const ClusterImage& image, const ConfigResource& resource,
                          const NewValue& wanted) {
    if (wanted.name != kMinInsyncReplicas || resource.type != ResourceType::broker ||
        !image.has_elr())
        return {};
    if (!resource.name.empty()) {
        return invalid_config(
            "with eligible leader replicas, one broker cannot have its own min.insync.replicas");
    }
    if (!wanted.value) {
        return invalid_config(
            "with eligible leader replicas, the cluster's min.insync.replicas cannot be removed");
    }
    return {};
}

std::vector<std::string> items_of(std::string_view list) {
    std::vector<std::string> items;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view item = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
        item = item.substr(0, item.find_last_not_of(' ') + 1);
        if (!item.empty()) items.emplace_back(item);
    }
    return items;
}

// The list `before` with the items of `change` added behind or taken away.
std::string changed_list(std::string_view before, std::string_view change, Operation operation) {
    std::vector<std::string> items = items_of(before);
    for (const std::string& item : items_of(change)) {
        if (operation == Operation::subtract) {
            std::erase(items, item);
        } else if (std::ranges::find(items, item) == items.end()) {
            items.push_back(item);
        }
    }
    return fmt::format("{}", fmt::join(items, ","));
}

// The value that a config is to have; nothing: none of its own.
Result<std::optional<std::string>> new_value(const ConfigRules& rules,
                                             const ConfigResource& resource,
                                             const std::string* current,
                                             const Request::AlterableConfig& config) {
    const auto operation = static_cast<Operation>(config.config_operation);
    if (operation < Operation::set || operation > Operation::subtract) {
        return invalid_request(
            fmt::format("there is no operation {} on configs", config.config_operation));
    }
    if (operation == Operation::remove) return std::optional<std::string>();
    if (!config.value) return invalid_request(fmt::format("{} has no value", shown(config.name)));
    std::string value = *config.value;
    if (operation != Operation::set) {
        if (!rules.is_list(resource.type, config.name)) {
            return invalid_config(fmt::format(
                "{} is no list: nothing can be added to it or taken from it", shown(config.name)));
        }
        value = changed_list(
            current != nullptr ? *current : rules.inherited(resource.type, config.name), value,
            operation);
        // A change that changes nothing is none, also where the value is inherited.
        if (current == nullptr && value == rules.inherited(resource.type, config.name))
            return std::optional<std::string>();
    }
    if (Result<> ok = rules.check(resource, config.name, value); !ok) return ok.error();
    return std::optional<std::string>(std::move(value));
}

Error named_twice(std::string_view config) {
    return invalid_request(fmt::format("{} is changed twice", shown(config)));
}

Result<std::vector<NewValue>> new_values(const ClusterImage& image, const ConfigRules& rules,
                                         const Request::AlterConfigsResource& wanted,
                                         const ConfigResource& resource) {
    const metadata::Configs& configs = image.configs_of(resource);
    std::set<std::string_view> seen;
    std::vector<NewValue> values;
    for (const Request::AlterableConfig& change : wanted.configs) {
        if (!seen.insert(change.name).second) return named_twice(change.name);
        auto value = new_value(rules, resource, configs.find(change.name), change);
        if (!value) return value.error();
        values.push_back({change.name, std::move(*value)});
    }
    return values;
}

// What the request does not name is removed.
Result<std::vector<NewValue>> new_values(const ClusterImage& image, const ConfigRules& rules,
                                         const FullRequest::AlterConfigsResource& wanted,
                                         const ConfigResource& resource) {
    std::set<std::string_view> seen;
    std::vector<NewValue> values;
    for (const FullRequest::AlterableConfig& config : wanted.configs) {
        if (!seen.insert(config.name).second) return named_twice(config.name);
        if (!config.value)
            return invalid_request(fmt::format("{} has no value", shown(config.name)));
        if (Result<> ok = rules.check(resource, config.name, *config.value); !ok) return ok.error();
        values.push_back({config.name, config.value});
    }
    for (const auto& [name, value] : image.configs_of(resource)) {
        if (!seen.contains(name)) values.push_back({name, std::nullopt});
    }
    return values;
}

Result<Records> alter(const ClusterImage& image, const ConfigRules& rules,
                      const ConfigResource& resource, std::vector<NewValue> values) {
    const metadata::Configs& configs = image.configs_of(resource);
    metadata::Configs changed = configs;
    Records records;
    bool clears_elr = false;
    for (NewValue& wanted : values) {
        if (Result<> ok = check_min_insync(image, resource, wanted); !ok) return ok.error();
        const std::string* current = configs.find(wanted.name);
        const bool is_same =
            wanted.value ? current != nullptr && *current == *wanted.value : current == nullptr;
        if (is_same) continue;
        clears_elr = clears_elr || wanted.name == kMinInsyncReplicas;
        if (wanted.value)
            changed.set(wanted.name, *wanted.value);
        else
            changed.erase(wanted.name);
        protocol::ConfigRecord record;
        record.resource_type = static_cast<std::int8_t>(resource.type);
        record.resource_name = resource.name;
        record.name = std::move(wanted.name);
        record.value = std::move(wanted.value);
        add(records, std::move(record));
    }
    if (rules.check_together && !records.empty()) {
        if (Result<> ok = rules.check_together(resource, changed); !ok) return ok.error();
    }
    const bool decides_isr =
        resource.type == ResourceType::topic || resource.type == ResourceType::broker;
    if (clears_elr && decides_isr && image.has_elr()) {
        protocol::ClearElrRecord clear;
        if (resource.type == ResourceType::topic) clear.topic_name = resource.name;
        add(records, std::move(clear));
    }
    return records;
}

template <class Resource>
Result<Records> alter(const ClusterImage& image, const ConfigRules& rules, const Resource& wanted,
                      const ConfigResource& resource) {
    if (Result<> ok = check_resource(image, resource); !ok) return ok.error();
    auto values = new_values(image, rules, wanted, resource);
    if (!values) return values.error();
    return alter(image, rules, resource, std::move(*values));
}

template <class Reply, class AnyRequest>
Decision<Reply> alter_all(const ClusterImage& image, const ConfigRules& rules,
                          const AnyRequest& request) {
    Decision<Reply> decision;
    std::map<ConfigResource, int> times;
    for (const auto& one : request.resources)
        ++times[{static_cast<ResourceType>(one.resource_type), one.resource_name}];
    for (const auto& one : request.resources) {
        const ConfigResource resource{static_cast<ResourceType>(one.resource_type),
                                      one.resource_name};
        int& left = times[resource];
        if (left == 0) continue;  // its error stands already
        typename Reply::AlterConfigsResourceResponse result;
        result.resource_type = one.resource_type;
        result.resource_name = one.resource_name;
        result.error_message = std::nullopt;
        Result<Records> records =
            left > 1 ? Result<Records>(invalid_request("a resource is named twice in a request"))
                     : alter(image, rules, one, resource);
        left = left > 1 ? 0 : left;
        if (records) {
            std::ranges::move(*records, std::back_inserter(decision.records));
        } else {
            result.error_code = records.error().code;
            result.error_message = records.error().detail;
        }
        decision.reply.responses.push_back(std::move(result));
    }
    if (request.validate_only) decision.records.clear();
    return decision;
}

}  // namespace

Decision<protocol::IncrementalAlterConfigsResponse> incremental_alter_configs(
    const ClusterImage& image, const ConfigRules& rules, const Request& request) {
    return alter_all<protocol::IncrementalAlterConfigsResponse>(image, rules, request);
}

Decision<protocol::AlterConfigsResponse> alter_configs(const ClusterImage& image,
                                                       const ConfigRules& rules,
                                                       const FullRequest& request) {
    return alter_all<protocol::AlterConfigsResponse>(image, rules, request);
}

}  // namespace moldau::controller
