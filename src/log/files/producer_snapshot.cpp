#include "moldau/log/files/producer_snapshot.hpp"

#include "file_error.hpp"

#include "moldau/base/crc32c.hpp"
#include "moldau/base/endian.hpp"

namespace moldau::log {
namespace {

constexpr std::int16_t kVersion = 1;
constexpr std::size_t kCrcAt = 2;
constexpr std::size_t kCoveredAt = 6;
constexpr std::size_t kHeaderBytes = 10;
constexpr std::size_t kEntryBytes = 46;
constexpr std::int64_t kNoOffset = -1;

ProducerSnapshotEntry load_entry(const std::byte* from) {
    const auto transaction = load_be<std::int64_t>(from + 38);
    return {.producer_id = {load_be<std::int64_t>(from)},
            .producer_epoch = {load_be<std::int16_t>(from + 8)},
            .last_sequence = load_be<std::int32_t>(from + 10),
            .last_offset = load_be<std::int64_t>(from + 14),
            .offset_delta = load_be<std::int32_t>(from + 22),
            .timestamp = {load_be<std::int64_t>(from + 26)},
            .coordinator_epoch = load_be<std::int32_t>(from + 34),
            .current_transaction_first_offset =
                transaction < 0 ? std::nullopt : std::optional<Offset>(Offset{transaction})};
}

}  // namespace

Result<std::vector<ProducerSnapshotEntry>> parse_producer_snapshot(BytesView file) {
    if (file.size() < kHeaderBytes)
        return file_error("a producer snapshot of {} bytes, less than a header", file.size());
    if (const auto version = load_be<std::int16_t>(file.data()); version != kVersion)
        return file_error("a producer snapshot of version {}", version);
    const auto stored = load_be<std::uint32_t>(file.data() + kCrcAt);
    const std::uint32_t computed = crc32c(file.subspan(kCoveredAt));
    if (stored != computed) {
        return file_error("a producer snapshot: CRC {:08x} stored, {:08x} computed", stored,
                          computed);
    }
    const auto count = load_be<std::int32_t>(file.data() + kCoveredAt);
    file = file.subspan(kHeaderBytes);
    if (count < 0 || file.size() != static_cast<std::size_t>(count) * kEntryBytes) {
        return file_error("a producer snapshot of {} entries in {} bytes", count, file.size());
    }
    std::vector<ProducerSnapshotEntry> entries;
    entries.reserve(static_cast<std::size_t>(count));
    for (; !file.empty(); file = file.subspan(kEntryBytes))
        entries.push_back(load_entry(file.data()));
    return entries;
}

std::vector<std::byte> write_producer_snapshot(std::span<const ProducerSnapshotEntry> entries) {
    std::vector<std::byte> file(kHeaderBytes + entries.size() * kEntryBytes);
    store_be(file.data(), kVersion);
    store_be(file.data() + kCoveredAt, static_cast<std::int32_t>(entries.size()));
    std::byte* to = file.data() + kHeaderBytes;
    for (const ProducerSnapshotEntry& entry : entries) {
        store_be(to, entry.producer_id.value);
        store_be(to + 8, entry.producer_epoch.value);
        store_be(to + 10, entry.last_sequence);
        store_be(to + 14, entry.last_offset);
        store_be(to + 22, entry.offset_delta);
        store_be(to + 26, entry.timestamp.ms);
        store_be(to + 34, entry.coordinator_epoch);
        store_be(to + 38, entry.current_transaction_first_offset.value_or(Offset{kNoOffset}).value);
        to += kEntryBytes;
    }
    store_be(file.data() + kCrcAt, crc32c(BytesView(file).subspan(kCoveredAt)));
    return file;
}

}  // namespace moldau::log
