#include "moldau/record/legacy.hpp"

#include "legacy_layout.hpp"

#include <fmt/core.h>

namespace moldau::record {
namespace {

// An int32 length (negative: null) and its bytes at the start of `bytes`, which is moved behind
// them.
bool take_nullable(BytesView& bytes, std::optional<BytesView>& taken) {
    if (bytes.size() < sizeof(std::int32_t)) return false;
    const auto length = load_be<std::int32_t>(bytes.data());
    bytes = bytes.subspan(sizeof length);
    if (length < 0) return true;
    if (static_cast<std::size_t>(length) > bytes.size()) return false;
    taken = bytes.first(static_cast<std::size_t>(length));
    bytes = bytes.subspan(taken->size());
    return true;
}

// The next message inside a packed one; nothing behind the last.
Result<std::optional<LegacyMessage>> inner_message(BytesView& left, std::int8_t magic) {
    if (left.empty()) return std::optional<LegacyMessage>();
    const Result<std::optional<BatchBytes>> found = first_batch(left);
    if (!found) return found.error();
    if (!found->has_value())
        return Error{ErrorCode::invalid_record, "a packed message that is cut short"};
    if ((*found)->magic != magic) {
        return Error{
            ErrorCode::invalid_record,
            fmt::format("a message of magic {} packed in one of magic {}", (*found)->magic, magic)};
    }
    if (Result<> ok = check_batch(**found); !ok) return ok.error();
    const Result<LegacyMessage> message = LegacyMessage::of(**found);
    if (!message) return message.error();
    const Result<Codec> codec = message->codec();
    if (!codec) return codec.error();
    if (*codec != Codec::none)
        return Error{ErrorCode::invalid_record, "a packed message within a packed one"};
    left = left.subspan((*found)->bytes.size());
    return std::optional<LegacyMessage>(*message);
}

}  // namespace

Result<LegacyMessage> LegacyMessage::of(const BatchBytes& batch) {
    const std::size_t key_at = batch.magic == 0 ? legacy::kKeyV0 : legacy::kKeyV1;
    if (batch.magic < 0 || batch.magic > 1 ||
        batch.bytes.size() < key_at + 2 * sizeof(std::int32_t)) {
        return Error{ErrorCode::corrupt_message, fmt::format("a message of magic {} in {} bytes",
                                                             batch.magic, batch.bytes.size())};
    }
    LegacyMessage message(batch);
    BytesView left = batch.bytes.subspan(key_at);
    if (!take_nullable(left, message.key_) || !take_nullable(left, message.value_))
        return Error{ErrorCode::invalid_record, "a key or value longer than its message"};
    return message;
}

std::uint32_t LegacyMessage::crc() const {
    return load_be<std::uint32_t>(bytes_.data() + legacy::kCrc);
}

unsigned LegacyMessage::attributes() const {
    return static_cast<unsigned>(bytes_[legacy::kAttributes]);
}

Result<Codec> LegacyMessage::codec() const {
    Result<Codec> codec = codec_of(attributes() & kCodecBits);
    if (codec && *codec == Codec::zstd)  // KIP-110 gave zstd to magic 2 alone
        return Error{ErrorCode::unsupported_compression_type, "zstd in a message before magic 2"};
    return codec;
}

TimestampType LegacyMessage::timestamp_type() const {
    if (magic_ == 0) return TimestampType::none;
    return (attributes() & kLogAppendTimeBit) != 0 ? TimestampType::log_append_time
                                                   : TimestampType::create_time;
}

Timestamp LegacyMessage::timestamp() const {
    if (magic_ == 0) return {};
    return {load_be<std::int64_t>(bytes_.data() + legacy::kTimestamp)};
}

Result<LegacyCursor> LegacyCursor::open(const BatchBytes& batch, std::size_t bytes_max,
                                        Unpacker& unpacker, GrowingBuffer& scratch) {
    const Result<LegacyMessage> message = LegacyMessage::of(batch);
    if (!message) return message.error();
    const Result<Codec> codec = message->codec();
    if (!codec) return codec.error();
    LegacyCursor cursor;
    cursor.magic_ = batch.magic;
    cursor.left_ = batch.bytes;
    if (*codec == Codec::none) return cursor;

    if (!message->value())
        return Error{ErrorCode::invalid_record, "a packed message without value"};
    cursor.is_packed_ = true;
    scratch.clear();
    const Lz4Header lz4_header = batch.magic == 0 ? Lz4Header::unverified : Lz4Header::verified;
    if (Result<> ok = unpacker.unpack(*codec, *message->value(), bytes_max, scratch, lz4_header);
        !ok) {
        return ok.error();
    }
    cursor.left_ = scratch.view();
    if (message->timestamp_type() == TimestampType::log_append_time)
        cursor.log_append_time_ = message->timestamp();
    // Magic 1 counts offsets inside from 0 (KIP-31) and gives the outer message that of the last.
    std::optional<Offset> last;
    for (BytesView left = cursor.left_;;) {
        const Result<std::optional<LegacyMessage>> inner = inner_message(left, batch.magic);
        if (!inner) return inner.error();
        if (!inner->has_value()) break;
        last = (*inner)->offset();
    }
    if (!last) return Error{ErrorCode::invalid_record, "a packed message with nothing inside"};
    if (batch.magic == 1) {
        cursor.offset_shift_ =
            static_cast<std::int64_t>(static_cast<std::uint64_t>(message->offset().value) -
                                      static_cast<std::uint64_t>(last->value));
    }
    return cursor;
}

Result<bool> LegacyCursor::next(LegacyRecord& record) {
    if (left_.empty()) return false;
    Result<std::optional<LegacyMessage>> message = std::optional<LegacyMessage>();
    if (is_packed_) {
        message = inner_message(left_, magic_);
    } else {
        const Result<LegacyMessage> whole = LegacyMessage::of({left_, magic_});
        if (!whole) return whole.error();
        message = std::optional<LegacyMessage>(*whole);
        left_ = {};
    }
    if (!message) return message.error();
    if (!message->has_value()) return false;
    record.offset = {BatchView::wrapping_sum((*message)->offset().value, offset_shift_)};
    record.timestamp = log_append_time_.value_or((*message)->timestamp());
    record.key = (*message)->key();
    record.value = (*message)->value();
    return true;
}

}  // namespace moldau::record
