// The figures of a run, for people and for programs.
#pragma once

#include "results.hpp"

#include <string>
#include <vector>

namespace moldau::load {

/// "37 µs", "1.42 ms", "2.05 s"
std::string duration_text(double nanoseconds);

std::string to_table(const Work& what, const Report& report);
/// One line.
std::string to_json(const Work& what, const Report& report);

/// Two sides with the same number of rounds.
std::string to_table(const Work& what, const std::vector<SideResult>& sides);
/// One line: the reports of all rounds, and the ratios.
std::string to_json(const Work& what, const std::vector<SideResult>& sides);

}  // namespace moldau::load
