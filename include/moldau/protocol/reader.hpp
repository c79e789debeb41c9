// Reader: takes Kafka's primitive types out of received bytes. Nothing it is given is trusted: each
// length is held against what remains, and the memory that decoding may take is bounded.
//
// The first fault sticks: from then on every read gives zero, nothing remains, and outcome() tells
// what was wrong and where. So generated decoders read field after field and ask once.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/endian.hpp"
#include "moldau/base/error_code.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/uuid.hpp"
#include "moldau/protocol/message.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::protocol {

inline constexpr std::size_t kArrayElementsMax = 1'000'000;  // as Kafka 4.4 has it
inline constexpr std::size_t kTaggedFieldsMax = 10'000;
inline constexpr std::size_t kStringBytesMax = 32767;

class Reader {
public:
    /// What decoding may allocate for structs, strings and lists, in bytes: a few bytes of a
    /// request may stand for structs of a hundred.
    static constexpr std::size_t kAllowance = std::size_t{64} << 20U;

    explicit Reader(BytesView from, std::size_t allowance = kAllowance)
        : begin_(from.data()), at_(from.data()), end_(at_ + from.size()), allowance_(allowance) {}

    std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
    std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
    BytesView rest() const { return {at_, remaining()}; }
    bool failed() const { return fault_ != Fault::none; }

    /// Errors: invalid_request, naming the message, its version, the fault and where it is.
    Result<> outcome(std::string_view message, std::int16_t version) const {
        if (!failed()) [[likely]]
            return {};
        return error(message, version);
    }

    bool boolean() {
        return fixed<std::int8_t>() != 0;
    }  // whatever is not zero is true, as in Kafka
    std::int8_t int8() { return fixed<std::int8_t>(); }
    std::int16_t int16() { return fixed<std::int16_t>(); }
    std::uint16_t uint16() { return fixed<std::uint16_t>(); }
    std::int32_t int32() { return fixed<std::int32_t>(); }
    std::uint32_t uint32() { return fixed<std::uint32_t>(); }
    std::int64_t int64() { return fixed<std::int64_t>(); }
    double float64() { return std::bit_cast<double>(fixed<std::uint64_t>()); }
    ErrorCode error_code() { return static_cast<ErrorCode>(int16()); }
    Uuid uuid() {
        Uuid id;
        id.high = fixed<std::uint64_t>();
        id.low = fixed<std::uint64_t>();
        return id;
    }

    /// Unsigned varint of 32 bits. A fifth byte that holds more than 32 bits is a fault; one that
    /// is longer than it need be is not.
    std::uint32_t uvarint() {
        if (at_ != end_ && static_cast<std::uint8_t>(*at_) < 0x80) [[likely]]
            return static_cast<std::uint8_t>(*at_++);
        return static_cast<std::uint32_t>(long_varint(32));
    }
    std::uint64_t uvarlong() { return long_varint(64); }
    std::int32_t varint() {  // zigzag
        const std::uint32_t bits = uvarint();
        return static_cast<std::int32_t>(bits >> 1U) ^ -static_cast<std::int32_t>(bits & 1U);
    }
    std::int64_t varlong() {
        const std::uint64_t bits = uvarlong();
        return static_cast<std::int64_t>(bits >> 1U) ^ -static_cast<std::int64_t>(bits & 1U);
    }

    /// Strings are repaired to UTF-8 as Java does: what is malformed becomes U+FFFD. `compact`: the
    /// flexible versions' form. `nullable`: may be null in this version.
    void string(std::string& to, bool compact);
    void string(std::optional<std::string>& to, bool compact, bool nullable);
    void bytes(BytesView& to, bool compact);
    void bytes(std::optional<BytesView>& to, bool compact, bool nullable);

    /// Arrays of numbers, UUIDs and strings.
    template <class T>
    void array(std::vector<T>& to, bool compact);
    template <class T>
    void array(std::optional<std::vector<T>>& to, bool compact, bool nullable);

    static constexpr std::size_t kNull = SIZE_MAX;
    /// The count of an array: kNull, or a number of elements for which there may be enough bytes
    /// (`least` each) and memory (`size` each, charged).
    std::size_t count(bool compact, bool nullable, std::size_t least, std::size_t size);
    /// The byte before a struct that may be null.
    bool present(Presence how);

    /// The tagged fields of a struct that has none itself.
    void unknown_tags(UnknownTags& to) {
        if (at_ != end_ && *at_ == std::byte{0}) [[likely]] {
            ++at_;
            to.clear();
            return;
        }
        tags(to, [](std::uint32_t) { return false; });
    }
    /// The tagged fields of a struct: `known(tag)` reads the value and returns true, or returns
    /// false and leaves it. A known one must be exactly of its declared size.
    template <class Known>
    void tags(UnknownTags& to, Known&& known) {
        to.clear();
        for (std::size_t left = tag_count(); left > 0; --left) {
            const std::uint32_t tag = uvarint();
            const std::byte* const outer = enter_tag();
            if (failed()) return;
            if (known(tag)) {
                leave_tag(outer);
            } else {
                keep_tag(to, tag, outer);
            }
        }
        if (!to.empty()) to.settle();
    }

private:
    enum class Fault : std::uint8_t {
        none,
        truncated,
        varint_too_long,
        null_not_allowed,
        negative_length,
        string_too_long,
        too_many_elements,
        too_many_tags,
        presence_byte,
        tag_size,
        memory,
    };

    template <class T>
    T fixed() {
        if (remaining() < sizeof(T)) [[unlikely]] {
            fail(Fault::truncated);
            return 0;
        }
        const T value = load_be<T>(at_);
        at_ += sizeof(T);
        return value;
    }
    template <class T>
    void elements(std::vector<T>& to, std::size_t count, bool compact);

    [[gnu::cold]] void fail(Fault fault);
    [[gnu::cold]] Error error(std::string_view message, std::int16_t version) const;
    std::uint64_t long_varint(unsigned bits);
    std::size_t string_length(bool compact, bool nullable);
    std::size_t bytes_length(bool compact, bool nullable);
    void text(std::string& to, std::size_t size);
    BytesView take(std::size_t size);
    void charge(std::size_t size);
    std::size_t tag_count();
    const std::byte* enter_tag();
    void leave_tag(const std::byte* outer);
    void keep_tag(UnknownTags& to, std::uint32_t tag, const std::byte* outer);

    const std::byte* begin_;
    const std::byte* at_;
    const std::byte* end_;  // of the buffer, or of the tagged field being read
    std::size_t allowance_;
    std::size_t fault_position_ = 0;
    Fault fault_ = Fault::none;
};

}  // namespace moldau::protocol
