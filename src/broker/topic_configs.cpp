#include "topic_configs.hpp"

#include "moldau/base/check.hpp"
#include "moldau/config/keys.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace moldau::broker {
namespace {

using config::Table;

/// The values that hold for one topic, by name and type.
class Values {
public:
    Values(const BrokerLayers& layers, const metadata::Configs& own) : layers_(layers), own_(own) {}

    template <class T>
    T get(std::string_view name) const {
        const std::optional<T> value = find<T>(name);
        MOLDAU_CHECK(value, "{} is null", name);
        return *value;
    }
    /// Nothing: null.
    template <class T>
    std::optional<T> find(std::string_view name) const {
        const config::Setting* setting = config::find(Table::topic, name);
        MOLDAU_CHECK(setting != nullptr, "no topic has {}", name);
        const config::Value value = topic_value(layers_, own_, *setting).value;
        if (std::holds_alternative<std::monostate>(value)) return std::nullopt;
        const T* typed = std::get_if<T>(&value);
        MOLDAU_CHECK(typed != nullptr, "{} has another type", name);
        return *typed;
    }

private:
    const BrokerLayers& layers_;
    const metadata::Configs& own_;
};

bool holds(const std::vector<std::string>& items, std::string_view item) {
    return std::ranges::find(items, item) != items.end();
}

std::chrono::nanoseconds milliseconds(std::int64_t ms) {
    constexpr std::int64_t kMost =
        std::chrono::duration_cast<std::chrono::milliseconds>(Duration::max()).count();
    return std::chrono::milliseconds(std::min(ms, kMost));
}

std::optional<record::Packing> packing(const Values& values) {
    const auto type = values.get<std::string>("compression.type");
    if (type == "producer") return std::nullopt;
    if (type == "uncompressed") return record::Packing{};
    const std::optional<record::Codec> codec = record::codec_named(type);
    MOLDAU_CHECK(codec, "compression.type {} was not checked", type);
    record::Packing packing{.codec = *codec, .level = std::nullopt};
    if (*codec != record::Codec::snappy)
        packing.level = values.get<std::int32_t>("compression." + type + ".level");
    return packing;
}

// Some of what a topic inherits has wider bounds than its own configs, hence the std::max.
log::LogConfig log_config(const Values& values) {
    const auto policy = values.get<std::vector<std::string>>("cleanup.policy");
    const std::int32_t segment_bytes = values.find<std::int32_t>("internal.segment.bytes")
                                           .value_or(values.get<std::int32_t>("segment.bytes"));
    return {
        .segment_bytes = static_cast<std::uint64_t>(std::max(segment_bytes, 1)),
        .segment_ms = std::max<std::int64_t>(values.get<std::int64_t>("segment.ms"), 1),
        .segment_jitter_ms = 0,
        .segment_index_bytes =
            static_cast<std::uint64_t>(values.get<std::int32_t>("segment.index.bytes")),
        .index_interval_bytes =
            static_cast<std::uint64_t>(values.get<std::int32_t>("index.interval.bytes")),
        .retention_bytes = std::max<std::int64_t>(values.get<std::int64_t>("retention.bytes"), -1),
        .retention_ms = values.get<std::int64_t>("retention.ms"),
        .file_delete_delay = milliseconds(values.get<std::int64_t>("file.delete.delay.ms")),
        .deletes = holds(policy, "delete"),
        .compacts = holds(policy, "compact")};
}

record::AppendRules append_rules(const Values& values, bool is_compacted) {
    return {
        .origin = record::AppendOrigin::client,
        .packing = packing(values),
        .timestamp_type = values.get<std::string>("message.timestamp.type") == "LogAppendTime"
                              ? record::TimestampType::log_append_time
                              : record::TimestampType::create_time,
        .is_compacted = is_compacted,
        .batch_bytes_max = static_cast<std::size_t>(values.get<std::int32_t>("max.message.bytes")),
        .timestamp_before_max_ms = values.get<std::int64_t>("message.timestamp.before.max.ms"),
        .timestamp_after_max_ms = values.get<std::int64_t>("message.timestamp.after.max.ms"),
        .unpacked_bytes_max = std::nullopt};
}

const metadata::Configs& own_configs(const metadata::ClusterImage& image, std::string_view topic) {
    return image.configs_of({.type = metadata::ResourceType::topic, .name = std::string(topic)});
}

TopicConfigs resolve(const BrokerLayers& layers, const metadata::Configs& own) {
    const Values values(layers, own);
    TopicConfigs configs;
    configs.log = log_config(values);
    const std::optional<SourcedValue> expiration =
        broker_value(layers, config::kProducerIdExpirationMs.name);
    MOLDAU_CHECK(expiration, "producer.id.expiration.ms has a default");
    configs.log.producer_id_expiration_ms = std::get<std::int32_t>(expiration->value);
    configs.append = append_rules(values, configs.log.compacts);
    configs.segment_jitter_ms_end = std::clamp<std::int64_t>(
        values.get<std::int64_t>("segment.jitter.ms"), 0, configs.log.segment_ms);
    configs.flush_messages = values.get<std::int64_t>("flush.messages");
    configs.flush_ms = values.get<std::int64_t>("flush.ms");
    configs.min_insync_replicas = values.get<std::int32_t>("min.insync.replicas");
    configs.is_unclean_election_allowed = values.get<bool>("unclean.leader.election.enable");
    return configs;
}

}  // namespace

TopicConfigsOf::TopicConfigsOf(const metadata::ClusterImage& image,
                               const config::Settings& settings)
    : image_(image), layers_(image, settings), inherited_(resolve(layers_, {})) {}

TopicConfigs TopicConfigsOf::topic(std::string_view name) const {
    const metadata::Configs& own = own_configs(image_, name);
    return own.empty() ? inherited_ : resolve(layers_, own);
}

TopicConfigs resolve_topic_configs(const metadata::ClusterImage& image,
                                   const config::Settings& settings, std::string_view topic) {
    return resolve(BrokerLayers(image, settings), own_configs(image, topic));
}

}  // namespace moldau::broker
