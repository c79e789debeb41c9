#include "handlers/admin/broker_loggers.hpp"

#include "handlers/admin/other_brokers.hpp"

#include "moldau/metadata/cluster_image.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

namespace moldau::broker {
namespace {

using Request = protocol::IncrementalAlterConfigsRequest;
using Altered = protocol::IncrementalAlterConfigsResponse::AlterConfigsResourceResponse;
using Resource = Request::AlterConfigsResource;
using Change = Request::AlterableConfig;

enum class Operation : std::int8_t { set = 0, remove = 1 };

constexpr std::array<std::string_view, 5> kLevels = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR"};

Error invalid_request(std::string what) {
    return {ErrorCode::invalid_request, std::move(what)};
}

/// The level that a change asks for.
Result<LogLevel> checked(const LogSink& sink, const Change& change) {
    const auto operation = static_cast<Operation>(change.config_operation);
    if (operation != Operation::set && operation != Operation::remove)
        return invalid_request("the level of a logger can be set, nothing else");
    if (change.name != kRootLogger || !sink.level()) {
        return Error{ErrorCode::invalid_config,
                     fmt::format("there is no such logger; this broker's is '{}'", kRootLogger)};
    }
    if (operation == Operation::remove)
        return invalid_request(fmt::format("{} must have a level: set another", kRootLogger));
    if (!change.value) return invalid_request(fmt::format("{} has no value", change.name));
    const auto found = std::ranges::find(kLevels, *change.value);
    if (found == kLevels.end()) {
        return Error{ErrorCode::invalid_config,
                     fmt::format("there is no such level; allowed: {}", fmt::join(kLevels, ", "))};
    }
    return static_cast<LogLevel>(found - kLevels.begin());
}

Result<> alter(BrokerId self, LogSink& sink, const Resource& resource, bool validate_only) {
    if (std::string why = why_not_ours(self, resource.resource_name); !why.empty())
        return invalid_request(std::move(why));
    std::set<std::string_view> seen;
    std::optional<LogLevel> wanted;
    for (const Change& change : resource.configs) {
        if (!seen.insert(change.name).second) return invalid_request("a logger is changed twice");
        Result<LogLevel> level = checked(sink, change);
        if (!level) return level.error();
        wanted = *level;
    }
    if (!wanted || validate_only) return {};
    const LogLevel before = *sink.level();
    sink.set_level(std::min(before, LogLevel::warn));  // so that the next line is there to be found
    Logger(sink).warn("the level of the log was changed from={} to={}", client_name(before),
                      client_name(*wanted));
    sink.set_level(*wanted);
    return {};
}

}  // namespace

std::string_view client_name(LogLevel level) {
    return kLevels.at(static_cast<std::size_t>(level));
}

std::vector<Altered> alter_loggers(BrokerId self, LogSink& sink, Request& request) {
    std::vector<Resource> loggers;
    std::erase_if(request.resources, [&](Resource& resource) {
        if (resource.resource_type !=
            static_cast<std::int8_t>(metadata::ResourceType::broker_logger))
            return false;
        loggers.push_back(std::move(resource));
        return true;
    });
    std::vector<Altered> results;
    for (const Resource& resource : loggers) {
        const auto same_name =
            std::ranges::count(loggers, resource.resource_name, &Resource::resource_name);
        const Result<> altered =
            same_name > 1 ? Result<>(invalid_request("a resource is named twice in a request"))
                          : alter(self, sink, resource, request.validate_only);
        Altered& result = results.emplace_back();
        result.resource_type = resource.resource_type;
        result.resource_name = resource.resource_name;
        result.error_message = std::nullopt;
        if (altered) continue;
        result.error_code = altered.error().code;
        result.error_message = altered.error().detail;
    }
    return results;
}

}  // namespace moldau::broker
