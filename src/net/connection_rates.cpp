#include "moldau/net/connection_rates.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace moldau::net {
namespace {

/// Addresses come from outside. Beyond so many the one that is next in order is forgotten: who has
/// that many addresses is not held up by a rate for each of them anyway.
constexpr std::size_t kAddressesMax = 10'000;
constexpr Duration kSweepEvery = std::chrono::seconds(1);

}  // namespace

ConnectionRates::ConnectionRates(Rules rules)
    : rules_(std::move(rules)), total_(rules_.windows), swept_{} {}

void ConnectionRates::set_rules(Rules rules) {
    rules_ = std::move(rules);
}

Duration ConnectionRates::came(MonoTime now, std::string_view listener) {
    Duration wait{0};
    if (rules_.total_max && listener != rules_.exempt_listener)
        wait = record(total_, now, *rules_.total_max);
    if (const auto own = rules_.by_listener.find(listener); own != rules_.by_listener.end()) {
        quota::Rate& rate =
            by_listener_.try_emplace(std::string(listener), rules_.windows).first->second;
        wait = std::max(wait, record(rate, now, own->second));
    }
    return wait;
}

Duration ConnectionRates::refusal(MonoTime now, std::string_view ip) {
    const auto own = rules_.by_ip.find(ip);
    const auto bound = own != rules_.by_ip.end() ? own->second : rules_.other_ip_max;
    if (!bound) return Duration(0);
    auto found = by_ip_.find(ip);
    if (found == by_ip_.end()) {
        forget_some(now);
        found = by_ip_.emplace(ip, rules_.windows).first;
    }
    const Duration wait = record(found->second, now, *bound);
    if (wait > Duration(0)) found->second.record(now, -1);
    return wait;
}

Duration ConnectionRates::record(quota::Rate& rate, MonoTime now, double bound) const {
    rate.record(now, 1);
    const auto observed = quota::observe(rules_.windows, now, rate.samples());
    return std::min<Duration>(quota::throttle_time(observed, bound), rules_.windows.size);
}

void ConnectionRates::forget_some(MonoTime now) {
    if (now - swept_ >= kSweepEvery) {
        swept_ = now;
        std::erase_if(by_ip_, [now](const auto& each) { return each.second.is_over(now); });
    }
    if (by_ip_.size() >= kAddressesMax) by_ip_.erase(by_ip_.begin());
}

}  // namespace moldau::net
