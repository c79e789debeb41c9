// moldau-bench: load for Kafka-compatible brokers, and what they made of it.
#pragma once

namespace moldau::load {

/// Runs what the arguments say. Figures go to stdout, talk to stderr.
/// Returns the exit code: 0 all went well · 1 something failed · 2 misused
int run(int argc, const char* const* argv);

}  // namespace moldau::load
