#include "listeners.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace moldau::broker {
namespace {

constexpr std::int16_t kPlaintext = 0;

net::ListenerSettings settings_of(const config::Listener& listener) {
    return {.name = listener.name, .endpoint = {listener.host, listener.port}};
}

/// nullptr: none is called so.
const config::Listener* find(const std::vector<config::Listener>& among, std::string_view name) {
    const auto found = std::ranges::find(among, name, &config::Listener::name);
    return found == among.end() ? nullptr : &*found;
}

}  // namespace

Listeners::Listeners(runtime::Shard& home, const config::Node& by_file, net::Server& server,
                     std::function<std::string()> host_name)
    : home_(home), server_(server), host_name_(std::move(host_name)), wanted_(by_file) {}

Result<> Listeners::bind() {
    std::vector<net::ListenerSettings> all;
    for (const auto* listeners : {&wanted_.broker_listeners, &wanted_.controller_listeners}) {
        for (const config::Listener& each : *listeners) all.push_back(settings_of(each));
    }
    if (Result<> ok = server_.bind(all); !ok) return ok;
    open_ = wanted_.broker_listeners;
    return {};
}

bool Listeners::want(const BrokerLayers& layers) {
    Result<config::Node> node = node_of(layers);
    if (!node) {
        home_.log().error("the dynamic listeners are passed over reason={}", node.error().detail);
        return false;
    }
    if (node->broker_listeners == wanted_.broker_listeners) return false;
    wanted_ = std::move(*node);
    return true;
}

runtime::Task<> Listeners::open_wanted() {
    // Those of another address first leave theirs, which may be wanted by others among them.
    const std::vector<config::Listener> wanted = wanted_.broker_listeners;
    std::vector<config::Listener> left;
    for (const config::Listener& each : wanted) {
        const config::Listener* now = find(open_, each.name);
        if (now == nullptr || *now == each) continue;
        left.push_back(*now);
        co_await server_.close(each.name);
    }
    for (const config::Listener& gone : left) std::erase(open_, gone);
    for (const config::Listener& each : wanted) {
        if (find(open_, each.name) != nullptr || open(each)) continue;
        if (const config::Listener* before = find(left, each.name)) (void)open(*before);
    }
}

runtime::Task<> Listeners::close_others() {
    std::vector<config::Listener> others;
    for (const config::Listener& each : open_) {
        if (find(wanted_.broker_listeners, each.name) == nullptr) others.push_back(each);
    }
    for (const config::Listener& each : others) {
        std::erase(open_, each);
        co_await server_.close(each.name);
        co_await server_.disconnect(each.name);
        home_.log().info("closed a listener listener={}", each.to_string());
    }
}

Result<> Listeners::open(const config::Listener& listener) {
    if (Result<> ok = server_.open(settings_of(listener)); !ok) {
        home_.log().error("a listener cannot be opened reason={}", ok.error().detail);
        return ok;
    }
    open_.push_back(listener);
    const std::vector<config::Listener> at = bound({listener});
    home_.log().info("opened a listener listener={}", at.front().to_string());
    if (!config::is_loopback(listener))
        home_.log().warn(
            "{}: whoever can reach this may do everything, and what is sent can be read and "
            "changed on the way",
            at.front().to_string());
    return {};
}

std::vector<config::Listener> Listeners::bound(const std::vector<config::Listener>& among) const {
    const std::vector<net::ListenerSettings> all = server_.listening();
    std::vector<config::Listener> found = among;
    std::erase_if(found, [&](config::Listener& listener) {
        const auto at = std::ranges::find(all, listener.name, &net::ListenerSettings::name);
        if (at == all.end()) return true;
        listener.host = at->endpoint.host;
        listener.port = at->endpoint.port;
        return false;
    });
    return found;
}

std::vector<config::Listener> Listeners::of_broker() const {
    return bound(open_);
}

std::vector<metadata::Endpoint> Listeners::of_controller() const {
    std::vector<metadata::Endpoint> endpoints;
    for (const config::Listener& at : bound(wanted_.controller_listeners)) {
        endpoints.push_back({.name = at.name,
                             .host = host_to_tell(at.host),
                             .port = at.port,
                             .security_protocol = kPlaintext});
    }
    return endpoints;
}

std::string Listeners::host_to_tell(const std::string& host) const {
    const bool is_everywhere = host.empty() || host == "0.0.0.0" || host == "::";
    return is_everywhere ? host_name_() : host;
}

config::Listener Listeners::as_advertised(config::Listener bound) const {
    config::Listener told = std::move(bound);
    const config::Listener* advertised = find(wanted_.advertised, told.name);
    const config::Listener* now = find(open_, told.name);
    if (wanted_.advertises_address_used || advertised == nullptr) {
        told.host = host_to_tell(now != nullptr ? now->host : told.host);
        return told;
    }
    // Where it is advertised as it is, it may be where it was: it could not move.
    const bool is_itself = *advertised == *find(wanted_.broker_listeners, told.name);
    const config::Listener& said = is_itself && now != nullptr ? *now : *advertised;
    told.host = said.host.empty() ? host_name_() : said.host;
    if (said.port != 0) told.port = said.port;
    return told;
}

std::vector<protocol::BrokerRegistrationRequest::Listener> Listeners::advertised() const {
    std::vector<protocol::BrokerRegistrationRequest::Listener> all;
    for (const config::Listener& at : bound(wanted_.broker_listeners)) {
        config::Listener told = as_advertised(at);
        all.push_back({.name = std::move(told.name),
                       .host = std::move(told.host),
                       .port = told.port,
                       .security_protocol = kPlaintext});
    }
    return all;
}

}  // namespace moldau::broker
