#include "moldau/raft/snapshot.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace moldau::raft {
namespace {

constexpr std::string_view kSuffix = ".checkpoint";
constexpr std::size_t kOffsetDigits = 20;
constexpr std::size_t kEpochDigits = 10;

// A batch is closed when it has grown to this: far below the limit, and a piece that is written
// without a pause.
constexpr std::size_t kSnapshotBatchBytes = std::size_t{1} << 20U;

template <class Number>
std::optional<Number> digits(std::string_view text) {
    Number number{};
    const bool all_digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (!all_digits || read.ec != std::errc() || read.ptr != text.data() + text.size())
        return std::nullopt;
    return number;
}

Error damaged(std::string_view what) {
    return {ErrorCode::corrupt_message, fmt::format("snapshot: {}", what)};
}

}  // namespace

std::string file_name(SnapshotId id) {
    return fmt::format("{:0{}}-{:0{}}{}", id.end_offset.value, kOffsetDigits, id.epoch.value,
                       kEpochDigits, kSuffix);
}

std::optional<SnapshotId> parse_snapshot_name(std::string_view name) {
    if (name.size() != kOffsetDigits + 1 + kEpochDigits + kSuffix.size() ||
        !name.ends_with(kSuffix) || name[kOffsetDigits] != '-')
        return std::nullopt;
    const auto offset = digits<std::int64_t>(name.substr(0, kOffsetDigits));
    const auto epoch = digits<std::int32_t>(name.substr(kOffsetDigits + 1, kEpochDigits));
    if (!offset || !epoch) return std::nullopt;
    return SnapshotId{Offset{*offset}, LeaderEpoch{*epoch}};
}

SnapshotWriter::SnapshotWriter(SnapshotId id, Timestamp now, const SnapshotHead& head)
    : epoch_(id.epoch), now_(now) {
    protocol::SnapshotHeaderRecord header;
    header.last_contained_log_timestamp = head.last_contained.ms;
    std::vector<ControlRecord> records{header};
    if (head.kraft_version) {
        protocol::KRaftVersionRecord version;
        version.k_raft_version = *head.kraft_version;
        records.emplace_back(version);
    }
    if (head.voters) records.emplace_back(*head.voters);
    batches_.push_back(control_batch(place(), records));
    next_offset_ = next_offset_ + static_cast<std::int64_t>(records.size());
}

Result<> SnapshotWriter::append(BytesView payload) {
    if (payload.size() > kBatchBytesMax) {
        return Error{ErrorCode::message_too_large,
                     fmt::format("a metadata record of {} bytes", payload.size())};
    }
    if (builder_.count() != 0 && builder_.plain_bytes() + payload.size() > kSnapshotBatchBytes)
        close_batch();
    if (builder_.count() == 0)
        builder_.start({.base_offset = next_offset_, .leader_epoch = epoch_});
    return builder_.append(
        {.timestamp = now_, .key = std::nullopt, .value = payload, .headers = {}});
}

void SnapshotWriter::close_batch() {
    if (builder_.count() == 0) return;
    next_offset_ = next_offset_ + builder_.count();
    batches_.push_back(builder_.finish(packer_));
    builder_.start({});
}

void SnapshotWriter::finish() {
    close_batch();
    const ControlRecord footer = protocol::SnapshotFooterRecord();
    batches_.push_back(control_batch(place(), {&footer, 1}));
}

Result<SnapshotHead> SnapshotReader::head() {
    const Result<bool> more = batches_.next(batch_);
    if (!more) return more.error();
    if (!*more || !batch_.is_control || batch_.base_offset != Offset{0})
        return damaged("it does not begin with a control batch at offset 0");
    const auto* header = std::get_if<protocol::SnapshotHeaderRecord>(&batch_.control.front());
    if (header == nullptr) return damaged("it does not begin with a header");
    SnapshotHead head{.last_contained = Timestamp{header->last_contained_log_timestamp},
                      .kraft_version = std::nullopt,
                      .voters = std::nullopt};
    for (const ControlRecord& record : batch_.control) {
        if (const auto* version = std::get_if<protocol::KRaftVersionRecord>(&record))
            head.kraft_version = version->k_raft_version;
        if (const auto* voters = std::get_if<protocol::VotersRecord>(&record))
            head.voters = *voters;
    }
    expected_ = batch_.end_offset;
    return head;
}

Result<std::optional<std::vector<BytesView>>> SnapshotReader::next() {
    for (;;) {
        const Result<bool> more = batches_.next(batch_);
        if (!more) return more.error();
        if (!*more) return damaged("it ends without a footer");
        if (batch_.base_offset != expected_) {
            return damaged(fmt::format("a batch at offset {} where {} is expected",
                                       batch_.base_offset.value, expected_.value));
        }
        expected_ = batch_.end_offset;
        if (!batch_.is_control)
            return std::optional<std::vector<BytesView>>(std::move(batch_.payloads));
        if (std::holds_alternative<protocol::SnapshotFooterRecord>(batch_.control.back())) break;
    }
    const Result<bool> behind = batches_.next(batch_);
    if (!behind) return behind.error();
    if (*behind) return damaged("batches follow its footer");
    return std::optional<std::vector<BytesView>>();
}

}  // namespace moldau::raft
