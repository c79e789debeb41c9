#include "golden_batch.hpp"

#include "support/vectors.hpp"

#include "moldau/record/control.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <array>
#include <bit>

namespace moldau::record::golden {
namespace {

using Json = boost::json::object;

std::int64_t number(const Json& json, std::string_view field) {
    return json.at(field).to_number<std::int64_t>();
}
std::string text(const Json& json, std::string_view field) {
    return std::string(json.at(field).as_string());
}

std::string_view name_of(TimestampType type) {
    switch (type) {
        case TimestampType::none:
            return "NO_TIMESTAMP_TYPE";
        case TimestampType::create_time:
            return "CREATE_TIME";
        case TimestampType::log_append_time:
            return "LOG_APPEND_TIME";
    }
    return "?";
}

// base64, null, or of long ones the length and a hash.
void expect_blob(const std::optional<BytesView>& got, const boost::json::value& wanted) {
    ASSERT_EQ(got.has_value(), !wanted.is_null());
    if (!got) return;
    if (wanted.is_object()) {
        EXPECT_EQ(static_cast<std::int64_t>(got->size()), number(wanted.as_object(), "length"));
        EXPECT_EQ(sha256_hex(*got), text(wanted.as_object(), "sha256"));
        return;
    }
    EXPECT_EQ(support::to_base64(got->data(), got->size()), std::string(wanted.as_string()));
}

void expect_record(const BatchView& batch, const RecordView& got, const Json& wanted) {
    EXPECT_EQ(got.offset.value, number(wanted, "offset"));
    EXPECT_EQ(got.timestamp.ms, number(wanted, "timestamp"));
    EXPECT_EQ(got.sequence, number(wanted, "sequence"));
    EXPECT_EQ(static_cast<std::int64_t>(got.size_bytes), number(wanted, "sizeInBytes"));
    expect_blob(got.key, wanted.at("key"));
    expect_blob(got.value, wanted.at("value"));
    const boost::json::array& headers = wanted.at("headers").as_array();
    ASSERT_EQ(static_cast<std::size_t>(got.headers.count()), headers.size());
    std::size_t i = 0;
    for (const HeaderView& header : got.headers) {
        const Json& wanted_header = headers.at(i++).as_object();
        EXPECT_EQ(header.key, text(wanted_header, "key"));
        expect_blob(header.value, wanted_header.at("value"));
    }
    EXPECT_EQ(i, headers.size());
    if (!batch.is_control()) return;
    const Result<ControlKey> key = parse_control_key(got.key.value_or(BytesView()));
    ASSERT_TRUE(key);
    EXPECT_EQ(name(key->type), text(wanted, "controlType"));
}

void expect_header(const BatchView& batch, const Json& wanted) {
    EXPECT_EQ(batch.base_offset().value, number(wanted, "baseOffset"));
    EXPECT_EQ(batch.last_offset().value, number(wanted, "lastOffset"));
    EXPECT_EQ(batch.next_offset().value, number(wanted, "nextOffset"));
    EXPECT_EQ(name(batch.codec().value_or(Codec::none)), text(wanted, "compression"));
    EXPECT_EQ(name_of(batch.timestamp_type()), text(wanted, "timestampType"));
    EXPECT_EQ(batch.max_timestamp().ms, number(wanted, "maxTimestamp"));
    EXPECT_EQ(batch.leader_epoch().value, number(wanted, "partitionLeaderEpoch"));
    EXPECT_EQ(batch.attributes(), number(wanted, "attributes"));
    EXPECT_EQ(batch.last_offset_delta(), number(wanted, "lastOffsetDelta"));
    EXPECT_EQ(batch.base_timestamp().ms, number(wanted, "baseTimestampField"));
    EXPECT_EQ(batch.max_timestamp().ms, number(wanted, "maxTimestampField"));
    EXPECT_EQ(batch.producer_id().value, number(wanted, "producerId"));
    EXPECT_EQ(batch.producer_epoch().value, number(wanted, "producerEpoch"));
    EXPECT_EQ(batch.base_sequence(), number(wanted, "baseSequence"));
    EXPECT_EQ(batch.last_sequence(), number(wanted, "lastSequence"));
    EXPECT_EQ(batch.count(), number(wanted, "count"));
    EXPECT_EQ(batch.is_transactional(), wanted.at("transactional").as_bool());
    EXPECT_EQ(batch.is_control(), wanted.at("control").as_bool());
    ASSERT_EQ(batch.delete_horizon().has_value(), wanted.contains("deleteHorizonMs"));
    if (batch.delete_horizon()) {
        EXPECT_EQ(batch.delete_horizon()->ms, number(wanted, "deleteHorizonMs"));
    }
}

void expect_legacy(const BatchBytes& batch, const Json& wanted) {
    const Result<LegacyMessage> message = LegacyMessage::of(batch);
    ASSERT_TRUE(message) << message.error().detail;
    EXPECT_EQ(message->crc(), number(wanted, "crc"));
    EXPECT_EQ(static_cast<std::int64_t>(message->size_bytes()), number(wanted, "sizeInBytes"));
    EXPECT_EQ(message->offset().value, number(wanted, "lastOffset"));
    EXPECT_EQ(message->offset().value + 1, number(wanted, "nextOffset"));
    EXPECT_EQ(name(message->codec().value_or(Codec::none)), text(wanted, "compression"));
    EXPECT_EQ(name_of(message->timestamp_type()), text(wanted, "timestampType"));
    EXPECT_EQ(message->timestamp().ms, number(wanted, "maxTimestamp"));

    Unpacker unpacker;
    GrowingBuffer scratch;
    Result<LegacyCursor> cursor = LegacyCursor::open(batch, kUnpackedMost, unpacker, scratch);
    ASSERT_TRUE(cursor) << cursor.error().detail;
    LegacyRecord record;
    for (const boost::json::value& value : wanted.at("records").as_array()) {
        const Json& wanted_record = value.as_object();
        const Result<bool> found = cursor->next(record);
        ASSERT_TRUE(found && *found);
        EXPECT_EQ(record.offset.value, number(wanted_record, "offset"));
        EXPECT_EQ(record.timestamp.ms, number(wanted_record, "timestamp"));
        expect_blob(record.key, wanted_record.at("key"));
        expect_blob(record.value, wanted_record.at("value"));
    }
    const Result<bool> end = cursor->next(record);
    EXPECT_TRUE(end && !*end);
}

// FIPS 180-4.
class Sha256 {
public:
    void block(const unsigned char* from) {
        std::array<std::uint32_t, 64> w{};
        for (std::size_t i = 0; i < 16; ++i) {
            for (std::size_t k = 0; k < 4; ++k) w[i] = w[i] << 8U | from[4 * i + k];
        }
        for (std::size_t i = 16; i < 64; ++i) {
            const std::uint32_t a = w[i - 15];
            const std::uint32_t b = w[i - 2];
            w[i] = w[i - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3U) + w[i - 7] +
                   (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10U);
        }
        std::array<std::uint32_t, 8> s = state_;
        for (std::size_t i = 0; i < 64; ++i) {
            const std::uint32_t sum1 =
                std::rotr(s[4], 6) ^ std::rotr(s[4], 11) ^ std::rotr(s[4], 25);
            const std::uint32_t t1 =
                s[7] + sum1 + ((s[4] & s[5]) ^ (~s[4] & s[6])) + kRound[i] + w[i];
            const std::uint32_t sum0 =
                std::rotr(s[0], 2) ^ std::rotr(s[0], 13) ^ std::rotr(s[0], 22);
            const std::uint32_t t2 = sum0 + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
            s = {t1 + t2, s[0], s[1], s[2], s[3] + t1, s[4], s[5], s[6]};
        }
        for (std::size_t i = 0; i < 8; ++i) state_[i] += s[i];
    }
    const std::array<std::uint32_t, 8>& state() const { return state_; }

private:
    static constexpr std::array<std::uint32_t, 64> kRound = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
        0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
        0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
        0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
        0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
        0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
        0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
        0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2};
    std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                           0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
};

}  // namespace

Line line_of(const Json& json) {
    return {text(json, "case"), support::from_hex(json.at("hex").as_string())};
}

void expect_batch(const BatchBytes& batch, const Json& description) {
    EXPECT_EQ(batch.magic, number(description, "magic"));
    EXPECT_EQ(static_cast<std::int64_t>(batch.bytes.size()), number(description, "sizeInBytes"));
    const Result<> ok = check_batch(batch);
    EXPECT_TRUE(ok) << ok.error().detail;
    if (batch.magic != kMagic) return expect_legacy(batch, description);
    const Result<BatchView> view = BatchView::of(batch.bytes);
    ASSERT_TRUE(view) << view.error().detail;
    EXPECT_EQ(view->crc(), number(description, "crc"));
    expect_same_content(*view, description);
}

void expect_same_content(const BatchView& batch, const Json& description) {
    expect_header(batch, description);
    Unpacker unpacker;
    GrowingBuffer scratch;
    const Result<BytesView> records = unpack_records(batch, kUnpackedMost, unpacker, scratch);
    ASSERT_TRUE(records) << records.error().detail;
    RecordCursor cursor(batch, *records);
    RecordView record;
    for (const boost::json::value& wanted : description.at("records").as_array()) {
        const Result<bool> found = cursor.next(record);
        ASSERT_TRUE(found) << found.error().detail;
        ASSERT_TRUE(*found);
        expect_record(batch, record, wanted.as_object());
    }
    const Result<bool> end = cursor.next(record);
    ASSERT_TRUE(end) << end.error().detail;
    EXPECT_FALSE(*end);
}

Result<std::vector<BatchBytes>> split(BytesView log) {
    std::vector<BatchBytes> batches;
    for (;;) {
        const Result<std::optional<BatchBytes>> batch = first_batch(log);
        if (!batch) return batch.error();
        if (!batch->has_value()) return batches;
        batches.push_back(**batch);
        log = log.subspan((*batch)->bytes.size());
    }
}

std::string sha256_hex(BytesView bytes) {
    std::vector<unsigned char> padded(
        reinterpret_cast<const unsigned char*>(bytes.data()),
        reinterpret_cast<const unsigned char*>(bytes.data()) + bytes.size());
    const std::uint64_t bits = bytes.size() * 8;
    padded.push_back(0x80);
    while (padded.size() % 64 != 56) padded.push_back(0);
    for (unsigned i = 8; i-- > 0;) padded.push_back(static_cast<unsigned char>(bits >> 8U * i));
    Sha256 hash;
    for (std::size_t at = 0; at < padded.size(); at += 64) hash.block(padded.data() + at);
    std::array<std::byte, 32> digest{};
    for (std::size_t i = 0; i < 8; ++i) store_be(digest.data() + 4 * i, hash.state()[i]);
    return support::to_hex(digest.data(), digest.size());
}

}  // namespace moldau::record::golden
