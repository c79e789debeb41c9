// The commands of `moldau`.
#pragma once

namespace moldau::cli {

/// Runs what the arguments say. Data goes to stdout, talk to stderr.
/// Returns the exit code: 0 done · 1 failed · 2 misused
int run(int argc, const char* const* argv);

}  // namespace moldau::cli
