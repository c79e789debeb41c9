// moldaud without its command line: a node over the world's adapters, from start to SIGTERM.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/config/settings.hpp"

#include <string>
#include <vector>

namespace moldau::broker {

/// Starts a node, prints `ready …` on stdout, serves until SIGTERM or SIGINT, stops. Call it before
/// any thread is started. `warnings` are written to the log, and so, where the log is JSON, is the
/// error. Errors: what kept the node from starting, in words for an operator
Result<> run_daemon(const config::Settings& settings, const std::vector<std::string>& warnings);

}  // namespace moldau::broker
