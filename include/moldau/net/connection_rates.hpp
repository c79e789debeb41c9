// How fast connections may come, in total, by listener and by address
// (max.connection.creation.rate, connection_creation_rate of addresses, KIP-612). Sans-IO: the
// acceptor asks it.
#pragma once

#include "moldau/base/time.hpp"
#include "moldau/quota/rate.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace moldau::net {

class ConnectionRates {
public:
    /// Connections a second; nothing: as fast as they come.
    struct Rules {
        quota::Windows windows;
        std::optional<std::int32_t> total_max;
        std::map<std::string, std::int32_t, std::less<>> by_listener;
        /// One that `total_max` does not hold up: the brokers' own, where clients have another.
        std::string exempt_listener;
        std::map<std::string, std::int32_t, std::less<>> by_ip;  // numeric address → limit
        std::optional<std::int32_t> other_ip_max;  // of each address that is not among them
    };
    explicit ConnectionRates(Rules rules);

    /// For who comes from now on. What was counted stays.
    void set_rules(Rules rules);

    /// Counts a connection that came by `listener`: so long it is to wait, and those behind it.
    Duration came(MonoTime now, std::string_view listener);
    /// Counts a connection from `ip` that is about to be accepted; 0, or so long after now it is to
    /// be closed: it is not counted then.
    Duration refusal(MonoTime now, std::string_view ip);

    std::size_t addresses() const { return by_ip_.size(); }  // that are remembered

private:
    Duration record(quota::Rate& rate, MonoTime now, double bound) const;
    void forget_some(MonoTime now);

    Rules rules_;
    quota::Rate total_;
    std::map<std::string, quota::Rate, std::less<>> by_listener_;
    std::map<std::string, quota::Rate, std::less<>> by_ip_;
    MonoTime swept_;
};

}  // namespace moldau::net
