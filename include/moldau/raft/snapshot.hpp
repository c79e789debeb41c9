// Snapshots of the metadata log (KIP-630) as bytes, and the files that Kafka formats a controller's
// directory with: `bootstrap.checkpoint` has the same form.
//
//   control batch   SnapshotHeader, and where voters are known KRaftVersion and Voters
//   data batches    the image's records
//   control batch   SnapshotFooter
//
// Offsets count from 0 and have nothing to do with the log's.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/ids.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"
#include "moldau/raft/log_batches.hpp"
#include "moldau/record/builder.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::raft {

/// A snapshot holds what the log's records below `end_offset` made; the last of them is of `epoch`.
struct SnapshotId {
    Offset end_offset;
    LeaderEpoch epoch;
    friend constexpr auto operator<=>(SnapshotId, SnapshotId) = default;
};

/// With it a controller's directory begins: kraft.version, voters; from Kafka 4.4 on (KIP-1170)
/// also the bootstrap's metadata records, which before that stood in `bootstrap.checkpoint`.
inline constexpr SnapshotId kFirstSnapshot{Offset{0}, LeaderEpoch{0}};
inline constexpr std::string_view kBootstrapFile = "bootstrap.checkpoint";

/// "00000000000000000403-0000000002.checkpoint"
std::string file_name(SnapshotId id);
/// Nothing for another file's name, also for one not yet finished (".checkpoint.part").
std::optional<SnapshotId> parse_snapshot_name(std::string_view name);

/// What a snapshot begins with.
struct SnapshotHead {
    Timestamp last_contained;  // of the last record that it holds; 0 in bootstrap.checkpoint
    std::optional<std::int16_t> kraft_version;
    std::optional<protocol::VotersRecord> voters;
    friend bool operator==(const SnapshotHead&, const SnapshotHead&) = default;
};

/// Makes a snapshot batch by batch, so that a large one is never in memory as a whole.
class SnapshotWriter {
public:
    SnapshotWriter(SnapshotId id, Timestamp now, const SnapshotHead& head);

    /// Errors: message_too_large: a payload that no batch can hold.
    Result<> append(BytesView payload);
    /// Ends it. Nothing is appended afterwards.
    void finish();
    /// The batches that were made since the last call.
    std::vector<Bytes> take() { return std::exchange(batches_, {}); }

private:
    void close_batch();
    BatchPlace place() const { return {next_offset_, epoch_, now_}; }

    LeaderEpoch epoch_;
    Timestamp now_;
    Offset next_offset_;
    record::BatchBuilder builder_;
    record::Packer packer_;
    std::vector<Bytes> batches_;
};

/// Reads a whole snapshot file.
class SnapshotReader {
public:
    explicit SnapshotReader(BytesView file) : batches_(file) {}

    /// Reads what it begins with; to be called first.
    /// Errors: corrupt_message: no header, or as BatchReader::next().
    Result<SnapshotHead> head();
    /// The payloads of the next batch, views that last until the next call; nothing at the end.
    /// Errors: corrupt_message: the footer is missing or is not the end: the file was never
    /// finished · as BatchReader::next().
    Result<std::optional<std::vector<BytesView>>> next();

private:
    BatchReader batches_;
    LogBatch batch_;
    Offset expected_;
};

}  // namespace moldau::raft
