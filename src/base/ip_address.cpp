#include "moldau/base/ip_address.hpp"

#include <arpa/inet.h>
#include <array>

namespace moldau {
namespace {

std::string written(int family, const void* bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(family, bytes, text.data(), text.size());  // it fits always
    return text.data();
}

}  // namespace

std::optional<std::string> canonical_ip_address(const std::string& text) {
    in_addr v4{};
    if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return written(AF_INET, &v4);
    in6_addr v6{};
    if (::inet_pton(AF_INET6, text.c_str(), &v6) != 1) return std::nullopt;
    constexpr std::size_t kMapped = 12;  // the IPv4 address stands in the last four bytes
    if (IN6_IS_ADDR_V4MAPPED(&v6)) return written(AF_INET, &v6.s6_addr[kMapped]);
    return written(AF_INET6, &v6);
}

}  // namespace moldau
