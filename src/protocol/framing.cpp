#include "moldau/protocol/framing.hpp"

#include <fmt/core.h>

namespace moldau::protocol {
namespace {

constexpr std::uint32_t kRecordFrameVersion = 1;

}  // namespace

Result<const ApiInfo*> decode_request_header(Reader& in, RequestHeader& header) {
    Reader ahead = in;  // key and version say how to read the header that they begin
    const std::int16_t key = ahead.int16();
    const std::int16_t version = ahead.int16();
    if (Result<> ok = ahead.outcome(RequestHeader::kName, 1); !ok) return ok.error();
    const ApiInfo* const api = find_api(key);
    if (api == nullptr) {
        return Error{ErrorCode::invalid_request, fmt::format("there is no API with key {}", key)};
    }
    if (api->versions.empty()) return unsupported_version(api->name, version);
    if (Result<> ok = header.decode(in, request_header_version(*api, version)); !ok)
        return ok.error();
    return api;
}

namespace detail {

Result<std::size_t> response_header_size(const ApiInfo& api, std::int16_t version,
                                         std::int32_t correlation_id) {
    const ResponseHeader header{.correlation_id = correlation_id};
    return header.encoded_size(response_header_version(api, version));
}

void encode_frame_size(Writer& out, std::size_t total) {
    out.int32(static_cast<std::int32_t>(total - kFrameSizeBytes));
}

void encode_response_header(Writer& out, const ApiInfo& api, std::int16_t version,
                            std::int32_t correlation_id) {
    const ResponseHeader header{.correlation_id = correlation_id};
    header.encode(out, response_header_version(api, version));
}

Result<> check_frame(std::size_t total) {
    if (total - kFrameSizeBytes > INT32_MAX)
        return Error{ErrorCode::invalid_request, fmt::format("a frame of {} bytes", total)};
    return {};
}

}  // namespace detail

Result<RecordFrame> decode_record_frame(Reader& in) {
    const std::uint32_t frame_version = in.uvarint();
    const std::uint32_t type = in.uvarint();
    const std::uint32_t version = in.uvarint();
    if (Result<> ok = in.outcome("RecordFrame", 1); !ok) return ok.error();
    if (frame_version != kRecordFrameVersion || type > INT16_MAX || version > INT16_MAX) {
        return Error{ErrorCode::invalid_request,
                     fmt::format("no record begins with frame version {}, type {}, version {}",
                                 frame_version, type, version)};
    }
    return RecordFrame{static_cast<std::int16_t>(type), static_cast<std::int16_t>(version)};
}

std::size_t encoded_size(RecordFrame frame) {
    return uvarint_size(kRecordFrameVersion) +
           uvarint_size(static_cast<std::uint16_t>(frame.type)) +
           uvarint_size(static_cast<std::uint16_t>(frame.version));
}

void encode(Writer& out, RecordFrame frame) {
    out.uvarint(kRecordFrameVersion);
    out.uvarint(static_cast<std::uint16_t>(frame.type));
    out.uvarint(static_cast<std::uint16_t>(frame.version));
}

}  // namespace moldau::protocol
