#include "telemetry/client_metrics.hpp"

#include "metric_families.hpp"

#include <algorithm>
#include <utility>

namespace moldau::broker {
namespace {

constexpr std::string_view kHelp = "Pushed by clients (KIP-714).";
constexpr std::string_view kClientId = "client_id";
constexpr std::string_view kInstanceId = "client_instance_id";
constexpr std::size_t kNodeBytes = 200;  // of a client, a family or a series, beside its texts
constexpr std::string_view kTotal = "_total";
constexpr std::string_view kCreated = "_created";

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

/// The names that begin with "__" are Prometheus's own: a page with one of them may be refused.
std::string label_name(std::string_view key) {
    std::string name = as_name(key);
    while (name.starts_with("__")) name.erase(0, 1);
    return name;
}

/// One value for each label, and none in the place of ours.
telemetry::Attributes labels_of(const telemetry::Attributes& attributes) {
    telemetry::Attributes labels;
    for (const auto& [key, value] : attributes) {
        std::string name = label_name(key);
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

ClientMetrics::Named::Named(std::string is_called, metrics::Kind kind)
    : name(std::move(is_called)), family{name, kind, kHelp, {}} {}

std::size_t ClientMetrics::bytes_of(std::string_view name) {
    return kNodeBytes + name.size();
}

std::size_t ClientMetrics::bytes_of(const Key& key) {
    std::size_t bytes = kNodeBytes;
    for (const auto& label : key.labels)
        bytes += sizeof label + label.first.size() + label.second.size();
    return bytes;
}

std::string_view ClientMetrics::base_of(std::string_view name) {
    if (name.ends_with(kTotal)) name.remove_suffix(kTotal.size());
    return name;
}

/// What OpenMetrics does not have on one page: a second kind of a name, or the name that a counter
/// has for the time when it began.
bool ClientMetrics::clashes(std::string_view base, metrics::Kind kind) const {
    if (const auto same = families_.find(base); same != families_.end())
        return same->second->family.kind != kind;
    if (kind == metrics::Kind::counter && families_.contains(std::string(base).append(kCreated)))
        return true;
    if (!base.ends_with(kCreated)) return false;
    const auto of = families_.find(base.substr(0, base.size() - kCreated.size()));
    return of != families_.end() && of->second->family.kind == metrics::Kind::counter;
}

bool ClientMetrics::take(Of& client, const telemetry::Point& point) {
    const metrics::Kind kind = point.is_counter ? metrics::Kind::counter : metrics::Kind::gauge;
    std::string name = family_name(point.metric, point.is_counter);
    Key key{.name = name, .labels = labels_of(point.attributes)};
    if (const auto known = client.series.find(key); known != client.series.end()) {
        double& value = known->second.value;
        value = point.is_delta ? value + point.value : point.value;
        return true;
    }
    if (clashes(base_of(name), kind)) return false;
    auto family = families_.find(base_of(name));
    const std::size_t bytes = bytes_of(key);
    const std::size_t bytes_of_name = family == families_.end() ? bytes_of(name) : 0;
    if (bytes_ + bytes + bytes_of_name > limits_.bytes ||
        client.bytes + client.bytes_of_names + bytes + bytes_of_name > limits_.bytes_of_client)
        return false;
    if (family == families_.end()) {
        auto made = std::make_shared<Named>(std::move(name), kind);
        family = families_.emplace(made->base(), made).first;
    }
    key.name = family->second->name;
    ++family->second->series;
    client.series.emplace(std::move(key), Series{.family = family->second, .value = point.value});
    client.bytes += bytes;
    client.bytes_of_names += bytes_of_name;
    bytes_ += bytes + bytes_of_name;
    return true;
}

void ClientMetrics::take(MonoTime now, const Source& source, const telemetry::Decoded& pushed) {
    forget_silent(now);
    ++pushes_;
    left_out_ += pushed.left_out;
    if (pushed.points.empty()) return;
    Of& client = clients_[source.instance];
    if (client.series.empty()) {
        const std::size_t bytes = kNodeBytes + source.client_id.size();
        client.client_id = source.client_id;
        client.bytes = bytes;
        bytes_ += bytes;
    }
    silent_at_.erase({client.silent_at, source.instance});
    silent_at_.emplace(source.silent_at, source.instance);
    client.silent_at = source.silent_at;
    for (const telemetry::Point& point : pushed.points) {
        if (!take(client, point)) ++left_out_;
    }
    if (client.series.empty()) forget(source.instance);
}

void ClientMetrics::forget(Clients::iterator client) {
    for (const auto& [key, series] : client->second.series) {
        if (--series.family->series > 0) continue;
        bytes_ -= bytes_of(series.family->name);
        families_.erase(series.family->base());
    }
    bytes_ -= client->second.bytes;
    silent_at_.erase({client->second.silent_at, client->first});
    clients_.erase(client);
}

void ClientMetrics::forget(const Uuid& instance) {
    const auto known = clients_.find(instance);
    if (known != clients_.end()) forget(known);
}

void ClientMetrics::forget_silent(MonoTime now) {
    while (!silent_at_.empty() && silent_at_.begin()->first <= now)
        forget(Uuid(silent_at_.begin()->second));
}

void ClientMetrics::sample(MonoTime now, metrics::Samples& to) const {
    std::size_t clients = 0;
    for (const auto& [instance, client] : clients_) {
        if (client.silent_at <= now) continue;
        ++clients;
        const std::string id = instance.to_string();
        for (const auto& [key, series] : client.series) {
            metrics::Labels labels = {{kClientId, client.client_id}, {kInstanceId, id}};
            for (const auto& [name, value] : key.labels) labels.emplace_back(name, value);
            to.add({series.family, &series.family->family}, labels, series.value);
        }
    }
    to.add(families::kClientMetricsClients, {}, static_cast<double>(clients));
    to.add(families::kClientMetricsPushes, {}, static_cast<double>(pushes_));
    to.add(families::kClientMetricsLeftOut, {}, static_cast<double>(left_out_));
}

}  // namespace moldau::broker
