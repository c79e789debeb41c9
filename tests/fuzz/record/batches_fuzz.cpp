// Any bytes as a log: cut into batches, checked, walked, of every magic. Then as one produced batch
// with its length and CRC put right, so that what lies behind them is reached: what the validator
// takes must be a batch that reads back.
#include "moldau/base/check.hpp"
#include "moldau/record/append_validator.hpp"
#include "moldau/record/builder.hpp"
#include "moldau/record/legacy.hpp"
#include "moldau/record/record.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace moldau::record {
namespace {

constexpr std::size_t kUnpackedMost = std::size_t{1} << 20U;
constexpr AppendPlace kPlace{{1'700'000'000'000}, {500}, {8}};

// Reads every byte of `bytes`, so that the sanitizer sees where they lie.
void touch(BytesView bytes) {
    static volatile unsigned sum = 0;
    for (const std::byte byte : bytes) sum = sum + static_cast<unsigned>(byte);
}

std::int64_t walk(const BatchView& batch, BytesView records) {
    RecordCursor cursor(batch, records);
    RecordView record;
    for (std::int64_t count = 0;; ++count) {
        const Result<bool> found = cursor.next(record);
        if (!found) return -1;
        if (!*found) return count;
        touch(record.key.value_or(BytesView()));
        touch(record.value.value_or(BytesView()));
        for (const HeaderView& header : record.headers) {
            touch(as_bytes(header.key));
            touch(header.value.value_or(BytesView()));
        }
    }
}

void walk_legacy(const BatchBytes& batch, Unpacker& unpacker, GrowingBuffer& scratch) {
    Result<LegacyCursor> cursor = LegacyCursor::open(batch, kUnpackedMost, unpacker, scratch);
    if (!cursor) return;
    LegacyRecord record;
    for (;;) {
        const Result<bool> found = cursor->next(record);
        if (!found || !*found) return;
        touch(record.key.value_or(BytesView()));
        touch(record.value.value_or(BytesView()));
    }
}

void walk_log(BytesView log, Unpacker& unpacker, GrowingBuffer& scratch) {
    for (;;) {
        const Result<std::optional<BatchBytes>> found = first_batch(log);
        if (!found || !found->has_value()) return;
        const BatchBytes batch = **found;
        (void)check_batch(batch).has_value();
        log = log.subspan(batch.bytes.size());
        if (batch.magic != kMagic) {
            walk_legacy(batch, unpacker, scratch);
            continue;
        }
        const Result<BatchView> view = BatchView::of(batch.bytes);
        if (!view) continue;
        const Result<BytesView> records = unpack_records(*view, kUnpackedMost, unpacker, scratch);
        if (records) walk(*view, *records);
    }
}

AppendRules rules_of(unsigned choice) {
    AppendRules rules;
    rules.origin = (choice & 1U) != 0 ? AppendOrigin::coordinator : AppendOrigin::client;
    rules.is_compacted = (choice & 2U) != 0;
    if ((choice & 4U) != 0) rules.timestamp_type = TimestampType::log_append_time;
    const unsigned codec = choice >> 3U;
    if (codec < 5) rules.packing = Packing{static_cast<Codec>(codec), std::nullopt};
    rules.unpacked_bytes_max = kUnpackedMost;
    return rules;
}

void validate(BytesView produced, const AppendRules& rules) {
    static AppendValidator validator;
    std::vector<RecordError> errors;
    const Result<ValidatedBatch> got = validator.validate(produced, rules, kPlace, errors);
    if (!got) return;
    std::vector<std::byte> stored(got->header.begin(), got->header.end());
    stored.insert(stored.end(), got->rest.begin(), got->rest.end());
    const Result<BatchView> batch = BatchView::of(stored);
    MOLDAU_CHECK(batch.has_value());
    MOLDAU_CHECK(batch->is_crc_right());
    MOLDAU_CHECK(batch->base_offset() == kPlace.first_offset);
    MOLDAU_CHECK(batch->next_offset() == got->offsets.end);
    Unpacker unpacker;
    GrowingBuffer scratch;
    const Result<BytesView> records = unpack_records(*batch, kUnpackedMost, unpacker, scratch);
    MOLDAU_CHECK(records.has_value());
    MOLDAU_CHECK(walk(*batch, *records) == got->offsets.end - got->offsets.first);
}

}  // namespace
}  // namespace moldau::record

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace moldau;
    using namespace moldau::record;
    if (size == 0) return 0;
    static Unpacker unpacker;
    static GrowingBuffer scratch;
    const BytesView log(reinterpret_cast<const std::byte*>(data + 1), size - 1);
    walk_log(log, unpacker, scratch);

    const AppendRules rules = rules_of(data[0]);
    validate(log, rules);
    if (log.size() < kHeaderBytes) return 0;
    std::vector<std::byte> repaired(log.begin(), log.end());
    store_be(repaired.data() + at::kBaseOffset, std::int64_t{0});
    store_be(repaired.data() + at::kMagic, kMagic);
    seal(repaired);
    validate(repaired, rules);
    return 0;
}
