#include "pending_offsets.hpp"

#include <algorithm>
#include <utility>

namespace moldau::coordinator {

void PendingOffsets::put(ProducerId producer, Offset at, const OffsetRecord& record) {
    if (!record.value) return;
    const auto [place, is_new] = producers_[producer].insert_or_assign(
        Place{record.group, record.topic, record.partition}, Pending{at, *record.value});
    if (is_new) ++groups_[record.group];
}

void PendingOffsets::superseded(const OffsetRecord& by, Offset at) {
    if (producers_.empty() || !groups_.contains(by.group)) return;
    const Place place{by.group, by.topic, by.partition};
    for (auto& [producer, offsets] : producers_) {
        const auto found = offsets.find(place);
        if (found == offsets.end() || found->second.at > at) continue;
        offsets.erase(found);
        forget_one(by.group);
    }
}

std::vector<std::pair<Offset, OffsetRecord>> PendingOffsets::end(ProducerId producer) {
    std::vector<std::pair<Offset, OffsetRecord>> ended;
    const auto node = producers_.extract(producer);
    if (!node) return ended;
    for (auto& [place, pending] : node.mapped()) {
        const auto& [group, topic, partition] = place;
        forget_one(group);
        ended.emplace_back(pending.at,
                           OffsetRecord{group, topic, partition, std::move(pending.value)});
    }
    return ended;
}

void PendingOffsets::forget_one(const std::string& group) {
    const auto count = groups_.find(group);
    if (--count->second == 0) groups_.erase(count);
}

bool PendingOffsets::has(std::string_view group, std::string_view topic,
                         std::int32_t partition) const {
    if (!has_group(group)) return false;
    const Place place{group, topic, partition};
    return std::ranges::any_of(producers_,
                               [&](const auto& each) { return each.second.contains(place); });
}

bool PendingOffsets::has_group(std::string_view group) const {
    return groups_.contains(group);
}

}  // namespace moldau::coordinator
