// A run's figures by name, and those of two clusters beside each other.
#pragma once

#include "results.hpp"

#include <optional>
#include <string>
#include <vector>

namespace moldau::load {

enum class Better : std::uint8_t { more, less };

struct Metric {
    std::string name;   // for programs: "records_per_second"
    std::string title;  // for people: "throughput"
    std::string unit;
    Better better = Better::less;
    double value = 0;
};

/// What is compared of a run: the same metrics, in the same order, for each run of the same work on
/// clusters whose brokers' use is known.
std::vector<Metric> metrics_of(const Work& what, const Report& report);

/// Of several numbers: the one in the middle, and how far they lie apart.
struct Spread {
    double median = 0;
    double min = 0;
    double max = 0;
};
/// `values` has at least one.
Spread spread_of(std::vector<double> values);

struct Compared {
    Metric metric;  // without a value
    Spread first;
    Spread second;
    std::vector<double> ratios;   // first : second, of each round where both are told
    std::optional<Spread> ratio;  // none: in no round
};

/// Metrics that both sides have. Both have the same number of rounds, at least one.
std::vector<Compared> compared(const Work& what, const SideResult& first, const SideResult& second);

}  // namespace moldau::load
