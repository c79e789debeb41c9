// The figures of a run, for people and for programs.
#pragma once

#include "figures.hpp"
#include "options.hpp"
#include "process_usage.hpp"

#include <string>
#include <vector>

namespace moldau::load {

struct BrokerUsage {
    std::int32_t pid = 0;
    ProcessUsage before;
    ProcessUsage after;
    double cpu_seconds() const { return after.cpu_seconds - before.cpu_seconds; }
};

struct Report {
    Figures figures;
    double elapsed_seconds = 0;
    double client_cpu_seconds = 0;
    std::vector<BrokerUsage> brokers;
};

std::string to_table(const Arguments& arguments, const Report& report);
/// One line.
std::string to_json(const Arguments& arguments, const Report& report);

}  // namespace moldau::load
