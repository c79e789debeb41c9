// A consumer of a group, as correct clients are: it stops before it joins again (the eager
// protocol), and believes what it is told.
#pragma once

#include "group_model.hpp"

#include "moldau/sim/world.hpp"

#include <memory>
#include <set>
#include <string>

namespace moldau::sim {

/// Said by the test, and by the member.
struct MemberState {
    bool is_calm = false;  // it neither dies nor leaves
    std::set<int> owns;    // while it may commit
    std::int32_t generation = -1;
};

std::unique_ptr<Program> make_member(Process& process, const std::string& name, GroupModel& model,
                                     MemberState& state, SeededRandom random);

}  // namespace moldau::sim
