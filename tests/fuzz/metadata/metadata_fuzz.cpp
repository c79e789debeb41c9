// Bytes as a metadata log, whose checksums are put right first so that what is behind them is
// reached; as a snapshot; as quorum-state. Whatever image the records make, its snapshot makes it
// again.
#include "moldau/base/check.hpp"
#include "moldau/metadata/image_builder.hpp"
#include "moldau/metadata/image_records.hpp"
#include "moldau/raft/quorum_state.hpp"
#include "moldau/raft/snapshot.hpp"
#include "moldau/record/batch.hpp"
#include "moldau/record/builder.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace moldau {
namespace {

void seal_batches(std::vector<std::byte>& log) {
    for (std::size_t at = 0; at < log.size();) {
        const auto found = record::first_batch(BytesView(log).subspan(at));
        if (!found || !*found) return;
        const std::size_t size = (*found)->bytes.size();
        if ((*found)->magic == record::kMagic && size >= record::kHeaderBytes)
            record::seal(MutableBytes(log).subspan(at, size));
        at += size;
    }
}

void replay(BytesView log) {
    metadata::ImageBuilder builder;
    raft::BatchReader reader(log);
    raft::LogBatch batch;
    for (;;) {
        const Result<bool> more = reader.next(batch);
        if (!more || !*more) break;
        for (const BytesView payload : batch.payloads) {
            const auto record = metadata::decode_record(payload);
            if (record) builder.apply(*record);
        }
        builder.end_batch({batch.end_offset, batch.epoch, batch.timestamp});
    }
    metadata::ImageBuilder again;
    const Result<> walked = metadata::for_each_record(
        builder.image(), [&](const metadata::MetadataRecord& record) -> Result<> {
            const Result<Bytes> bytes = metadata::encode_record(record);
            MOLDAU_CHECK(bytes.has_value(), "{}", bytes.error().detail);
            const auto decoded = metadata::decode_record(*bytes);
            MOLDAU_CHECK(decoded.has_value(), "{}", decoded.error().detail);
            again.apply(*decoded);
            return {};
        });
    MOLDAU_CHECK(walked.has_value() && again.contradictions().count == 0, "{}",
                 again.contradictions().first);
    MOLDAU_CHECK(metadata::hash_of(again.image()) == metadata::hash_of(builder.image()));
}

void read_snapshot(BytesView file) {
    raft::SnapshotReader reader(file);
    if (!reader.head()) return;
    for (auto payloads = reader.next(); payloads && *payloads; payloads = reader.next()) {
    }
}

void read_quorum_state(BytesView file) {
    const auto state = raft::parse_quorum_state(as_text(file));
    if (!state) return;
    const auto again = raft::parse_quorum_state(raft::write_quorum_state(*state));
    MOLDAU_CHECK(again.has_value(), "{}", again.error().detail);
    MOLDAU_CHECK(again->epoch == state->epoch && again->voted == state->voted &&
                 again->leader == state->leader);
}

}  // namespace
}  // namespace moldau

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto* bytes = reinterpret_cast<const std::byte*>(data);
    std::vector<std::byte> log(bytes, bytes + size);
    moldau::read_quorum_state(log);
    moldau::seal_batches(log);
    moldau::replay(log);
    moldau::read_snapshot(log);
    return 0;
}
