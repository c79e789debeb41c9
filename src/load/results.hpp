// What a load made of a cluster.
#pragma once

#include "figures.hpp"
#include "options.hpp"
#include "process_usage.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moldau::load {

struct BrokerUsage {
    std::int32_t pid = 0;  // 0: told at `metrics`
    std::string metrics;
    ProcessUsage before;
    ProcessUsage after;
    double cpu_seconds() const { return after.cpu_seconds - before.cpu_seconds; }
};

struct Quantile {
    const char* name;
    double share;
};
inline constexpr std::array kQuantiles{Quantile{"p50", 0.5}, Quantile{"p90", 0.9},
                                       Quantile{"p99", 0.99}, Quantile{"p99.9", 0.999}};

/// A second of a run, about.
struct Sample {
    double ends = 0;  // seconds since the start
    double length = 0;
    std::uint64_t done = 0;
    std::uint64_t consumed = 0;
    std::uint64_t batch_bytes = 0;
    std::uint64_t timed = 0;                             // how many latencies the next are of
    std::array<double, kQuantiles.size()> latency_us{};  // by kQuantiles
    double max_us = 0;
    double broker_cores = 0;  // CPU seconds a second
    double client_cores = 0;
    std::uint64_t broker_rss_bytes = 0;
};

struct Report {
    Figures figures;
    std::optional<Figures> consumed;  // of latency and mixed: what the consumers made of it
    double elapsed_seconds = 0;       // until the last of `figures`
    double consume_seconds = 0;       // until the last of `consumed`
    double client_cpu_seconds = 0;
    std::uint64_t client_rss_bytes = 0;
    std::vector<BrokerUsage> brokers;
    std::vector<Sample> samples;  // where they were asked for

    /// The latencies that the command is about: of latency those of the consumers.
    const Histogram& latency(const Work& what) const {
        const auto* mix = std::get_if<MixOptions>(&what);
        return mix != nullptr && mix->times_records && consumed ? consumed->latency
                                                                : figures.latency;
    }
};

struct SideResult {
    Side side;
    std::vector<Report> rounds;
};

/// 0 where there is nothing to be divided by.
inline double per(double amount, double unit) {
    return unit == 0 ? 0 : amount / unit;
}

/// What the command counts, in the plural.
inline std::string_view things_of(const Work& what) {
    constexpr std::array<std::string_view, std::variant_size_v<Work>> kThings{
        "records", "records", "records", "commits", "members", "topics", "connections"};
    return kThings.at(what.index());
}

/// Whether it moves records, so that bytes are told.
inline bool has_bytes(const Work& what) {
    constexpr std::size_t kFirstWithout = 3;
    return what.index() < kFirstWithout;
}

}  // namespace moldau::load
