#include "replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace moldau::log {
namespace {

constexpr std::size_t kHeadersAhead = std::size_t{64} << 10U;
constexpr std::size_t kWholeAhead = std::size_t{1} << 20U;
constexpr std::size_t kSnapshotBytesMax = std::size_t{1} << 30U;

}  // namespace

Maybe<SegmentScan::Scanned> SegmentScan::next(ByteSource& source) {
    if (position_ >= end_) return std::optional(Scanned{});
    const Scanned invalid{.found = Found::invalid, .batch = {}, .header = {}, .records = {}};
    auto file = segment_->log_file();
    if (!file) return file.error();
    const std::uint64_t left = end_ - position_;
    const std::size_t ahead =
        std::min<std::uint64_t>(left, depth_ == Depth::headers ? kHeadersAhead : kWholeAhead);
    auto header =
        source.get(*file, position_, std::min<std::uint64_t>(left, record::kHeaderBytes), ahead);
    if (!header) return header.error();
    if (!*header) return std::optional<Scanned>();
    const auto info = batch_info(**header);
    // Each batch begins where the one before ended, or behind it where compaction took some.
    if (!info || info->size_bytes > left || info->base_offset < next_offset_ ||
        !segment_->holds(info->last_offset))
        return std::optional(invalid);
    Scanned scanned{.found = Found::batch, .batch = *info, .header = **header, .records = {}};
    const bool is_control = info->magic == record::kMagic &&
                            (load_be<std::uint16_t>((*header)->data() + record::at::kAttributes) &
                             record::kControlBit) != 0;
    if (depth_ == Depth::whole || is_control) {
        auto bytes = source.get(*file, position_, info->size_bytes, ahead);
        if (!bytes) return bytes.error();
        if (!*bytes) return std::optional<Scanned>();
        if ((*bytes)->size() < info->size_bytes) return std::optional(invalid);
        if (depth_ == Depth::whole && !record::check_batch({**bytes, info->magic}))
            return std::optional(invalid);
        const std::size_t header_bytes = std::min((*bytes)->size(), record::kHeaderBytes);
        scanned.header = (*bytes)->first(header_bytes);
        scanned.records = (*bytes)->subspan(header_bytes);
    }
    position_ += info->size_bytes;
    next_offset_ = info->next_offset();
    source.drop_pieces_but_last();
    return std::optional(scanned);
}

void apply(const SegmentScan::Scanned& scanned, ProducerState& producers,
           std::vector<AbortedTransaction>& aborted) {
    if (scanned.batch.magic != record::kMagic) return;
    if (producers.stage(scanned.header, scanned.records, BatchOrigin::replication)) {
        producers.commit(aborted);
    } else {
        producers.rollback();
    }
}

Maybe<Offset> SnapshotLoad::step(ByteSource& source, ProducerState& producers,
                                 std::vector<std::string>& notes) {
    for (;;) {
        const auto behind = std::ranges::upper_bound(snapshots_, limit_);
        if (behind == snapshots_.begin() || *std::prev(behind) < least_)
            return std::optional(least_);
        const auto newest = std::prev(behind);
        const std::string path = directory_ + "/" + segment_file_name(*newest, suffix::kSnapshot);
        if (file_ == nullptr) {
            auto opened = files_.disk().open(path, OpenMode::read_only);
            if (!opened) return opened.error();
            file_ = std::move(*opened);
        }
        auto size = file_->size();
        if (!size) return size.error();
        std::string why = "too large";
        if (*size <= kSnapshotBytesMax) {
            auto bytes = source.get(file_, 0, *size);
            if (!bytes) return bytes.error();
            if (!*bytes) return std::optional<Offset>();
            auto entries = parse_producer_snapshot(**bytes);
            if (entries) {
                producers.load(*entries);
                return std::optional(*newest);
            }
            why = entries.error().detail;
        }
        notes.push_back(fmt::format("{}: {}: removed", path, why));
        if (auto ok = files_.disk().remove(path); !ok) return ok.error();
        snapshots_.erase(newest);
        file_.reset();
        source.clear();
    }
}

}  // namespace moldau::log
