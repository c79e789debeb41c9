// Sizer and Writer: the two passes of encoding. The first computes the size and finds what a
// version cannot express; the second writes once into memory of exactly that size. Generated code
// is one template for both.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/check.hpp"
#include "moldau/base/endian.hpp"
#include "moldau/base/error_code.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/uuid.hpp"
#include "moldau/protocol/message.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::protocol {

constexpr std::size_t uvarint_size(std::uint64_t value) {
    return (static_cast<std::size_t>(std::bit_width(value | 1U)) + 6) / 7;
}

/// Where in the written bytes a records field belongs that was not copied: its bytes follow the
/// first `position` written ones (and those of the splices before it).
struct Splice {
    std::size_t position = 0;
    BytesView records;
};

/// The size of a message whose records fields go out by reference.
struct GatheredSize {
    std::size_t total = 0;    // of the message on the wire
    std::size_t written = 0;  // of what a gathering Writer writes: the rest is spliced
};

/// The unknown tags still to be written, between the known ones.
struct TagCursor {
    const UnknownTag* at = nullptr;
    const UnknownTag* end = nullptr;
};

class Sizer {
public:
    static constexpr bool kMeasures = true;

    /// Errors: unsupported_version (`inexpressible`), invalid_request (null, too long, tags that do
    /// not ascend).
    Result<std::size_t> outcome(std::string_view message, std::int16_t version) const {
        if (fault_ != Fault::none || size_ > INT32_MAX) [[unlikely]]
            return error(message, version);
        return size_;
    }
    Result<GatheredSize> gathered(std::string_view message, std::int16_t version) const {
        if (fault_ != Fault::none || size_ > INT32_MAX) [[unlikely]]
            return error(message, version);
        return GatheredSize{size_, size_ - records_};
    }
    std::size_t size() const { return size_; }

    void boolean(bool) { size_ += 1; }
    void int8(std::int8_t) { size_ += 1; }
    void int16(std::int16_t) { size_ += 2; }
    void uint16(std::uint16_t) { size_ += 2; }
    void int32(std::int32_t) { size_ += 4; }
    void uint32(std::uint32_t) { size_ += 4; }
    void int64(std::int64_t) { size_ += 8; }
    void float64(double) { size_ += 8; }
    void error_code(ErrorCode) { size_ += 2; }
    void uuid(const Uuid&) { size_ += 16; }
    void uvarint(std::uint32_t value) { size_ += uvarint_size(value); }

    void string(std::string_view value, bool compact);
    void string(const std::optional<std::string>& value, bool compact, bool nullable);
    void bytes(BytesView value, bool compact);
    void bytes(const std::optional<BytesView>& value, bool compact, bool nullable);
    void records(BytesView value, bool compact) {
        bytes(value, compact);
        records_ += value.size();
    }
    void records(const std::optional<BytesView>& value, bool compact, bool nullable) {
        bytes(value, compact, nullable);
        if (value) records_ += value->size();
    }
    template <class T>
    void array(const std::vector<T>& value, bool compact) {
        count(value.size(), compact);
        if constexpr (std::is_same_v<T, std::string>) {
            for (const std::string& element : value) string(element, compact);
        } else {
            size_ += value.size() * sizeof(T);
        }
    }
    template <class T>
    void array(const std::optional<std::vector<T>>& value, bool compact, bool nullable) {
        value ? array(*value, compact) : null_array(compact, nullable);
    }
    void count(std::size_t elements, bool compact);
    void null_array(bool compact, bool nullable);
    void presence(bool, Presence) { size_ += 1; }

    void no_tags(const UnknownTags& unknown) {
        if (unknown.empty()) [[likely]] {
            size_ += 1;
            return;
        }
        rest(tags(0, unknown));
    }
    TagCursor tags(std::size_t known, const UnknownTags& unknown);
    template <class Value>
    void tag(TagCursor& cursor, std::uint32_t number, Value&& value) {
        unknown_before(cursor, number);
        Sizer inner;
        value(inner);
        known_tag(number, inner);
    }
    void rest(TagCursor cursor);

    /// A value other than the default stands in `field`, which the version does not have.
    [[gnu::cold]] void inexpressible(const char* field) { fail(Fault::inexpressible, field); }

private:
    enum class Fault : std::uint8_t { none, inexpressible, null_not_allowed, too_long, tag_order };

    void unknown_before(TagCursor& cursor, std::uint32_t number);
    void known_tag(std::uint32_t number, const Sizer& inner);
    [[gnu::cold]] void fail(Fault fault, const char* field);
    [[gnu::cold]] Error error(std::string_view message, std::int16_t version) const;

    std::size_t size_ = 0;
    std::size_t records_ = 0;
    const char* field_ = nullptr;
    Fault fault_ = Fault::none;
};

class Writer {
public:
    static constexpr bool kMeasures = false;

    /// Writes into `room`, which has the size that encoded_size() gave.
    explicit Writer(MutableBytes room)
        : begin_(room.data()), at_(room.data()), end_(at_ + room.size()) {}
    /// Gathers: records are not copied but named in `splices`, in the order of their fields, so
    /// that a driver may send them from where they lie. Their views are never read here: bytes that
    /// lie in a file take part by their size.
    Writer(MutableBytes room, std::vector<Splice>& splices) : Writer(room) { splices_ = &splices; }

    std::size_t written() const { return static_cast<std::size_t>(at_ - begin_); }
    std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }

    void boolean(bool value) { fixed(static_cast<std::int8_t>(value)); }
    void int8(std::int8_t value) { fixed(value); }
    void int16(std::int16_t value) { fixed(value); }
    void uint16(std::uint16_t value) { fixed(value); }
    void int32(std::int32_t value) { fixed(value); }
    void uint32(std::uint32_t value) { fixed(value); }
    void int64(std::int64_t value) { fixed(value); }
    void float64(double value) { fixed(std::bit_cast<std::uint64_t>(value)); }
    void error_code(ErrorCode value) { fixed(static_cast<std::int16_t>(value)); }
    void uuid(const Uuid& value) {
        fixed(value.high);
        fixed(value.low);
    }
    void uvarint(std::uint32_t value) {
        if (value < 0x80 && at_ != end_) [[likely]] {
            *at_++ = static_cast<std::byte>(value);
            return;
        }
        uvarlong(value);
    }
    void uvarlong(std::uint64_t value);
    void varint(std::int32_t value) {
        uvarint(static_cast<std::uint32_t>(value) << 1U ^ static_cast<std::uint32_t>(value >> 31));
    }
    void varlong(std::int64_t value) {
        uvarlong(static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63));
    }

    void string(std::string_view value, bool compact);
    void string(const std::optional<std::string>& value, bool compact, bool nullable);
    void bytes(BytesView value, bool compact);
    void bytes(const std::optional<BytesView>& value, bool compact, bool nullable);
    void records(BytesView value, bool compact);
    void records(const std::optional<BytesView>& value, bool compact, bool nullable);
    template <class T>
    void array(const std::vector<T>& value, bool compact);
    template <class T>
    void array(const std::optional<std::vector<T>>& value, bool compact, bool nullable) {
        value ? array(*value, compact) : null_array(compact, nullable);
    }
    void count(std::size_t elements, bool compact) {
        if (compact) {
            uvarint(static_cast<std::uint32_t>(elements + 1));
        } else {
            int32(static_cast<std::int32_t>(elements));
        }
    }
    void null_array(bool compact, bool) { compact ? uvarint(0) : int32(-1); }
    void presence(bool present, Presence how) {
        const std::int8_t absent = how == Presence::plain ? -1 : 0;
        int8(present ? std::int8_t{1} : absent);
    }

    void no_tags(const UnknownTags& unknown) {
        if (unknown.empty()) [[likely]] {
            int8(0);
            return;
        }
        rest(tags(0, unknown));
    }
    TagCursor tags(std::size_t known, const UnknownTags& unknown);
    template <class Value>
    void tag(TagCursor& cursor, std::uint32_t number, Value&& value) {
        unknown_before(cursor, number);
        Sizer inner;
        value(inner);
        uvarint(number);
        uvarint(static_cast<std::uint32_t>(inner.size()));
        value(*this);
    }
    void rest(TagCursor cursor);

    /// Bytes as they are, without a length.
    void raw(BytesView value);

private:
    template <class T>
    void fixed(T value) {
        if (remaining() < sizeof value) [[unlikely]]
            overrun(sizeof value);
        store_be(at_, value);
        at_ += sizeof value;
    }
    void unknown_before(TagCursor& cursor, std::uint32_t number);
    [[noreturn, gnu::cold]] void overrun(std::size_t wanted) const;

    std::byte* begin_;
    std::byte* at_;
    std::byte* end_;
    std::vector<Splice>* splices_ = nullptr;
};

}  // namespace moldau::protocol
