// What all groups have committed: group → topic → partition. Changes by records alone.
#pragma once

#include "moldau/coordinator/group_records.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace moldau::coordinator {

class OffsetStore {
public:
    using Partitions = std::map<std::int32_t, CommittedOffset>;
    using Topics = std::map<std::string, Partitions, std::less<>>;

    void put(const OffsetRecord& record);
    void erase(const OffsetRecord& record);
    const CommittedOffset* find(std::string_view group, std::string_view topic,
                                std::int32_t partition) const;
    /// Null when the group has none.
    const Topics* of_group(std::string_view group) const;
    const std::map<std::string, Topics, std::less<>>& all() const { return groups_; }
    void clear() { groups_.clear(); }

private:
    std::map<std::string, Topics, std::less<>> groups_;
};

/// Records that delete.
OffsetRecord tombstone(std::string_view group, std::string_view topic, std::int32_t partition);

}  // namespace moldau::coordinator
