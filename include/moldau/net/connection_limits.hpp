// How many connections there may be, in total, by a listener and from one address (max.connections,
// listener.name.<listener>.max.connections, max.connections.per.ip and its overrides). A rule
// without a world: the acceptor asks it.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace moldau::net {

class ConnectionLimits {
public:
    struct Rules {
        std::int32_t total_max = std::numeric_limits<std::int32_t>::max();
        std::int32_t per_ip_max = std::numeric_limits<std::int32_t>::max();
        std::map<std::string, std::int32_t, std::less<>>
            per_ip_overrides;                                          // numeric address → limit
        std::map<std::string, std::int32_t, std::less<>> by_listener;  // name → limit; or no limit
    };
    explicit ConnectionLimits(Rules rules) : rules_(std::move(rules)) {}

    /// For who comes from now on: whoever is there stays.
    void set_rules(Rules rules) { rules_ = std::move(rules); }

    /// Whether one more may be accepted by `listener` at all; if not, accepting pauses there until
    /// one is closed (as Kafka does).
    bool has_room(std::string_view listener) const;

    /// Counts one more from `ip`; false, and not counted, when that address has all that it may
    /// have.
    bool admit(std::string_view listener, std::string_view ip);
    void release(std::string_view listener, std::string_view ip);

    std::int32_t total() const { return total_; }

private:
    std::int32_t limit_of(std::string_view ip) const;

    Rules rules_;
    std::int32_t total_ = 0;
    std::map<std::string, std::int32_t, std::less<>> by_ip_;
    std::map<std::string, std::int32_t, std::less<>> by_listener_;
};

}  // namespace moldau::net
