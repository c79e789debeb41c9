// Addresses as texts, which have many forms.
#pragma once

#include <optional>
#include <string>

namespace moldau {

/// The one form in which a transport tells a peer's address: an IPv4 address that is written as an
/// IPv6 one is the IPv4 address. Nothing: `text` is no address. Names are not looked up.
std::optional<std::string> canonical_ip_address(const std::string& text);

}  // namespace moldau
