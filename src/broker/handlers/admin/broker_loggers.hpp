// The levels of this broker's log, which clients see and change as those of its loggers (KIP-412,
// KIP-495). All of its lines are one logger's, "root". What is set so ends with the process.
#pragma once

#include "moldau/base/ids.hpp"
#include "moldau/base/ports/log.hpp"
#include "moldau/protocol/messages/incremental_alter_configs.hpp"

#include <string_view>
#include <vector>

namespace moldau::broker {

inline constexpr std::string_view kRootLogger = "root";

/// "INFO", as clients know it.
std::string_view client_name(LogLevel level);

/// Takes the loggers out of the request and changes them, unless it is to be validated only; gives
/// their results, which belong behind the controller's.
/// Errors in them: invalid_request: another broker, a logger or a resource twice, an operation that
/// loggers do not know · invalid_config: an unknown logger or level.
std::vector<protocol::IncrementalAlterConfigsResponse::AlterConfigsResourceResponse> alter_loggers(
    BrokerId self, LogSink& sink, protocol::IncrementalAlterConfigsRequest& request);

}  // namespace moldau::broker
