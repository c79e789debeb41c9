// The figures of a load as one page with plots: nothing on it comes from elsewhere.
#pragma once

#include "results.hpp"

#include <string>
#include <vector>

namespace moldau::load {

struct PageHead {
    std::string command_line;
    std::string made_at;  // date and time
    std::string machine;
    std::string version;
};

/// Of one side, or of two with the same number of rounds.
std::string to_html(const PageHead& head, const Work& what, const std::vector<SideResult>& sides);

/// What the machine is: processor, cores, memory, kernel. "unknown" where it does not tell.
std::string machine_text();

}  // namespace moldau::load
