// Walking a segment's batches, and bringing producers up to an offset from the newest snapshot
// before it.
#pragma once

#include "byte_source.hpp"
#include "segment.hpp"

#include "moldau/log/producer_state.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace moldau::log {

/// Goes from batch to batch of a segment's file.
class SegmentScan {
public:
    enum class Depth : std::uint8_t {
        headers,  // what was checked before: only markers are read wholly
        whole,    // each batch is checked
    };
    enum class Found : std::uint8_t { batch, end, invalid };
    struct Scanned {
        Found found = Found::end;
        BatchInfo batch;
        BytesView header, records;  // the records only of markers, and of whole batches
    };

    SegmentScan() = default;
    /// From `position`, where a batch begins, to `end`. `next_offset` is the least that the next
    /// batch may begin with.
    SegmentScan(std::shared_ptr<Segment> segment, std::uint64_t position, std::uint64_t end,
                Offset next_offset, Depth depth)
        : segment_(std::move(segment)),
          position_(position),
          end_(end),
          next_offset_(next_offset),
          depth_(depth) {}

    /// Where the next batch begins.
    std::uint64_t position() const { return position_; }
    Offset next_offset() const { return next_offset_; }
    /// The next batch; its views live until `source` is used again. Invalid stays invalid.
    Maybe<Scanned> next(ByteSource& source);

private:
    std::shared_ptr<Segment> segment_;
    std::uint64_t position_ = 0;
    std::uint64_t end_ = 0;
    Offset next_offset_;
    Depth depth_ = Depth::headers;
};

/// Lets `producers` know of a batch that is in the log. What it cannot be is passed over: it was
/// taken once, and its CRC is right.
void apply(const SegmentScan::Scanned& scanned, ProducerState& producers,
           std::vector<AbortedTransaction>& aborted);

/// Loads the newest snapshot at or below `limit` that can be read; removes those that cannot.
class SnapshotLoad {
public:
    /// `snapshots` ascending; those that are broken are taken out of it.
    SnapshotLoad(FileCache& files, std::string directory, std::vector<Offset>& snapshots,
                 Offset least, Offset limit)
        : files_(files),
          directory_(std::move(directory)),
          snapshots_(snapshots),
          least_(least),
          limit_(limit) {}

    /// The offset that `producers`, which were cleared, are now at: `least` when there is no
    /// snapshot. `notes` gets a line for each broken one.
    Maybe<Offset> step(ByteSource& source, ProducerState& producers,
                       std::vector<std::string>& notes);

private:
    FileCache& files_;
    std::string directory_;
    std::vector<Offset>& snapshots_;
    Offset least_, limit_;
    std::shared_ptr<File> file_;
};

}  // namespace moldau::log
