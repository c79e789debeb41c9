#include "telemetry/client_metrics.hpp"

#include "metric_families.hpp"

#include <algorithm>

namespace moldau::broker {
namespace {

constexpr std::string_view kHelp = "Pushed by clients (KIP-714).";
constexpr std::string_view kClientId = "client_id";
constexpr std::string_view kInstanceId = "client_instance_id";
constexpr std::size_t kSeriesBytes = 200;  // beside its texts
constexpr std::string_view kTotal = "_total";

bool is_letter(char each) {
    return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z');
}

/// What Prometheus takes as a name.
std::string as_name(std::string_view text) {
    std::string name;
    for (const char each : text) {
        const bool is_digit = each >= '0' && each <= '9';
        if (is_digit && name.empty()) name += '_';
        name += is_letter(each) || is_digit ? each : '_';
    }
    return name;
}

/// One value for each label, and none in the place of ours.
telemetry::Attributes labels_of(const telemetry::Attributes& attributes) {
    telemetry::Attributes labels;
    for (const auto& [key, value] : attributes) {
        std::string name = as_name(key);
        if (name == kClientId || name == kInstanceId) continue;
        const auto same = [&name](const auto& label) { return label.first == name; };
        const auto known = std::ranges::find_if(labels, same);
        if (known == labels.end()) {
            labels.emplace_back(std::move(name), value);
        } else {
            known->second = value;
        }
    }
    std::ranges::sort(labels);
    return labels;
}

}  // namespace

std::string family_name(std::string_view metric, bool is_counter) {
    std::string name = "client_" + as_name(metric);
    while (name.ends_with(kTotal)) name.resize(name.size() - kTotal.size());
    if (is_counter) name += kTotal;
    return name;
}

const metrics::Family* ClientMetrics::family_of(const telemetry::Point& point) {
    const metrics::Kind kind = point.is_counter ? metrics::Kind::counter : metrics::Kind::gauge;
    std::string name = family_name(point.metric, point.is_counter);
    auto known = families_.find(name);
    if (known == families_.end()) {
        if (families_.size() == limits_.families) return nullptr;
        known = families_.emplace(std::move(name), metrics::Family{{}, kind, kHelp, {}}).first;
        known->second.name = known->first;
    }
    return &known->second;
}

bool ClientMetrics::take(Of& client, const telemetry::Point& point) {
    const metrics::Family* family = family_of(point);
    if (family == nullptr) return false;
    telemetry::Attributes labels = labels_of(point.attributes);
    std::string key(family->name);
    for (const auto& [name, value] : labels) {
        key += '\0';
        key += name;
        key += '\0';
        key += value;
    }
    const auto known = client.series.find(key);
    if (known != client.series.end()) {
        Series& series = known->second;
        series.value = point.is_delta ? series.value + point.value : point.value;
        return true;
    }
    const std::size_t bytes = kSeriesBytes + 2 * key.size();
    if (bytes_ + bytes > limits_.bytes || client.bytes + bytes > limits_.bytes_of_client)
        return false;
    client.series.emplace(
        std::move(key),
        Series{
            .family = family, .labels = std::move(labels), .value = point.value, .bytes = bytes});
    client.bytes += bytes;
    bytes_ += bytes;
    return true;
}

void ClientMetrics::take(MonoTime now, const Source& source, const telemetry::Decoded& pushed) {
    forget_silent(now);
    ++pushes_;
    left_out_ += pushed.left_out;
    if (pushed.points.empty()) return;
    Of& client = clients_[source.instance];
    if (client.series.empty()) {
        const std::size_t bytes = kSeriesBytes + source.client_id.size();
        client.client_id = source.client_id;
        client.bytes = bytes;
        bytes_ += bytes;
    }
    client.silent_at = source.silent_at;
    for (const telemetry::Point& point : pushed.points) {
        if (!take(client, point)) ++left_out_;
    }
    if (client.series.empty()) forget(source.instance);
}

void ClientMetrics::forget(const Uuid& instance) {
    const auto known = clients_.find(instance);
    if (known == clients_.end()) return;
    bytes_ -= known->second.bytes;
    clients_.erase(known);
}

void ClientMetrics::forget_silent(MonoTime now) {
    for (auto at = clients_.begin(); at != clients_.end();) {
        if (at->second.silent_at > now) {
            ++at;
            continue;
        }
        bytes_ -= at->second.bytes;
        at = clients_.erase(at);
    }
}

void ClientMetrics::sample(MonoTime now, metrics::Samples& to) const {
    std::size_t clients = 0;
    for (const auto& [instance, client] : clients_) {
        if (client.silent_at <= now) continue;
        ++clients;
        const std::string id = instance.to_string();
        for (const auto& [key, series] : client.series) {
            metrics::Labels labels = {{kClientId, client.client_id}, {kInstanceId, id}};
            for (const auto& [name, value] : series.labels) labels.emplace_back(name, value);
            to.add(*series.family, labels, series.value);
        }
    }
    to.add(families::kClientMetricsClients, {}, static_cast<double>(clients));
    to.add(families::kClientMetricsPushes, {}, static_cast<double>(pushes_));
    to.add(families::kClientMetricsLeftOut, {}, static_cast<double>(left_out_));
}

}  // namespace moldau::broker
