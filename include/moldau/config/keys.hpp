// Keys of the settings that are in effect: settings.get(kSocketRequestMaxBytes). Listeners, roles,
// ids and log directories come checked and parsed in Settings::node() and have no key here.
#pragma once

#include "moldau/config/settings.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace moldau::config {

inline constexpr Key<std::optional<std::string>> kBrokerRack{"broker.rack"};
inline constexpr Key<std::int64_t> kConnectionsMaxIdleMs{"connections.max.idle.ms"};
inline constexpr Key<std::int32_t> kMaxConnections{"max.connections"};
inline constexpr Key<std::int32_t> kMaxConnectionsPerIp{"max.connections.per.ip"};
inline constexpr Key<std::int32_t> kSocketListenBacklogSize{"socket.listen.backlog.size"};
inline constexpr Key<std::int32_t> kSocketReceiveBufferBytes{"socket.receive.buffer.bytes"};
inline constexpr Key<std::int32_t> kSocketRequestMaxBytes{"socket.request.max.bytes"};
inline constexpr Key<std::int32_t> kSocketSendBufferBytes{"socket.send.buffer.bytes"};

inline constexpr Key<std::int32_t> kConnectionFrameDeadlineMs{
    "moldau.connection.frame.deadline.ms"};
inline constexpr Key<std::int64_t> kConnectionInflightBytes{"moldau.connection.inflight.bytes"};
inline constexpr Key<std::string> kLogLevel{"moldau.log.level"};
inline constexpr Key<std::int64_t> kMemoryBudgetBytes{"moldau.memory.budget.bytes"};
inline constexpr Key<std::int32_t> kShards{"moldau.shards"};

}  // namespace moldau::config
