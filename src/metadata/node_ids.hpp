// Node ids in records (int32) and in images.
#pragma once

#include "moldau/base/ids.hpp"

#include <cstdint>
#include <vector>

namespace moldau::metadata {

inline std::vector<BrokerId> to_ids(const std::vector<std::int32_t>& values) {
    std::vector<BrokerId> ids;
    ids.reserve(values.size());
    for (const std::int32_t value : values) ids.push_back({value});
    return ids;
}

inline std::vector<std::int32_t> to_values(const std::vector<BrokerId>& ids) {
    std::vector<std::int32_t> values;
    values.reserve(ids.size());
    for (const BrokerId id : ids) values.push_back(id.value);
    return values;
}

}  // namespace moldau::metadata
