// The same seed is the same history, promises are kept under faults, and mistakes made on purpose
// are seen.
#include "moldau/sim/echo_cluster.hpp"

#include "echo/echo_log.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <set>

namespace moldau::sim {
namespace {

// A sanitizer makes a seed five to twenty times as dear.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr std::uint64_t kSeeds = 60;
#else
constexpr std::uint64_t kSeeds = 1000;
#endif
#else
constexpr std::uint64_t kSeeds = 1000;
#endif

TEST(EchoCluster, KeepsItsPromisesAndReplaysToTheSameDigestOverAllSeeds) {
    std::set<std::uint64_t> digests;
    std::uint64_t crashes = 0;
    std::uint64_t events = 0;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        const EchoClusterOutcome first = run_echo_cluster({.seed = seed});
        const EchoClusterOutcome second = run_echo_cluster({.seed = seed});
        ASSERT_EQ(first.digest, second.digest) << "moldau-sim --seed " << seed;
        ASSERT_TRUE(first.violations.empty())
            << fmt::format("moldau-sim --seed {}: {}", seed, fmt::join(first.violations, "\n"));
        digests.insert(first.digest);
        crashes += first.crashes;
        events += first.events;
    }
    EXPECT_EQ(digests.size(), kSeeds) << "different seeds are different histories";
    fmt::print("seeds={} crashes={} events={}\n", kSeeds, crashes, events);
    EXPECT_GT(crashes, kSeeds * 2) << "faults do strike";
}

struct SeededBug {
    const char* name;
    EchoBug bug;
};

class EchoClusterWith : public testing::TestWithParam<SeededBug> {};

TEST_P(EchoClusterWith, AMistakeIsCaughtWithinAFewSeeds) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        const EchoClusterOutcome outcome = run_echo_cluster({.seed = seed, .bug = GetParam().bug});
        if (outcome.violations.empty()) continue;
        fmt::print("caught by seed {}: {}\n", seed, outcome.violations.front());
        return;
    }
    FAIL() << GetParam().name << " was not seen in 300 seeds";
}
INSTANTIATE_TEST_SUITE_P(Mistake, EchoClusterWith,
                         testing::Values(SeededBug{"SkipSync", EchoBug::skip_sync},
                                         SeededBug{"ReplyBeforeWrite", EchoBug::reply_before_write},
                                         SeededBug{"RetryFailedSync", EchoBug::retry_failed_sync},
                                         SeededBug{"SkipDirectorySync",
                                                   EchoBug::skip_directory_sync},
                                         SeededBug{"TrustTornRecords", EchoBug::trust_torn_records},
                                         SeededBug{"SyncTooEarly", EchoBug::sync_too_early},
                                         SeededBug{"EchoOutOfOrder", EchoBug::echo_out_of_order}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace moldau::sim
