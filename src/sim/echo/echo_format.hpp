// What echo services and their clients say to each other, and how a log keeps it.
//   frame   length u32 of what follows · kind u8 · client u64 · sequence u64 · payload
//   record  length u32 of what follows · crc32c u32 of the rest · client u64 · sequence u64 ·
//   payload
// All big-endian. A record's length of 0 is the preallocated end of the log.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moldau::sim {

enum class EchoKind : std::uint8_t { request = 1, reply = 2, replicate = 3, replicated = 4 };

struct EchoMessage {
    EchoKind kind = EchoKind::request;
    std::uint64_t client = 0;
    std::uint64_t sequence = 0;  // of the client, from 1, without gaps
    std::string payload;
    friend bool operator==(const EchoMessage&, const EchoMessage&) = default;
};

inline constexpr std::size_t kEchoPayloadMax = 4096;

void append_frame(std::string& to, const EchoMessage& message);

/// Cuts frames from bytes as they come.
class EchoFrames {
public:
    void add(BytesView bytes) { bytes_.append(as_text(bytes)); }
    /// The next whole frame; nothing when more bytes are needed.
    /// Errors: invalid_request (no frame can begin like that)
    Result<std::optional<EchoMessage>> next();

private:
    std::string bytes_;
};

void append_record(std::string& to, const EchoMessage& message);

struct EchoRecord {
    EchoMessage message;
    std::size_t size = 0;
};
/// The record at the begin of `bytes`; nothing where it is torn, damaged or not there.
std::optional<EchoRecord> parse_record(BytesView bytes, bool check_crc = true);

}  // namespace moldau::sim
