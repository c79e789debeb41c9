// Offsets that were committed in transactions which have not ended: they count when theirs is
// committed, unless what came later to the same place counts already (KIP-98).
#pragma once

#include "moldau/base/ids.hpp"
#include "moldau/coordinator/group_records.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace moldau::coordinator {

class PendingOffsets {
public:
    /// `at`: the record's place in the log.
    void put(ProducerId producer, Offset at, const OffsetRecord& record);
    /// An offset at `at` counts now: older ones for the same place never will.
    void superseded(const OffsetRecord& by, Offset at);
    /// The transaction has ended; its records that are still to count, with their places.
    std::vector<std::pair<Offset, OffsetRecord>> end(ProducerId producer);

    bool has(std::string_view group, std::string_view topic, std::int32_t partition) const;
    bool has_group(std::string_view group) const;

private:
    // group, topic, partition
    using Place = std::tuple<std::string, std::string, std::int32_t>;
    struct Pending {
        Offset at;
        CommittedOffset value;
    };
    std::map<ProducerId, std::map<Place, Pending>> producers_;
    std::map<std::string, std::size_t, std::less<>> groups_;  // how many of each
    void forget_one(const std::string& group);
};

}  // namespace moldau::coordinator
