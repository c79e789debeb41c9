// How messages are wrapped: requests and responses as frames on a connection, records in logs.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/result.hpp"
#include "moldau/protocol/api_keys.hpp"
#include "moldau/protocol/messages/headers.hpp"
#include "moldau/protocol/reader.hpp"
#include "moldau/protocol/writer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace moldau::protocol {

// A frame, both ways:
//   size    int32   of what follows
//   header          RequestHeader 1 or 2, ResponseHeader 0 or 1
//   body            the message
inline constexpr std::size_t kFrameSizeBytes = 4;

/// Reads the header of a request (after the frame's size) in the header version that its API key
/// and version ask for, into `header`, whose memory is used again.
/// Errors: invalid_request (no such API, or malformed) · unsupported_version (the API has no
/// version left). Whether the request's version is served is for the caller to say.
Result<const ApiInfo*> decode_request_header(Reader& in, RequestHeader& header);

/// One frame as bytes, or gathered: `head` interrupted by `splices`.
struct GatheredFrame {
    Bytes head;
    std::vector<Splice> splices;  // positions in `head`
    std::size_t total = 0;        // bytes on the wire, the size included
};

namespace detail {
Result<std::size_t> response_header_size(const ApiInfo& api, std::int16_t version,
                                         std::int32_t correlation_id);
void encode_frame_size(Writer& out, std::size_t total);
void encode_response_header(Writer& out, const ApiInfo& api, std::int16_t version,
                            std::int32_t correlation_id);
Result<> check_frame(std::size_t total);
}  // namespace detail

/// A whole response. Errors: those of encoded_size().
template <class Response>
Result<Bytes> response_frame(std::int32_t correlation_id, const Response& response,
                             std::int16_t version) {
    const ApiInfo& api = api_info(Response::kApiKey);
    const Result<std::size_t> body = response.encoded_size(version);
    if (!body) return body.error();
    const Result<std::size_t> header = detail::response_header_size(api, version, correlation_id);
    if (!header) return header.error();
    const std::size_t total = kFrameSizeBytes + *header + *body;
    if (Result<> ok = detail::check_frame(total); !ok) return ok.error();

    BytesBuilder frame(total);
    Writer out({frame.data(), total});
    detail::encode_frame_size(out, total);
    detail::encode_response_header(out, api, version, correlation_id);
    response.encode(out, version);
    MOLDAU_CHECK(out.remaining() == 0, "{} version={}", Response::kName, version);
    return std::move(frame).publish(total);
}

/// A whole response whose records go out by reference: for Fetch, ShareFetch, FetchSnapshot.
template <class Response>
Result<GatheredFrame> gathered_response_frame(std::int32_t correlation_id, const Response& response,
                                              std::int16_t version) {
    const ApiInfo& api = api_info(Response::kApiKey);
    const Result<GatheredSize> body = response.gathered_size(version);
    if (!body) return body.error();
    const Result<std::size_t> header = detail::response_header_size(api, version, correlation_id);
    if (!header) return header.error();
    GatheredFrame frame;
    frame.total = kFrameSizeBytes + *header + body->total;
    if (Result<> ok = detail::check_frame(frame.total); !ok) return ok.error();

    const std::size_t written = kFrameSizeBytes + *header + body->written;
    BytesBuilder head(written);
    Writer out({head.data(), written}, frame.splices);
    detail::encode_frame_size(out, frame.total);
    detail::encode_response_header(out, api, version, correlation_id);
    response.encode(out, version);
    MOLDAU_CHECK(out.remaining() == 0, "{} version={}", Response::kName, version);
    frame.head = std::move(head).publish(written);
    return frame;
}

/// A whole request; `client_id` may be null. Errors: those of encoded_size().
template <class Request>
Result<Bytes> request_frame(std::int32_t correlation_id, std::optional<std::string> client_id,
                            const Request& request, std::int16_t version) {
    const ApiInfo& api = api_info(Request::kApiKey);
    const RequestHeader header{.request_api_key = static_cast<std::int16_t>(api.key),
                               .request_api_version = version,
                               .correlation_id = correlation_id,
                               .client_id = std::move(client_id)};
    const std::int16_t header_version = request_header_version(api, version);
    const Result<std::size_t> head = header.encoded_size(header_version);
    if (!head) return head.error();
    const Result<std::size_t> body = request.encoded_size(version);
    if (!body) return body.error();
    const std::size_t total = kFrameSizeBytes + *head + *body;
    if (Result<> ok = detail::check_frame(total); !ok) return ok.error();

    BytesBuilder frame(total);
    Writer out({frame.data(), total});
    detail::encode_frame_size(out, total);
    header.encode(out, header_version);
    request.encode(out, version);
    MOLDAU_CHECK(out.remaining() == 0, "{} version={}", Request::kName, version);
    return std::move(frame).publish(total);
}

// A record of the metadata log, or of __remote_log_metadata:
//   frame version  uvarint   1
//   record type    uvarint
//   version        uvarint
//   body
struct RecordFrame {
    std::int16_t type = 0;
    std::int16_t version = 0;
};
/// Errors: invalid_request (another frame version, or numbers that are none).
Result<RecordFrame> decode_record_frame(Reader& in);
std::size_t encoded_size(RecordFrame frame);
void encode(Writer& out, RecordFrame frame);

/// A record with its frame. Errors: those of encoded_size().
template <class Record>
Result<Bytes> framed_record(const Record& record, std::int16_t version) {
    const RecordFrame frame{static_cast<std::int16_t>(Record::kRecordType), version};
    const Result<std::size_t> body = record.encoded_size(version);
    if (!body) return body.error();
    const std::size_t total = encoded_size(frame) + *body;
    BytesBuilder bytes(total);
    Writer out({bytes.data(), total});
    encode(out, frame);
    record.encode(out, version);
    return std::move(bytes).publish(total);
}

// The coordinators' keys begin with the record type (int16; the key itself is version 0); their
// values, the consumer protocol and principals begin with their version (int16).
template <class Message>
Result<Bytes> prefixed(std::int16_t prefix, const Message& message, std::int16_t version) {
    const Result<std::size_t> body = message.encoded_size(version);
    if (!body) return body.error();
    const std::size_t total = sizeof prefix + *body;
    BytesBuilder bytes(total);
    Writer out({bytes.data(), total});
    out.int16(prefix);
    message.encode(out, version);
    return std::move(bytes).publish(total);
}
/// A key of a coordinator's log. Errors: those of encoded_size().
template <class Key>
Result<Bytes> type_prefixed(const Key& key) {
    return prefixed(static_cast<std::int16_t>(Key::kRecordType), key, 0);
}
/// A value of a coordinator's log, or what clients exchange as bytes. Errors: those of
/// encoded_size().
template <class Message>
Result<Bytes> version_prefixed(const Message& message, std::int16_t version) {
    return prefixed(version, message, version);
}
/// Reads the version, then the message. Errors: those of decode().
template <class Message>
Result<std::int16_t> decode_version_prefixed(Reader& in, Message& message) {
    const std::int16_t version = in.int16();
    if (Result<> ok = in.outcome(Message::kName, version); !ok) return ok.error();
    if (Result<> ok = message.decode(in, version); !ok) return ok.error();
    return version;
}

}  // namespace moldau::protocol
