#include "moldau/metadata/records.hpp"

#include "moldau/protocol/framing.hpp"

#include <fmt/core.h>

#include <array>
#include <utility>

namespace moldau::metadata {
namespace {

constexpr std::size_t kKnownTypes = std::variant_size_v<RecordValue> - 1;  // but UnknownRecord
constexpr std::int16_t kTypesEnd = 30;

// One row for each record type: how its body is read.
struct Decoder {
    protocol::VersionRange versions;
    Result<> (*decode)(protocol::Reader& in, std::int16_t version, RecordValue& value) = nullptr;
};

template <class Record>
Result<> decode_body(protocol::Reader& in, std::int16_t version, RecordValue& value) {
    return value.emplace<Record>().decode(in, version);
}

template <std::size_t... Index>
constexpr std::array<Decoder, kTypesEnd> decoder_table(std::index_sequence<Index...>) {
    std::array<Decoder, kTypesEnd> table{};
    ((table[static_cast<std::size_t>(std::variant_alternative_t<Index, RecordValue>::kRecordType)] =
          {std::variant_alternative_t<Index, RecordValue>::kVersions,
           &decode_body<std::variant_alternative_t<Index, RecordValue>>}),
     ...);
    return table;
}

constexpr auto kDecoders = decoder_table(std::make_index_sequence<kKnownTypes>());

}  // namespace

Result<MetadataRecord> decode_record(BytesView framed) {
    protocol::Reader in(framed);
    const Result<protocol::RecordFrame> frame = protocol::decode_record_frame(in);
    if (!frame) return frame.error();
    MetadataRecord record{.value = UnknownRecord{frame->type, in.rest()},
                          .version = frame->version};
    if (frame->type >= kTypesEnd) return record;
    const Decoder& decoder = kDecoders[static_cast<std::size_t>(frame->type)];
    if (decoder.decode == nullptr || !decoder.versions.contains(frame->version)) return record;

    if (Result<> ok = decoder.decode(in, frame->version, record.value); !ok) return ok.error();
    if (in.remaining() != 0) {
        return Error{ErrorCode::invalid_request,
                     fmt::format("metadata record of type {} version {}: {} bytes behind it",
                                 frame->type, frame->version, in.remaining())};
    }
    return record;
}

Result<Bytes> encode_record(const MetadataRecord& record) {
    return std::visit(
        [&]<class Record>(const Record& value) -> Result<Bytes> {
            if constexpr (std::is_same_v<Record, UnknownRecord>) {
                const protocol::RecordFrame frame{value.type, record.version};
                const std::size_t total = protocol::encoded_size(frame) + value.body.size();
                BytesBuilder bytes(total);
                protocol::Writer out({bytes.data(), total});
                protocol::encode(out, frame);
                out.raw(value.body);
                return std::move(bytes).publish(total);
            } else {
                return protocol::framed_record(value, record.version);
            }
        },
        record.value);
}

}  // namespace moldau::metadata
