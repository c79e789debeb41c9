// Clients of echo services: each sends its messages in order, several at a time, and again after
// every failure, until all have come back.
#pragma once

#include "echo_node.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace moldau::sim {

struct EchoClientOptions {
    std::uint64_t id = 0;
    std::uint64_t messages = 0;
    std::uint64_t in_flight_max = 1;
    Duration pause{0};                                // between windows
    std::function<std::optional<Endpoint>()> server;  // none: not known yet
    std::function<void(std::uint64_t client, std::uint64_t sequence)> echoed;
    std::function<void(std::string violation)> violated;
};

/// What client `id` sends as its `sequence`-th message.
std::string echo_payload(std::uint64_t id, std::uint64_t sequence);

/// Ends when all messages have come back, or when it is cancelled.
runtime::Task<> echo_client(EchoSite site, EchoClientOptions options);

}  // namespace moldau::sim
