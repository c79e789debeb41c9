#include "moldau/net/connection_limits.hpp"

#include "moldau/base/check.hpp"

namespace moldau::net {
namespace {

using Counts = std::map<std::string, std::int32_t, std::less<>>;

std::int32_t count_of(const Counts& counts, std::string_view key) {
    const auto found = counts.find(key);
    return found == counts.end() ? 0 : found->second;
}

void add_one(Counts& counts, std::string_view key) {
    auto found = counts.find(key);
    if (found == counts.end()) found = counts.emplace(std::string(key), 0).first;
    ++found->second;
}

void take_one(Counts& counts, std::string_view key) {
    const auto found = counts.find(key);
    MOLDAU_CHECK(found != counts.end() && found->second > 0,
                 "released a connection that was not counted of={}", key);
    if (--found->second == 0) counts.erase(found);
}

}  // namespace

std::int32_t ConnectionLimits::limit_of(std::string_view ip) const {
    const auto found = rules_.per_ip_overrides.find(ip);
    return found == rules_.per_ip_overrides.end() ? rules_.per_ip_max : found->second;
}

bool ConnectionLimits::has_room(std::string_view listener) const {
    if (total_ >= rules_.total_max) return false;
    const auto limit = rules_.by_listener.find(listener);
    return limit == rules_.by_listener.end() || count_of(by_listener_, listener) < limit->second;
}

bool ConnectionLimits::admit(std::string_view listener, std::string_view ip) {
    if (count_of(by_ip_, ip) >= limit_of(ip)) return false;
    add_one(by_ip_, ip);
    add_one(by_listener_, listener);
    ++total_;
    return true;
}

void ConnectionLimits::release(std::string_view listener, std::string_view ip) {
    take_one(by_ip_, ip);
    take_one(by_listener_, listener);
    --total_;
}

}  // namespace moldau::net
