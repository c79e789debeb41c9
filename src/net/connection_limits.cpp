#include "moldau/net/connection_limits.hpp"

#include "moldau/base/check.hpp"

namespace moldau::net {

std::int32_t ConnectionLimits::limit_of(std::string_view ip) const {
    const auto found = rules_.per_ip_overrides.find(ip);
    return found == rules_.per_ip_overrides.end() ? rules_.per_ip_max : found->second;
}

bool ConnectionLimits::admit(std::string_view ip) {
    auto found = by_ip_.find(ip);
    const std::int32_t count = found == by_ip_.end() ? 0 : found->second;
    if (count >= limit_of(ip)) return false;
    if (found == by_ip_.end()) found = by_ip_.emplace(std::string(ip), 0).first;
    ++found->second;
    ++total_;
    return true;
}

void ConnectionLimits::release(std::string_view ip) {
    const auto found = by_ip_.find(ip);
    MOLDAU_CHECK(found != by_ip_.end() && found->second > 0,
                 "released a connection that was not counted ip={}", ip);
    if (--found->second == 0) by_ip_.erase(found);
    --total_;
}

}  // namespace moldau::net
