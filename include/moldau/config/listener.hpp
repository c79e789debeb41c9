// Listeners as values: the text form NAME://host:port, and which protocol a name stands for.
#pragma once

#include "moldau/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace moldau::config {

enum class SecurityProtocol : std::uint8_t { plaintext, ssl, sasl_plaintext, sasl_ssl };

/// `PLAINTEXT`, `SASL_SSL` …
std::string_view name(SecurityProtocol protocol);

struct Listener {
    std::string name;  // upper case
    SecurityProtocol security_protocol = SecurityProtocol::plaintext;
    std::string host;  // empty: every interface, or, where it is advertised, this machine's name;
                       // IPv6 without brackets
    std::uint16_t port = 0;  // 0: a free one

    /// `PLAINTEXT://127.0.0.1:9092`, `PLAINTEXT://[::1]:9092`
    std::string to_string() const;
    friend bool operator==(const Listener&, const Listener&) = default;
};

/// Name, host and port of NAME://host:port; the protocol is left as it is by default.
/// Errors: invalid_config, with what is wrong
Result<Listener> parse_listener(std::string_view text);

/// Whether only this machine can reach it: 127.0.0.0/8, ::1, localhost.
bool is_loopback(const Listener& listener);

}  // namespace moldau::config
