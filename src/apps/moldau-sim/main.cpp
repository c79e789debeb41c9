// moldau-sim: runs seeds of the simulated world and says whether all promises were kept.
#include "moldau/cli/arguments.hpp"
#include "moldau/sim/echo_cluster.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <optional>

namespace {

class StderrSink final : public moldau::LogSink {
public:
    bool enabled(moldau::LogLevel) const override { return true; }
    void write(moldau::LogLevel, std::string_view line) override {
        fmt::print(stderr, "{}\n", line);
    }
};

}  // namespace

int main(int argc, char** argv) {
    moldau::cli::CommandLine line(
        "moldau-sim: a simulated cluster of echo services; one seed, one history", "moldau-sim");
    std::uint64_t seed = 1;
    double hours = 0;
    bool verbose = false;
    line.option("--seed", seed, "the seed to begin with").required();
    line.option(
            "--hours", hours,
            "simulated hours: runs seed, seed + 1, … until they are reached (default: one seed)")
        .within(0.0, 1e6);
    line.flag("--verbose", verbose, "what the processes log, on stderr");
    if (const auto ended = line.parse(argc, argv)) {
        fmt::print(ended->is_misuse ? stderr : stdout, "{}\n", ended->text);
        return ended->is_misuse ? 2 : 0;
    }

    StderrSink sink;
    const auto begun = std::chrono::steady_clock::now();
    const std::chrono::duration<double, std::ratio<3600>> wanted(hours);
    moldau::Duration simulated{};
    std::uint64_t digest = 0;
    std::uint64_t seeds = 0;
    std::uint64_t crashes = 0;
    std::uint64_t echoes = 0;
    bool kept = true;
    do {
        const auto outcome = moldau::sim::run_echo_cluster(
            {.seed = seed + seeds, .sink = verbose ? &sink : nullptr});
        for (const std::string& violation : outcome.violations) {
            kept = false;
            fmt::print("violated seed={} {}\n", seed + seeds, violation);
        }
        if (!outcome.violations.empty())
            fmt::print("replay: moldau-sim --seed {} --verbose\n", seed + seeds);
        digest = digest * 31 + outcome.digest;
        simulated += outcome.simulated;
        crashes += outcome.crashes;
        echoes += outcome.echoes;
        ++seeds;
    } while (simulated < wanted);

    const double real =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    const double virtual_seconds = std::chrono::duration<double>(simulated).count();
    fmt::print(stderr, "seeds={} simulated_s={:.0f} crashes={} echoes={} speed={:.0f}x\n", seeds,
               virtual_seconds, crashes, echoes, virtual_seconds / real);
    fmt::print("digest={:016x}\n", digest);
    return kept ? 0 : 1;
}
