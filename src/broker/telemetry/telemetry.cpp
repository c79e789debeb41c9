#include "telemetry/telemetry.hpp"

#include "moldau/config/keys.hpp"
#include "moldau/config/value.hpp"

#include <chrono>
#include <utility>

namespace moldau::broker {
namespace {

using metadata::ConfigResource;
using metadata::Configs;
using metadata::ResourceType;

constexpr int kSilentIntervals = 3;

/// The part of the configs that is about client metrics.
std::vector<std::pair<ConfigResource, Configs>> ours(
    const metadata::PersistentMap<ConfigResource, Configs>& configs) {
    std::vector<std::pair<ConfigResource, Configs>> found;
    const ConfigResource first{.type = ResourceType::client_metrics, .name = {}};
    for (auto at = configs.from(first);
         at != configs.end() && at->key.type == ResourceType::client_metrics; ++at)
        found.emplace_back(at->key, at->value);
    return found;
}

config::Value value_of(const Configs& configs, std::string_view name) {
    const config::Setting& setting = *config::find(config::Table::client_metrics, name);
    const std::string* text = configs.find(name);
    if (text == nullptr) return config::default_value(setting);
    const Result<config::Value> value = config::value_from_text(setting, *text);
    return value ? *value : config::default_value(setting);
}

Result<telemetry::Subscription> subscription_of(const Configs& configs) {
    telemetry::Subscription subscription{
        .interval_ms = std::get<std::int32_t>(value_of(configs, "interval.ms")),
        .metrics = std::get<std::vector<std::string>>(value_of(configs, "metrics")),
        .matches = {}};
    const config::Value entries = value_of(configs, "match");
    for (const std::string& entry : std::get<std::vector<std::string>>(entries)) {
        Result<telemetry::Match> match = telemetry::Match::parse(entry);
        if (!match) return match.error();
        subscription.matches.push_back(std::move(*match));
    }
    return subscription;
}

Uuid new_instance(Random& random) {
    // A random UUID's version and variant (RFC 9562), as Kafka makes them.
    return {(random.next() & ~0xF000ULL) | 0x4000ULL, (random.next() >> 2U) | (1ULL << 63U)};
}

}  // namespace

std::vector<telemetry::Subscription> subscriptions_of(const metadata::ClusterImage& image,
                                                      const Logger& log) {
    std::vector<telemetry::Subscription> subscriptions;
    for (const auto& [resource, configs] : ours(image.configs)) {
        Result<telemetry::Subscription> subscription = subscription_of(configs);
        if (subscription) {
            subscriptions.push_back(std::move(*subscription));
        } else {
            log.warn("a subscription to client metrics is left out name={} reason={}",
                     resource.name, subscription.error().detail);
        }
    }
    return subscriptions;
}

Telemetry::Telemetry(runtime::Shard& home, const config::Settings& settings)
    : home_(home), instances_(static_cast<std::size_t>(settings.get(config::kTelemetryMaxBytes))) {}

void Telemetry::learn(const Image& image) {
    if (configs_.is_shared_with(image->configs)) return;
    const bool is_changed = ours(configs_) != ours(image->configs);
    configs_ = image->configs;
    if (is_changed) instances_.set_subscriptions(subscriptions_of(*image, home_.log()));
}

Result<Telemetry::Asked> Telemetry::subscribe(const Image& image, telemetry::Client client) {
    learn(image);
    if (client.instance.is_zero()) {
        do {
            client.instance = new_instance(home_.random());
        } while (instances_.knows(client.instance));
    }
    Result<telemetry::Wanted> wanted = instances_.subscribe(home_.now(), client);
    if (!wanted) return wanted.error();
    return Asked{.wanted = std::move(*wanted), .instance = client.instance};
}

Result<Duration> Telemetry::push(const Image& image, const telemetry::Client& client,
                                 const telemetry::ClientInstances::Push& push) {
    learn(image);
    return instances_.push(home_.now(), client, push);
}

void Telemetry::keep(const telemetry::Client& client, Duration interval, bool is_last,
                     const telemetry::Decoded& pushed) {
    const MonoTime now = home_.now();
    metrics_.take(now,
                  {.instance = client.instance,
                   .client_id = client.id,
                   .silent_at = now + interval * kSilentIntervals},
                  pushed);
    if (is_last) metrics_.forget(client.instance);
}

}  // namespace moldau::broker
