#include "moldau/config/listener.hpp"

#include "text.hpp"

#include <fmt/format.h>

namespace moldau::config {

std::string_view name(SecurityProtocol protocol) {
    switch (protocol) {
        case SecurityProtocol::plaintext:
            return "PLAINTEXT";
        case SecurityProtocol::ssl:
            return "SSL";
        case SecurityProtocol::sasl_plaintext:
            return "SASL_PLAINTEXT";
        case SecurityProtocol::sasl_ssl:
            return "SASL_SSL";
    }
    return {};
}

std::string Listener::to_string() const {
    const bool is_v6 = host.find(':') != std::string::npos;
    return is_v6 ? fmt::format("{}://[{}]:{}", name, host, port)
                 : fmt::format("{}://{}:{}", name, host, port);
}

Result<Listener> parse_listener(std::string_view text) {
    const auto refuse = [&](std::string_view why) {
        return Error{ErrorCode::invalid_config,
                     fmt::format("{} {}; allowed: NAME://host:port", in_quotes(text), why)};
    };
    const std::size_t slashes = text.rfind("://");
    if (slashes == std::string_view::npos) return refuse("has no ://");
    if (slashes == 0) return refuse("has no name");
    std::string_view address = text.substr(slashes + 3);
    const std::size_t colon = address.rfind(':');
    if (colon == std::string_view::npos || address.ends_with(']')) return refuse("has no port");
    const auto port = parse_whole<std::int32_t>(address.substr(colon + 1));
    if (!port || *port < 0 || *port > 65535)
        return refuse("has a port that is no number from 0 to 65535");

    std::string_view host = address.substr(0, colon);
    if (host.starts_with('[') != host.ends_with(']'))
        return refuse("has a bracket without its twin");
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    constexpr std::string_view kHostCharacters =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-%._:";
    if (host.find_first_not_of(kHostCharacters) != std::string_view::npos)
        return refuse("has a host with characters that no host has");
    return Listener{.name = upper(text.substr(0, slashes)),
                    .host = std::string(host),
                    .port = static_cast<std::uint16_t>(*port)};
}

bool is_loopback(const Listener& listener) {
    return listener.host == "::1" || lower(listener.host) == "localhost" ||
           (listener.host.starts_with("127.") &&
            listener.host.find_first_not_of("0123456789.") == std::string::npos);
}

}  // namespace moldau::config
