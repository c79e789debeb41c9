#include "moldau/protocol/writer.hpp"

#include "moldau/protocol/reader.hpp"

#include <fmt/core.h>

namespace moldau::protocol {

void Sizer::fail(Fault fault, const char* field) {
    if (fault_ != Fault::none) return;
    fault_ = fault;
    field_ = field;
}

Error Sizer::error(std::string_view message, std::int16_t version) const {
    switch (fault_) {
        case Fault::inexpressible:
            return {ErrorCode::unsupported_version,
                    fmt::format("{} version {} cannot express {}", message, version, field_)};
        case Fault::null_not_allowed:
            return {ErrorCode::invalid_request,
                    fmt::format("{} version {} allows no null {}", message, version, field_)};
        case Fault::tag_order:
            return {ErrorCode::invalid_request,
                    fmt::format("{} version {}: unknown tags must ascend and be unknown", message,
                                version)};
        case Fault::none:
        case Fault::too_long:
            break;
    }
    return {ErrorCode::invalid_request,
            fmt::format("{} version {} is too long: {} bytes, {}", message, version, size_,
                        field_ == nullptr ? "the whole" : field_)};
}

void Sizer::string(std::string_view value, bool compact) {
    if (value.size() > kStringBytesMax) fail(Fault::too_long, "string");
    size_ += value.size() + (compact ? uvarint_size(value.size() + 1) : 2);
}

void Sizer::string(const std::optional<std::string>& value, bool compact, bool nullable) {
    if (value) {
        string(*value, compact);
        return;
    }
    if (!nullable) fail(Fault::null_not_allowed, "string");
    size_ += compact ? 1 : 2;
}

void Sizer::bytes(BytesView value, bool compact) {
    if (value.size() > INT32_MAX) fail(Fault::too_long, "bytes");
    size_ += value.size() + (compact ? uvarint_size(value.size() + 1) : 4);
}

void Sizer::bytes(const std::optional<BytesView>& value, bool compact, bool nullable) {
    if (value) {
        bytes(*value, compact);
        return;
    }
    if (!nullable) fail(Fault::null_not_allowed, "bytes");
    size_ += compact ? 1 : 4;
}

void Sizer::count(std::size_t elements, bool compact) {
    if (elements > INT32_MAX) fail(Fault::too_long, "array");
    size_ += compact ? uvarint_size(elements + 1) : 4;
}

void Sizer::null_array(bool compact, bool nullable) {
    if (!nullable) fail(Fault::null_not_allowed, "array");
    size_ += compact ? 1 : 4;
}

TagCursor Sizer::tags(std::size_t known, const UnknownTags& unknown) {
    size_ += uvarint_size(known + unknown.size());
    for (const UnknownTag* at = unknown.begin(); at != unknown.end(); ++at) {
        if (at != unknown.begin() && at->tag <= (at - 1)->tag) fail(Fault::tag_order, nullptr);
    }
    return {unknown.begin(), unknown.end()};
}

void Sizer::unknown_before(TagCursor& cursor, std::uint32_t number) {
    for (; cursor.at != cursor.end && cursor.at->tag <= number; ++cursor.at) {
        if (cursor.at->tag == number) fail(Fault::tag_order, nullptr);
        const std::size_t bytes = cursor.at->data.size();
        size_ += uvarint_size(cursor.at->tag) + uvarint_size(bytes) + bytes;
    }
}

void Sizer::known_tag(std::uint32_t number, const Sizer& inner) {
    if (inner.fault_ != Fault::none) fail(inner.fault_, inner.field_);
    size_ += uvarint_size(number) + uvarint_size(inner.size_) + inner.size_;
}

void Sizer::rest(TagCursor cursor) {
    for (; cursor.at != cursor.end; ++cursor.at) {
        const std::size_t bytes = cursor.at->data.size();
        size_ += uvarint_size(cursor.at->tag) + uvarint_size(bytes) + bytes;
    }
}

void Writer::overrun(std::size_t wanted) const {
    MOLDAU_CHECK(wanted <= remaining(), "encoding past its size: wanted={} remaining={} written={}",
                 wanted, remaining(), written());
    std::abort();
}

void Writer::raw(BytesView value) {
    if (value.size() > remaining()) overrun(value.size());
    if (!value.empty()) std::memcpy(at_, value.data(), value.size());
    at_ += value.size();
}

void Writer::uvarlong(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) fixed(static_cast<std::uint8_t>(value | 0x80U));
    fixed(static_cast<std::uint8_t>(value));
}

void Writer::string(std::string_view value, bool compact) {
    if (compact) {
        uvarint(static_cast<std::uint32_t>(value.size() + 1));
    } else {
        int16(static_cast<std::int16_t>(value.size()));
    }
    raw(as_bytes(value));
}

void Writer::string(const std::optional<std::string>& value, bool compact, bool) {
    if (value) return string(*value, compact);
    compact ? uvarint(0) : int16(-1);
}

void Writer::bytes(BytesView value, bool compact) {
    count(value.size(), compact);
    raw(value);
}

void Writer::bytes(const std::optional<BytesView>& value, bool compact, bool nullable) {
    if (value) return bytes(*value, compact);
    null_array(compact, nullable);
}

void Writer::records(BytesView value, bool compact) {
    if (splices_ == nullptr) return bytes(value, compact);
    count(value.size(), compact);
    if (!value.empty()) splices_->push_back({written(), value});
}

void Writer::records(const std::optional<BytesView>& value, bool compact, bool nullable) {
    if (value) return records(*value, compact);
    null_array(compact, nullable);
}

template <class T>
void Writer::array(const std::vector<T>& value, bool compact) {
    count(value.size(), compact);
    for (const T& element : value) {
        if constexpr (std::is_same_v<T, std::string>) {
            string(element, compact);
        } else if constexpr (std::is_same_v<T, Uuid>) {
            uuid(element);
        } else {
            fixed(element);
        }
    }
}

template void Writer::array(const std::vector<std::int8_t>&, bool);
template void Writer::array(const std::vector<std::int16_t>&, bool);
template void Writer::array(const std::vector<std::int32_t>&, bool);
template void Writer::array(const std::vector<std::int64_t>&, bool);
template void Writer::array(const std::vector<Uuid>&, bool);
template void Writer::array(const std::vector<std::string>&, bool);

TagCursor Writer::tags(std::size_t known, const UnknownTags& unknown) {
    uvarint(static_cast<std::uint32_t>(known + unknown.size()));
    return {unknown.begin(), unknown.end()};
}

void Writer::unknown_before(TagCursor& cursor, std::uint32_t number) {
    const UnknownTag* const first = cursor.at;
    while (cursor.at != cursor.end && cursor.at->tag < number) ++cursor.at;
    rest({first, cursor.at});
}

void Writer::rest(TagCursor cursor) {
    for (; cursor.at != cursor.end; ++cursor.at) {
        uvarint(cursor.at->tag);
        uvarint(static_cast<std::uint32_t>(cursor.at->data.size()));
        raw(cursor.at->data);
    }
}

}  // namespace moldau::protocol
