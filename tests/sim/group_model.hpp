// What the members of a group know together, and what must therefore hold (G1 to G3). It stands
// outside the simulated processes.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace moldau::sim {

class GroupModel {
public:
    static constexpr int kPartitions = 4;
    static constexpr std::string_view kGroup = "g";
    static constexpr std::string_view kTopic = "t";

    std::string violation;  // the first
    std::uint64_t commits = 0;
    std::uint64_t refused_commits = 0;
    std::uint64_t generations = 0;  // parts that members were given
    std::uint64_t fetched = 0;

    void wrong(std::string what) {
        if (violation.empty()) violation = std::move(what);
    }

    std::int64_t next_offset() { return ++last_offset_; }
    std::int64_t committed(int partition) const {
        const auto found = committed_.find(partition);
        return found == committed_.end() ? -1 : found->second;
    }
    std::int32_t generation() const { return generation_; }

    /// `floor`: generation() when the member asked to join.
    void saw_part(const std::string& member, std::int32_t generation, std::int32_t floor) {
        ++generations;
        if (generation < floor)
            wrong(fmt::format("G2: {} was given a part of generation {}, before there was {}",
                              member, generation, floor));
        generation_ = std::max(generation_, generation);
    }
    void saw_commit(const std::string& member, std::int32_t generation, int partition,
                    std::int64_t offset) {
        ++commits;
        const auto [owner, is_first] = owners_.try_emplace({generation, partition}, member);
        if (owner->second != member)
            wrong(fmt::format("G1: {} and {} both committed partition {} in generation {}", member,
                              owner->second, partition, generation));
        std::int64_t& known = committed_.try_emplace(partition, -1).first->second;
        known = std::max(known, offset);
    }
    /// `floor`: committed() when it was asked.
    void saw_offset(int partition, std::int64_t offset, std::int64_t floor) {
        ++fetched;
        if (offset < floor)
            wrong(fmt::format("G3: partition {} is committed to {}, acknowledged was {}", partition,
                              offset, floor));
    }

private:
    std::int64_t last_offset_ = 0;
    std::int32_t generation_ = 0;  // the newest that anybody was given a part of
    std::map<int, std::int64_t> committed_;
    std::map<std::pair<std::int32_t, int>, std::string> owners_;
};

}  // namespace moldau::sim
