// Batches whose records differ from batch to batch: in keys, sizes, or the time that stands in
// them. Each is made (and packed) when it is sent, at the client's cost.
#pragma once

#include "batch_maker.hpp"
#include "draws.hpp"
#include "key_space.hpp"
#include "record_sizes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace moldau::load {

struct FreshShape {
    RecordSizes record_bytes = 1024;
    std::size_t batch_bytes = 64U << 10U;  // of records before packing; at least one record
    std::int32_t records_max = INT32_MAX;
    record::Packing packing;
    std::shared_ptr<const KeySpace> keys;  // null: keys are
    std::optional<std::uint64_t> run;      // values begin with a stamp of this run
    std::uint64_t seed = 0;
};

struct FreshBatch {
    Bytes bytes;  // all of it
    std::int32_t count = 0;
    std::size_t value_bytes = 0;
};

class FreshBatches {
public:
    /// Where there are stamps, the sizes are at least kStampBytes.
    explicit FreshBatches(FreshShape shape);

    /// How many records fill a batch, by their mean size.
    std::int32_t records_per_batch() const { return records_per_batch_; }
    /// From 1 to `count` records: fewer where these fill the batch. `times` are those of the
    /// records, `count` of them where there are stamps.
    FreshBatch make(std::int32_t count, std::int32_t partition, const BatchHead& head,
                    std::span<const MonoTime> times);

private:
    BytesView value_of(std::size_t size, std::optional<MonoTime> time);

    FreshShape shape_;
    Draws draws_;
    std::vector<char> text_;
    std::string key_;
    std::vector<std::byte> stamped_;  // the value of one record
    std::int32_t records_per_batch_;
    record::BatchBuilder builder_;
    record::Packer packer_;
};

}  // namespace moldau::load
