#include "echo_format.hpp"

#include "moldau/base/crc32c.hpp"
#include "moldau/base/endian.hpp"

#include <fmt/format.h>

namespace moldau::sim {
namespace {

constexpr std::size_t kFrameHead = 17;   // after the length
constexpr std::size_t kRecordHead = 20;  // after the length

template <class T>
void append_be(std::string& to, T value) {
    std::array<std::byte, sizeof(T)> bytes;
    store_be(bytes.data(), value);
    to.append(as_text(bytes));
}

}  // namespace

void append_frame(std::string& to, const EchoMessage& message) {
    append_be(to, static_cast<std::uint32_t>(kFrameHead + message.payload.size()));
    append_be(to, static_cast<std::uint8_t>(message.kind));
    append_be(to, message.client);
    append_be(to, message.sequence);
    to += message.payload;
}

Result<std::optional<EchoMessage>> EchoFrames::next() {
    const BytesView bytes = as_bytes(bytes_);
    if (bytes.size() < 4) return std::optional<EchoMessage>();
    const auto length = load_be<std::uint32_t>(bytes.data());
    if (length < kFrameHead || length > kFrameHead + kEchoPayloadMax)
        return Error{ErrorCode::invalid_request, fmt::format("a frame of {} bytes", length)};
    if (bytes.size() < 4 + std::size_t{length}) return std::optional<EchoMessage>();
    const std::byte* at = bytes.data() + 4;
    const auto kind = load_be<std::uint8_t>(at);
    if (kind < 1 || kind > 4)
        return Error{ErrorCode::invalid_request, fmt::format("a frame of kind {}", kind)};
    EchoMessage message{.kind = static_cast<EchoKind>(kind),
                        .client = load_be<std::uint64_t>(at + 1),
                        .sequence = load_be<std::uint64_t>(at + 9),
                        .payload = bytes_.substr(4 + kFrameHead, length - kFrameHead)};
    bytes_.erase(0, 4 + std::size_t{length});
    return message;
}

void append_record(std::string& to, const EchoMessage& message) {
    std::string body;
    append_be(body, message.client);
    append_be(body, message.sequence);
    body += message.payload;
    append_be(to, static_cast<std::uint32_t>(4 + body.size()));
    append_be(to, crc32c(as_bytes(body)));
    to += body;
}

std::optional<EchoRecord> parse_record(BytesView bytes, bool check_crc) {
    if (bytes.size() < 4) return std::nullopt;
    const auto length = load_be<std::uint32_t>(bytes.data());
    if (length < kRecordHead || length > kRecordHead + kEchoPayloadMax || length > bytes.size() - 4)
        return std::nullopt;
    const BytesView body = bytes.subspan(8, length - 4);
    if (check_crc && load_be<std::uint32_t>(bytes.data() + 4) != crc32c(body)) return std::nullopt;
    return EchoRecord{.message = {.client = load_be<std::uint64_t>(body.data()),
                                  .sequence = load_be<std::uint64_t>(body.data() + 8),
                                  .payload = std::string(as_text(body.subspan(16)))},
                      .size = 4 + std::size_t{length}};
}

}  // namespace moldau::sim
