#include "node.hpp"

#include "text.hpp"

#include "moldau/config/keys.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <arpa/inet.h>
#include <map>
#include <set>
#include <utility>

namespace moldau::config {

namespace {

constexpr Key<std::optional<std::vector<std::string>>> kAdvertised{"advertised.listeners"};
constexpr Key<std::optional<std::string>> kInterBrokerName{"inter.broker.listener.name"};
constexpr Key<std::string> kInterBrokerProtocol{"security.inter.broker.protocol"};
constexpr Key<std::vector<std::string>> kControllerNames{"controller.listener.names"};
constexpr Key<std::vector<std::string>> kRoles{"process.roles"};
constexpr Key<std::vector<std::string>> kVoters{"controller.quorum.voters"};
constexpr Key<std::vector<std::string>> kBootstrap{"controller.quorum.bootstrap.servers"};
constexpr Key<std::optional<std::vector<std::string>>> kLogDirs{"log.dirs"};
constexpr Key<std::vector<std::string>> kLogDir{"log.dir"};
constexpr Key<std::optional<std::string>> kHttpListener{"moldau.http.listener"};

std::optional<SecurityProtocol> protocol_named(std::string_view written) {
    const std::string text = upper(written);
    for (const auto protocol : {SecurityProtocol::plaintext, SecurityProtocol::ssl,
                                SecurityProtocol::sasl_plaintext, SecurityProtocol::sasl_ssl})
        if (name(protocol) == text) return protocol;
    return std::nullopt;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

enum class Family : std::uint8_t { ipv4, ipv6, name };
Family family_of(const std::string& host) {
    in6_addr bytes;
    const std::string address = host.substr(0, host.find('%'));  // without an IPv6 zone
    if (inet_pton(AF_INET, address.c_str(), &bytes) == 1) return Family::ipv4;
    if (inet_pton(AF_INET6, address.c_str(), &bytes) == 1) return Family::ipv6;
    return Family::name;
}

std::string joined(const std::vector<std::string>& names) {
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

std::vector<std::string> names_of(const std::vector<Listener>& listeners) {
    std::vector<std::string> names;
    names.reserve(listeners.size());
    for (const Listener& listener : listeners) names.push_back(listener.name);
    return names;
}

class Builder {
public:
    Builder(const Settings& settings, std::vector<Problem>& errors, std::vector<Problem>& warnings)
        : settings_(settings), errors_(errors), warnings_(warnings) {}

    Node build() {
        node_.is_implicit = is_implicit(settings_.entries());
        read_roles();
        read_protocols();
        listeners_ = read_listeners("listeners", settings_.get(kListeners));
        check_ports();
        sort_listeners();
        read_advertised();
        if (errors_.empty()) check_roles();
        if (errors_.empty()) check_inter_broker();
        check_carried_out();
        check_offsets_codec();
        warn_of_open_listeners();
        read_log_dirs();
        read_http_listener();
        read_connection_limits();
        return std::move(node_);
    }

private:
    void refuse(std::string_view key, std::string message) {
        errors_.push_back({settings_.find(key)->origin, std::string(key), std::move(message)});
    }
    void warn(std::string_view key, std::string message) {
        warnings_.push_back({settings_.find(key)->origin, std::string(key), std::move(message)});
    }
    bool is_explicit(std::string_view key) const {
        return settings_.find(key)->origin.is_explicit();
    }

    void read_roles() {
        const auto roles = settings_.get(kRoles);
        node_.is_broker = contains(roles, "broker");
        node_.is_controller = contains(roles, "controller");
        node_.id = BrokerId{settings_.get(Key<std::int32_t>{"node.id"})};
        const auto broker_id = settings_.get(Key<std::int32_t>{"broker.id"});
        if (broker_id != node_.id.value)
            refuse("broker.id",
                   fmt::format("{} is not node.id's {}; allowed: the same in both, or only node.id",
                               broker_id, node_.id.value));
        for (const std::string& listener : settings_.get(kControllerNames))
            node_.controller_listener_names.push_back(upper(listener));
    }

    // ------------------------------------------------------------------ protocols

    void read_protocols() {
        std::vector<std::string> items = split_list(settings_.get(kListenerSecurityProtocolMap));
        while (!items.empty() && items.back().empty()) items.pop_back();  // as Kafka's split does
        for (const std::string& item : items) {
            const std::size_t colon = item.rfind(':');
            const auto protocol = colon == std::string::npos
                                      ? std::nullopt
                                      : protocol_named(trim(item.substr(colon + 1)));
            const std::string listener = upper(trim(item.substr(0, std::min(colon, item.size()))));
            if (!protocol || listener.empty()) {
                refuse(kListenerSecurityProtocolMap.name,
                       fmt::format("{} is no NAME:PROTOCOL; allowed protocols: PLAINTEXT, SSL, "
                                   "SASL_PLAINTEXT, SASL_SSL",
                                   in_quotes(item)));
                continue;
            }
            if (!protocols_.insert_or_assign(listener, *protocol).second)
                warn(kListenerSecurityProtocolMap.name,
                     fmt::format("listener {} occurs twice, the last one counts",
                                 in_quotes(listener)));
        }
        if (defaults_controllers_to_plaintext())
            for (const std::string& listener : node_.controller_listener_names)
                protocols_.try_emplace(listener, SecurityProtocol::plaintext);
    }

    /// Controllers' listeners need no entry in the map while nothing but PLAINTEXT is in play.
    bool defaults_controllers_to_plaintext() const {
        if (node_.is_implicit && !is_explicit(kControllerNames.name)) return true;
        if (is_explicit(kListenerSecurityProtocolMap.name)) return false;
        const auto is_secure = [](std::string_view listener) {
            const auto protocol = protocol_named(listener);
            return protocol && *protocol != SecurityProtocol::plaintext;
        };
        const auto listeners = settings_.get(kListeners);
        return std::ranges::none_of(node_.controller_listener_names, is_secure) &&
               std::ranges::none_of(listeners, [&](const std::string& listener) {
                   return is_secure(listener.substr(0, listener.find("://")));
               });
    }

    // ------------------------------------------------------------------ listeners

    std::vector<Listener> read_listeners(std::string_view key,
                                         const std::vector<std::string>& items) {
        std::vector<Listener> listeners;
        std::set<std::string> names;
        for (const std::string& item : items) {
            Result<Listener> listener = parse_listener(item);
            if (!listener) {
                refuse(key, listener.error().detail);
                continue;
            }
            const auto protocol = protocols_.find(listener->name);
            if (protocol == protocols_.end()) {
                refuse(key,
                       fmt::format("{}: no protocol for the name {}; add {}:PLAINTEXT to "
                                   "listener.security.protocol.map",
                                   in_quotes(item), in_quotes(listener->name), listener->name));
                continue;
            }
            listener->security_protocol = protocol->second;
            if (!names.insert(listener->name).second)
                refuse(key, fmt::format("{}: the name {} occurs twice; allowed: one listener for "
                                        "each name",
                                        in_quotes(item), in_quotes(listener->name)));
            listeners.push_back(std::move(*listener));
        }
        return listeners;
    }

    void check_ports() {
        std::map<std::uint16_t, std::vector<Listener>> by_port;
        for (const Listener& listener : listeners_)
            if (listener.port != 0) by_port[listener.port].push_back(listener);
        for (const auto& [port, sharers] : by_port) {
            if (sharers.size() == 1) continue;
            const Family first = family_of(sharers[0].host);
            const Family second = family_of(sharers[1].host);
            const bool is_pair = sharers.size() == 2 && first != second && first != Family::name &&
                                 second != Family::name;
            if (!is_pair)
                refuse(
                    "listeners",
                    fmt::format("port {} is used by {} listeners; allowed: one, or a pair of one "
                                "IPv4 and one IPv6 address",
                                port, sharers.size()));
        }
    }

    void sort_listeners() {
        for (const Listener& listener : listeners_)
            (contains(node_.controller_listener_names, listener.name) ? node_.controller_listeners
                                                                      : node_.broker_listeners)
                .push_back(listener);
        if (node_.is_implicit && node_.controller_listeners.empty())
            // Nobody else has to find it, so any free port will do.
            node_.controller_listeners.push_back(
                {.name = node_.controller_listener_names.front(), .host = "127.0.0.1", .port = 0});
    }

    void read_advertised() {
        const auto advertised = settings_.get(kAdvertised);
        node_.advertises_address_used = node_.is_implicit && !advertised;
        if (!node_.is_broker && !advertised) return;
        std::vector<Listener> all =
            advertised ? read_listeners("advertised.listeners", *advertised) : listeners_;
        std::erase_if(all, [&](const Listener& listener) {
            return contains(node_.controller_listener_names, listener.name);
        });
        node_.advertised = std::move(all);
        if (node_.advertises_address_used) return;
        const std::string_view key = advertised ? "advertised.listeners" : "listeners";
        for (const Listener& listener : node_.advertised) {
            if (listener.host == "0.0.0.0")
                refuse(key,
                       fmt::format("{} would be advertised, but 0.0.0.0 is no address that a "
                                   "client can connect to; {} advertised.listeners to one "
                                   "that is",
                                   in_quotes(listener.to_string()), advertised ? "change" : "set"));
            if (listener.host == "::")
                warn(key, fmt::format("{} is advertised, but :: is no address that a client can "
                                      "connect to; set advertised.listeners to one that is",
                                      in_quotes(listener.to_string())));
        }
    }

    // ------------------------------------------------------------------ roles

    void check_roles() {
        if (!node_.is_implicit) check_quorum();
        if (node_.is_controller) check_controller();
        if (!node_.is_controller) check_broker_alone();
        if (node_.is_broker) check_broker();
        if (!node_.is_broker) node_.advertised.clear();
    }

    void check_quorum() {
        const auto voters = settings_.get(kVoters);
        if (voters.empty() && settings_.get(kBootstrap).empty()) {
            refuse("process.roles",
                   "is set, so the controllers must be known: set controller.quorum.voters or "
                   "controller.quorum.bootstrap.servers (or leave out process.roles for a cluster "
                   "of this one node)");
            return;
        }
        if (voters.empty()) return;
        const bool is_voter = std::ranges::any_of(voters, [&](const std::string& voter) {
            return parse_whole<std::int32_t>(voter.substr(0, voter.find('@'))) == node_.id.value;
        });
        if (node_.is_controller && !is_voter)
            refuse(kVoters.name,
                   fmt::format("does not hold this controller's node.id {}", node_.id.value));
        if (!node_.is_controller && is_voter)
            refuse(kVoters.name,
                   fmt::format("holds node.id {}, but this node is no controller", node_.id.value));
    }

    void check_controller() {
        std::vector<std::string> missing;
        for (const std::string& listener : node_.controller_listener_names)
            if (!contains(names_of(node_.controller_listeners), listener))
                missing.push_back(listener);
        if (!missing.empty())
            refuse(kControllerNames.name,
                   fmt::format("{} is not among the names of listeners; a controller listens on "
                               "each of its names",
                               joined(missing)));
        if (!node_.is_broker && !node_.broker_listeners.empty())
            refuse("listeners",
                   fmt::format("{} is not in controller.listener.names; a node that is only a "
                               "controller listens for nobody else",
                               joined(names_of(node_.broker_listeners))));
    }

    void check_broker_alone() {
        if (!node_.controller_listeners.empty())
            refuse(kControllerNames.name,
                   fmt::format("{} is among the names of listeners, but this node is no controller",
                               joined(names_of(node_.controller_listeners))));
        for (const std::string& listener : node_.controller_listener_names)
            if (!protocols_.contains(listener))
                refuse(kControllerNames.name,
                       fmt::format("no protocol for the name {}; add {}:PLAINTEXT to "
                                   "listener.security.protocol.map",
                                   in_quotes(listener), listener));
        if (node_.controller_listener_names.size() > 1)
            warn(kControllerNames.name,
                 fmt::format("a broker uses only the first, {}",
                             in_quotes(node_.controller_listener_names.front())));
    }

    void check_broker() {
        if (node_.broker_listeners.empty() || node_.advertised.empty()) {
            refuse(node_.broker_listeners.empty() ? "listeners" : "advertised.listeners",
                   "has no listener for a broker's clients: all are in controller.listener.names");
            return;
        }
        std::vector<std::string> strangers;
        for (const std::string& listener : names_of(node_.advertised))
            if (!contains(names_of(node_.broker_listeners), listener))
                strangers.push_back(listener);
        if (!strangers.empty())
            refuse("advertised.listeners",
                   fmt::format("{} is not among the names of listeners; allowed: {}",
                               joined(strangers), joined(names_of(node_.broker_listeners))));
    }

    void check_inter_broker() {
        const auto named = settings_.get(kInterBrokerName);
        if (named && is_explicit(kInterBrokerProtocol.name)) {
            refuse(kInterBrokerName.name,
                   "is set, and so is security.inter.broker.protocol; allowed: one of the two");
            return;
        }
        if (named && !protocols_.contains(upper(*named))) {
            refuse(kInterBrokerName.name,
                   fmt::format("no protocol for the name {} in listener.security.protocol.map",
                               in_quotes(*named)));
            return;
        }
        if (!node_.is_broker) return;
        node_.inter_broker_listener = named ? upper(*named) : settings_.get(kInterBrokerProtocol);
        if (!contains(names_of(node_.advertised), node_.inter_broker_listener))
            refuse(kInterBrokerName.name, fmt::format("{} is not advertised; allowed: {}",
                                                      in_quotes(node_.inter_broker_listener),
                                                      joined(names_of(node_.advertised))));
    }

    void check_carried_out() {
        const auto refuse_protocol = [&](std::string_view key, const std::string& listener,
                                         SecurityProtocol protocol) {
            if (protocol == SecurityProtocol::plaintext) return;
            refuse(key, fmt::format("listener {} speaks {}, which this version cannot carry out "
                                    "yet; allowed: PLAINTEXT",
                                    in_quotes(listener), name(protocol)));
        };
        for (const Listener& listener : listeners_)
            refuse_protocol("listeners", listener.name, listener.security_protocol);
        for (const std::string& listener : node_.controller_listener_names) {
            const auto protocol = protocols_.find(listener);
            if (protocol != protocols_.end() && !contains(names_of(listeners_), listener))
                refuse_protocol(kControllerNames.name, listener, protocol->second);
        }
    }

    void warn_of_open_listeners() {
        std::vector<std::string> open;
        for (const Listener& listener : listeners_)
            if (!is_loopback(listener) && listener.security_protocol == SecurityProtocol::plaintext)
                open.push_back(listener.to_string());
        if (!open.empty())
            warn(
                "listeners",
                fmt::format("{}: whoever can reach this may do everything, and what is sent can be "
                            "read and changed on the way",
                            joined(open)));
    }

    // ------------------------------------------------------------------ the rest

    void read_log_dirs() {
        const auto several = settings_.get(kLogDirs);
        node_.log_dirs = several ? *several : settings_.get(kLogDir);
        const Result<> cordoned = check_cordoned(settings_.get(kCordonedLogDirs), node_.log_dirs);
        if (!cordoned) refuse(kCordonedLogDirs.name, cordoned.error().detail);
    }

    void check_offsets_codec() {
        const Key<std::int32_t> codec{"offsets.topic.compression.codec"};
        if (settings_.get(codec) < 0 || settings_.get(codec) > 4)
            refuse(codec.name, "allowed: 0 (none), 1 (gzip), 2 (snappy), 3 (lz4), 4 (zstd)");
    }

    void read_http_listener() {
        const auto written = settings_.get(kHttpListener);
        if (!written) return;
        Result<Listener> listener = parse_listener("HTTP://" + *written);
        if (!listener) {
            refuse(kHttpListener.name, fmt::format("{} is no address; allowed: HOST:PORT, or :PORT "
                                                   "for this machine alone",
                                                   in_quotes(*written)));
            return;
        }
        if (listener->host.empty()) listener->host = "127.0.0.1";
        if (!is_loopback(*listener))
            warn(kHttpListener.name,
                 fmt::format("{}: whoever can reach this may read the metrics, which name "
                             "listeners and versions",
                             in_quotes(*written)));
        node_.http_listener = std::move(*listener);
    }

    void read_connection_limits() {
        auto limits = connection_limits(settings_.get(kMaxConnectionsPerIpOverrides));
        if (!limits) {
            refuse(kMaxConnectionsPerIpOverrides.name, limits.error().detail);
            return;
        }
        node_.connection_limits = std::move(*limits);
        if (settings_.get(Key<std::int32_t>{"max.connections.per.ip"}) == 0 &&
            node_.connection_limits.empty())
            refuse("max.connections.per.ip",
                   "0 would let nobody connect; allowed: from 1, or 0 together with "
                   "max.connections.per.ip.overrides");
    }

    const Settings& settings_;
    std::vector<Problem>& errors_;
    std::vector<Problem>& warnings_;
    Node node_;
    std::map<std::string, SecurityProtocol> protocols_;  // by listener name
    std::vector<Listener> listeners_;
};

}  // namespace

Result<> check_cordoned(const std::vector<std::string>& cordoned,
                        const std::vector<std::string>& log_dirs) {
    if (cordoned.size() == 1 && cordoned[0] == kAllLogDirs) return {};
    for (const std::string& each : cordoned) {
        if (contains(log_dirs, each)) continue;
        return Error{ErrorCode::invalid_config,
                     each == kAllLogDirs
                         ? "* stands for all log directories; none is named beside it"
                         : fmt::format("{} is none of the log directories", in_quotes(each))};
    }
    return {};
}

Result<std::vector<ConnectionLimit>> connection_limits(std::string_view text) {
    std::vector<std::string> items = split_list(text);
    while (!items.empty() && items.back().empty()) items.pop_back();
    std::vector<ConnectionLimit> limits;
    for (const std::string& item : items) {
        const std::size_t colon = item.rfind(':');
        const auto limit = colon == std::string::npos
                               ? std::nullopt
                               : parse_whole<std::int32_t>(trim(item.substr(colon + 1)));
        const std::string host(trim(item.substr(0, std::min(colon, item.size()))));
        const bool is_host = !host.empty() && host.find_first_of(" \t/,@") == std::string::npos;
        if (!limit || *limit < 0 || !is_host) {
            return Error{ErrorCode::invalid_config,
                         fmt::format("{} is no host:limit; allowed: an address or a name, and a "
                                     "whole number from 0",
                                     in_quotes(item))};
        }
        limits.push_back({host, *limit});
    }
    return limits;
}

bool is_implicit(std::span<const Settings::Entry> entries) {
    return std::ranges::none_of(entries, [](const Settings::Entry& entry) {
        const std::string_view key = entry.setting->name;
        return entry.origin.is_explicit() &&
               (key == "process.roles" || key.starts_with("controller.quorum."));
    });
}

void apply_implicit_defaults(std::span<Settings::Entry> entries) {
    const auto set = [&](std::string_view key, Value value) {
        const auto entry = std::ranges::find(
            entries, key, [](const Settings::Entry& each) { return each.setting->name; });
        if (entry->origin.is_explicit()) return;
        entry->value = std::move(value);
        entry->origin = Origin{.kind = Origin::Kind::implicit_node};
    };
    set("process.roles", std::vector<std::string>{"broker", "controller"});
    set("node.id", std::int32_t{1});
    set("listeners", std::vector<std::string>{"PLAINTEXT://127.0.0.1:9092"});
    set("controller.listener.names", std::vector<std::string>{"CONTROLLER"});
    // One node cannot hold several replicas of its own topics.
    for (const std::string_view key :
         {"offsets.topic.replication.factor", "transaction.state.log.replication.factor",
          "share.coordinator.state.topic.replication.factor",
          "share.coordinator.state.topic.min.isr"})
        set(key, std::int16_t{1});
    set("transaction.state.log.min.isr", std::int32_t{1});
}

Node build_node(const Settings& draft, std::vector<Problem>& errors,
                std::vector<Problem>& warnings) {
    return Builder(draft, errors, warnings).build();
}

Result<Node> node_with(const Settings& settings, NamedValues values) {
    std::vector<Settings::Entry> entries = settings.entries();
    for (auto& [name, value] : values) {
        const auto entry = std::ranges::find(
            entries, name, [](const Settings::Entry& each) { return each.setting->name; });
        entry->value = std::move(value);
        entry->origin = {.kind = Origin::Kind::overlay, .source = "the cluster's metadata"};
    }
    const Settings draft(std::move(entries), settings.others(), settings.node());
    std::vector<Problem> errors, warnings;
    Node node = build_node(draft, errors, warnings);
    if (errors.empty()) return node;
    return Error{ErrorCode::invalid_config,
                 fmt::format("{}: {}", errors.front().key, errors.front().message)};
}

}  // namespace moldau::config
