#include "offset_store.hpp"

namespace moldau::coordinator {

void OffsetStore::put(const OffsetRecord& record) {
    groups_[record.group][record.topic].insert_or_assign(record.partition, *record.value);
}

void OffsetStore::erase(const OffsetRecord& record) {
    const auto topics = groups_.find(record.group);
    if (topics == groups_.end()) return;
    const auto partitions = topics->second.find(record.topic);
    if (partitions == topics->second.end()) return;
    partitions->second.erase(record.partition);
    if (partitions->second.empty()) topics->second.erase(partitions);
    if (topics->second.empty()) groups_.erase(topics);
}

const CommittedOffset* OffsetStore::find(std::string_view group, std::string_view topic,
                                         std::int32_t partition) const {
    const Topics* topics = of_group(group);
    if (topics == nullptr) return nullptr;
    const auto partitions = topics->find(topic);
    if (partitions == topics->end()) return nullptr;
    const auto found = partitions->second.find(partition);
    return found == partitions->second.end() ? nullptr : &found->second;
}

const OffsetStore::Topics* OffsetStore::of_group(std::string_view group) const {
    const auto found = groups_.find(group);
    return found == groups_.end() ? nullptr : &found->second;
}

OffsetRecord tombstone(std::string_view group, std::string_view topic, std::int32_t partition) {
    return {.group = std::string(group),
            .topic = std::string(topic),
            .partition = partition,
            .value = {}};
}

}  // namespace moldau::coordinator
