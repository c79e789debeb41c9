// Batches as tests want them, in a line.
#pragma once

#include "moldau/record/builder.hpp"
#include "moldau/record/control.hpp"

#include <cstdint>
#include <string>

namespace moldau::log {

struct MadeBatch {
    std::int64_t base_offset = 0;
    std::int32_t count = 1;
    std::int32_t leader_epoch = 0;
    std::int64_t timestamp = 1'000;  // of the first record; the next ones a millisecond later each
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = -1;
    std::int32_t base_sequence = -1;
    bool is_transactional = false;
    std::string value = "value";
};

inline Bytes make(const MadeBatch& wanted) {
    record::BatchBuilder builder;
    record::Packer packer;
    builder.start({.base_offset = {wanted.base_offset},
                   .leader_epoch = {wanted.leader_epoch},
                   .producer_id = {wanted.producer_id},
                   .producer_epoch = {wanted.producer_epoch},
                   .base_sequence = wanted.base_sequence,
                   .is_transactional = wanted.is_transactional});
    for (std::int32_t i = 0; i < wanted.count; ++i) {
        if (!builder.append({.timestamp = {wanted.timestamp + i}, .value = as_bytes(wanted.value)}))
            return {};
    }
    return builder.finish(packer);
}

struct MadeMarker {
    std::int64_t base_offset = 0;
    std::int64_t producer_id = 0;
    std::int16_t producer_epoch = 0;
    record::ControlType type = record::ControlType::commit;
    std::int32_t coordinator_epoch = 0;
    std::int64_t timestamp = 1'000;
    std::int32_t leader_epoch = 0;
};

inline Bytes make(const MadeMarker& wanted) {
    record::BatchBuilder builder;
    record::Packer packer;
    builder.start({.base_offset = {wanted.base_offset},
                   .leader_epoch = {wanted.leader_epoch},
                   .producer_id = {wanted.producer_id},
                   .producer_epoch = {wanted.producer_epoch},
                   .is_transactional = true,
                   .is_control = true});
    const auto key = record::control_key(wanted.type);
    std::array<std::byte, 6> value{};
    store_be(value.data() + 2, wanted.coordinator_epoch);
    if (!builder.append({.timestamp = {wanted.timestamp}, .key = key, .value = value})) return {};
    return builder.finish(packer);
}

inline record::BatchView view(const Bytes& bytes) {
    return *record::BatchView::of(bytes);
}

}  // namespace moldau::log
