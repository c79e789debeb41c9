// DescribeConfigs: api key 32, versions 1..4                                         KIP-133
//   v1   where each value comes from, and on request all places that give one        KIP-226
//   v3   types, and on request documentation                                         KIP-569
//   v4   flexible
// A value that is secret, or of which it is not known, is null. Kafka gives a read-only setting as
// such by its name alone; here also what this version takes up at a start only.
#include "handlers/admin/describe_configs.hpp"

#include "effective_configs.hpp"
#include "handlers/admin/broker_loggers.hpp"
#include "handlers/admin/other_brokers.hpp"

#include "moldau/base/topic_name.hpp"
#include "moldau/config/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

using config::Setting;
using config::Settings;
using config::Table;
using config::Type;
using config::Value;
using metadata::ClusterImage;
using metadata::ConfigResource;
using metadata::Configs;
using metadata::ResourceType;
using Request = protocol::DescribeConfigsRequest;
using Response = protocol::DescribeConfigsResponse;
using Resource = Request::DescribeConfigsResource;
using Described = Response::DescribeConfigsResourceResult;
using Synonym = Response::DescribeConfigsSynonym;

constexpr std::string_view kWithoutEffect =
    "A setting of Kafka that is known and checked here, and has no effect yet.";

Error invalid_request(std::string what) {
    return {ErrorCode::invalid_request, std::move(what)};
}

std::int8_t number_of(ConfigSource source) {
    return static_cast<std::int8_t>(source);
}

std::int8_t number_of(Type type) {
    switch (type) {
        case Type::boolean:
            return 1;
        case Type::string:
            return 2;
        case Type::int32:
            return 3;
        case Type::int16:
            return 4;
        case Type::int64:
            return 5;
        case Type::float64:
            return 6;
        case Type::list:
            return 7;
        case Type::class_name:
            return 8;
        case Type::password:
            return 9;
    }
    return 0;
}

Synonym synonym_of(const SourcedValue& value) {
    Synonym synonym;
    synonym.name = value.name;
    synonym.value = config::text_of(value.value);
    synonym.source = number_of(value.source);
    return synonym;
}

/// A config that no table knows: it may hold a secret.
Described unknown(std::string name, ConfigSource source, bool read_only) {
    Described described;
    described.name = std::move(name);
    described.value = std::nullopt;
    described.read_only = read_only;
    described.config_source = number_of(source);
    described.is_sensitive = true;
    described.documentation = std::nullopt;
    return described;
}

/// One resource's configs, those that are asked for.
class Describing {
public:
    Describing(const ClusterImage& image, const Settings& settings,
               std::optional<LogLevel> log_level, const Request& request, const Resource& resource)
        : image_(image),
          settings_(settings),
          log_level_(log_level),
          layers_(image, settings),
          request_(request),
          resource_(resource) {}

    Result<std::vector<Described>> describe() {
        Result<> ok = {};
        switch (static_cast<ResourceType>(resource_.resource_type)) {
            case ResourceType::topic:
                ok = describe_topic();
                break;
            case ResourceType::broker:
                ok = describe_broker();
                break;
            case ResourceType::broker_logger:
                ok = describe_loggers();
                break;
            case ResourceType::client_metrics:
                ok = describe_client_metrics();
                break;
            case ResourceType::group:
                ok = describe_group();
                break;
            default:
                ok = invalid_request(
                    fmt::format("resources of type {} have no configs", resource_.resource_type));
        }
        if (!ok) return ok.error();
        return std::move(all_);
    }

private:
    Result<> describe_topic() {
        const std::string& name = resource_.resource_name;
        if (Result<> ok = check_topic_name(name); !ok) return ok.error();
        if (image_.find_topic(name) == nullptr) {
            return Error{ErrorCode::unknown_topic_or_partition,
                         fmt::format("there is no topic '{}'", name)};
        }
        const Configs& own = own_configs(ResourceType::topic);
        for (const Setting& setting : config::table(Table::topic)) {
            if (!is_asked_for(setting.name)) continue;
            if (setting.is_internal && !own.contains(setting.name)) continue;
            add(setting, topic_value(layers_, own, setting).value,
                places(setting, own, ConfigSource::topic));
        }
        add_unknown(Table::topic, own, ConfigSource::topic, false);
        return {};
    }

    Result<> describe_group() {
        if (resource_.resource_name.empty()) return invalid_request("a group has a name");
        const Configs& own = own_configs(ResourceType::group);
        for (const Setting& setting : config::table(Table::group)) {
            if (!is_asked_for(setting.name)) continue;
            std::vector<SourcedValue> all = places(setting, own, ConfigSource::group);
            if (setting.broker_setting.empty()) all.push_back(default_of(setting));
            add(setting, group_value(layers_, own, setting).value, std::move(all));
        }
        add_unknown(Table::group, own, ConfigSource::group, false);
        return {};
    }

    Result<> describe_client_metrics() {
        if (resource_.resource_name.empty())
            return invalid_request("a subscription of client metrics has a name");
        const Configs& own = own_configs(ResourceType::client_metrics);
        for (const Setting& setting : config::table(Table::client_metrics)) {
            if (!is_asked_for(setting.name)) continue;
            std::vector<SourcedValue> all = places(setting, own, ConfigSource::client_metrics);
            const Value value = all.empty() ? config::default_value(setting) : all.front().value;
            add(setting, value, std::move(all));
        }
        add_unknown(Table::client_metrics, own, ConfigSource::client_metrics, false);
        return {};
    }

    Result<> describe_broker() {
        if (resource_.resource_name.empty()) {
            describe_all_brokers();
            return {};
        }
        const BrokerId self = settings_.node().id;
        if (std::string why = why_not_ours(self, resource_.resource_name); !why.empty())
            return invalid_request(std::move(why));
        for (const Settings::Entry& entry : settings_.entries()) {
            if (is_asked_for(entry.setting->name)) add_broker_setting(entry);
        }
        for (const std::string_view key : keys_of_listeners()) {
            if (is_asked_for(key)) add_of_listener(key);
        }
        for (const Settings::Other& other : settings_.others()) {
            if (is_asked_for(other.key) && config::find_of_listener(other.key) == nullptr)
                all_.push_back(unknown(other.key, ConfigSource::static_broker, true));
        }
        add_unknown(Table::broker, image_.configs_of(broker_resource(self)),
                    ConfigSource::dynamic_broker, true);
        return {};
    }

    Result<> describe_loggers() {
        const BrokerId self = settings_.node().id;
        if (std::string why = why_not_ours(self, resource_.resource_name); !why.empty())
            return invalid_request(std::move(why));
        if (!log_level_ || !is_asked_for(kRootLogger)) return {};
        Described& described = all_.emplace_back();
        described.name = kRootLogger;
        described.value = client_name(*log_level_);
        described.config_source = number_of(ConfigSource::dynamic_broker_logger);
        return {};
    }

    void add_broker_setting(const Settings::Entry& entry) {
        const Setting& setting = *entry.setting;
        if (setting.is_internal && !entry.origin.is_explicit()) return;
        std::vector<SourcedValue> all = broker_values(layers_, setting.name);
        drop_until(all, setting.name);
        // Kafka has no default of what no file can set.
        if (setting.update == config::UpdateMode::dynamic_only) {
            std::erase_if(all, [](const SourcedValue& each) {
                return each.source == ConfigSource::default_value;
            });
            if (all.empty()) return;
        }
        const Value value = all.empty() ? entry.value : all.front().value;
        add(setting, value, std::move(all), !config::is_alterable(setting));
    }

    /// Wherever they are given a value.
    std::set<std::string_view> keys_of_listeners() const {
        std::set<std::string_view> keys;
        const auto add_key = [&keys](const std::string& key) {
            if (config::find_of_listener(key) != nullptr) keys.insert(key);
        };
        for (const auto& [name, text] : layers_.this_broker) add_key(name);
        for (const auto& [name, text] : layers_.all_brokers) add_key(name);
        for (const Settings::Other& other : settings_.others()) add_key(other.key);
        return keys;
    }

    void add_of_listener(std::string_view key) {
        const Setting& setting = *config::find_of_listener(key);
        std::vector<SourcedValue> all = broker_values(layers_, key);
        drop_until(all, key);
        if (all.empty()) return;  // it cannot be read, and is not in force
        const Value value = all.front().value;
        add(setting, value, std::move(all));
        all_.back().name = key;
    }

    void describe_all_brokers() {
        const Configs& configs = image_.configs_of(all_brokers_resource());
        for (const auto& [name, text] : configs) {
            const Setting* setting = config::find(Table::broker, name);
            if (setting == nullptr) setting = config::find_of_listener(name);
            if (setting == nullptr || !is_asked_for(name)) continue;
            Result<Value> value = config::value_from_text(*setting, text);
            if (!value) continue;  // nor is it in force
            add(*setting, *value,
                {{.name = name, .value = *value, .source = ConfigSource::dynamic_default_broker}},
                !config::is_alterable(*setting));
            all_.back().name = name;
        }
        add_unknown(Table::broker, configs, ConfigSource::dynamic_default_broker, true);
    }

    const Configs& own_configs(ResourceType type) const {
        return image_.configs_of({.type = type, .name = resource_.resource_name});
    }

    bool is_asked_for(std::string_view name) const {
        const auto& keys = resource_.configuration_keys;
        return !keys || keys->empty() || std::ranges::find(*keys, name) != keys->end();
    }

    static SourcedValue default_of(const Setting& setting) {
        return {.name = setting.name,
                .value = config::default_value(setting),
                .source = ConfigSource::default_value};
    }

    /// What another unit gives before the setting itself is not shown, as in Kafka.
    static void drop_until(std::vector<SourcedValue>& all, std::string_view name) {
        all.erase(all.begin(), std::ranges::find(all, name, &SourcedValue::name));
    }

    /// All places that give the setting of a topic, group or subscription a value.
    std::vector<SourcedValue> places(const Setting& setting, const Configs& own,
                                     ConfigSource source) const {
        std::vector<SourcedValue> all;
        if (!setting.broker_setting.empty()) {
            all = broker_values(layers_, setting.broker_setting);
            drop_until(all, setting.broker_setting);
        }
        const std::string* text = own.find(setting.name);
        if (text == nullptr) return all;
        Result<Value> value = config::value_from_text(setting, *text);
        if (value) {
            all.insert(all.begin(),
                       {.name = setting.name, .value = std::move(*value), .source = source});
        }
        return all;
    }

    void add(const Setting& setting, const Value& value, std::vector<SourcedValue> all,
             bool read_only = false) {
        Described described;
        described.name = setting.name;
        described.value = config::text_of(value);
        described.read_only = read_only;
        described.config_source =
            number_of(all.empty() ? ConfigSource::default_value : all.front().source);
        described.is_sensitive = setting.type == Type::password;
        described.config_type = number_of(setting.type);
        described.documentation = std::nullopt;
        if (request_.include_documentation) {
            described.documentation =
                setting.is_in_effect() ? setting.documentation : kWithoutEffect;
        }
        if (request_.include_synonyms) {
            for (const SourcedValue& each : all) described.synonyms.push_back(synonym_of(each));
        }
        all_.push_back(std::move(described));
    }

    void add_unknown(Table table, const Configs& configs, ConfigSource source, bool read_only) {
        for (const auto& [name, value] : configs) {
            const bool is_known =
                config::find(table, name) != nullptr ||
                (table == Table::broker && config::find_of_listener(name) != nullptr);
            if (!is_known && is_asked_for(name)) all_.push_back(unknown(name, source, read_only));
        }
    }

    const ClusterImage& image_;
    const Settings& settings_;
    std::optional<LogLevel> log_level_;
    BrokerLayers layers_;
    const Request& request_;
    const Resource& resource_;
    std::vector<Described> all_;
};

}  // namespace

Response describe_configs(const ClusterImage& image, const Settings& settings,
                          std::optional<LogLevel> log_level, const Request& request) {
    Response response;
    std::size_t described = 0;
    for (const Resource& resource : request.resources) {
        auto& result = response.results.emplace_back();
        result.resource_type = resource.resource_type;
        result.resource_name = resource.resource_name;
        result.error_message = std::nullopt;
        Result<std::vector<Described>> configs =
            described < kDescribedConfigsMax
                ? Describing(image, settings, log_level, request, resource).describe()
                : Error{ErrorCode::policy_violation,
                        fmt::format("a response holds {} configs: ask for fewer resources at once",
                                    kDescribedConfigsMax)};
        if (!configs) {
            result.error_code = configs.error().code;
            result.error_message = configs.error().detail;
            continue;
        }
        described += configs->size();
        result.configs = std::move(*configs);
    }
    return response;
}

namespace {

using CreatedConfig = protocol::CreateTopicsResponse::CreatableTopicConfigs;

std::vector<CreatedConfig> created_configs(
    const BrokerLayers& layers, const protocol::CreateTopicsRequest::CreatableTopic& topic) {
    Configs own;
    for (const auto& config : topic.configs)
        if (config.value) own.set(config.name, *config.value);
    std::vector<CreatedConfig> all;
    for (const Setting& setting : config::table(Table::topic)) {
        const std::string* text = own.find(setting.name);
        if (setting.is_internal && text == nullptr) continue;
        const SourcedValue value = topic_value(layers, own, setting);
        CreatedConfig created;
        created.name = setting.name;
        created.value = text != nullptr ? *text : config::text_of(value.value);
        created.config_source = number_of(value.source);
        all.push_back(std::move(created));
    }
    return all;
}

}  // namespace

void add_created_configs(const ClusterImage& image, const Settings& settings,
                         const protocol::CreateTopicsRequest& request,
                         protocol::CreateTopicsResponse& response) {
    const BrokerLayers layers(image, settings);
    std::map<std::string_view, const protocol::CreateTopicsRequest::CreatableTopic*> asked;
    for (const auto& topic : request.topics) asked[topic.name] = &topic;
    for (auto& result : response.topics) {
        result.configs.emplace();  // of what was not made, none
        const auto found = asked.find(result.name);
        if (result.error_code != ErrorCode::none || found == asked.end()) continue;
        result.configs = created_configs(layers, *found->second);
    }
}

}  // namespace moldau::broker
