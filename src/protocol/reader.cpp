#include "moldau/protocol/reader.hpp"

#include "utf8.hpp"

#include "moldau/protocol/message.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace moldau::protocol {

void Reader::fail(Fault fault) {
    if (failed()) return;
    fault_ = fault;
    fault_position_ = position();
    end_ = at_;  // nothing remains: loops end, reads give zero
}

Error Reader::error(std::string_view message, std::int16_t version) const {
    const auto reason = [this]() -> std::string_view {
        switch (fault_) {
            case Fault::none:
                return "nothing";
            case Fault::truncated:
                return "bytes are missing";
            case Fault::varint_too_long:
                return "a varint holds too many bits";
            case Fault::null_not_allowed:
                return "null where this version allows none";
            case Fault::negative_length:
                return "a length below -1";
            case Fault::string_too_long:
                return "a string of more than 32767 bytes";
            case Fault::too_many_elements:
                return "an array of more than 1000000 elements";
            case Fault::too_many_tags:
                return "more than 10000 tagged fields";
            case Fault::presence_byte:
                return "a struct announced by a byte that is neither yes nor no";
            case Fault::tag_size:
                return "a tagged field that is not of its declared size";
            case Fault::memory:
                return "it would take more memory than allowed";
        }
        return "unknown";
    };
    return {ErrorCode::invalid_request, fmt::format("cannot decode {} version {}: {} at byte {}",
                                                    message, version, reason(), fault_position_)};
}

std::uint64_t Reader::long_varint(unsigned bits) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += 7) {
        if (at_ == end_) {
            fail(Fault::truncated);
            return 0;
        }
        const auto byte = static_cast<std::uint8_t>(*at_++);
        const std::uint64_t group = byte & 0x7FU;
        if (shift + 7 > bits && group >> (bits - shift) != 0) break;
        value |= group << shift;
        if (byte < 0x80) return value;
    }
    fail(Fault::varint_too_long);
    return 0;
}

void Reader::charge(std::size_t size) {
    if (size > allowance_) {
        fail(Fault::memory);
        return;
    }
    allowance_ -= size;
}

BytesView Reader::take(std::size_t size) {
    if (size > remaining()) {
        fail(Fault::truncated);
        return {};
    }
    const BytesView taken{at_, size};
    at_ += size;
    return taken;
}

// A compact length is one more than itself, and 0 for null: 0 - 1 wraps to kNull.
std::size_t Reader::string_length(bool compact, bool nullable) {
    std::size_t size = kNull;
    if (compact) {
        size = static_cast<std::size_t>(uvarint()) - 1;
    } else {
        const std::int16_t length = int16();
        if (length >= 0) size = static_cast<std::size_t>(length);
    }
    if (size == kNull) {
        if (!nullable) fail(Fault::null_not_allowed);
        return kNull;
    }
    if (size > kStringBytesMax) {
        fail(Fault::string_too_long);
        return kNull;
    }
    return size;
}

void Reader::text(std::string& to, std::size_t size) {
    charge(size);
    const std::string_view view = as_text(take(size));
    const std::size_t good = utf8_prefix(view.data(), view.size());
    to.assign(view.data(), good);
    if (good == view.size()) [[likely]]
        return;
    charge(2 * (size - good));  // U+FFFD takes three bytes where one may have stood
    if (failed()) return;
    repair_utf8(to, view.data() + good, view.size() - good);
    if (to.size() > kStringBytesMax) fail(Fault::string_too_long);
}

void Reader::string(std::string& to, bool compact) {
    const std::size_t size = string_length(compact, false);
    if (size == kNull) return;
    text(to, size);
}

void Reader::string(std::optional<std::string>& to, bool compact, bool nullable) {
    const std::size_t size = string_length(compact, nullable);
    if (size == kNull) {
        to.reset();
        return;
    }
    if (!to) to.emplace();
    text(*to, size);
}

std::size_t Reader::bytes_length(bool compact, bool nullable) {
    std::size_t size = kNull;
    if (compact) {
        size = static_cast<std::size_t>(uvarint()) - 1;
    } else {
        const std::int32_t length = int32();
        if (length < -1) fail(Fault::negative_length);
        if (length >= 0) size = static_cast<std::size_t>(length);
    }
    if (size == kNull && !nullable) fail(Fault::null_not_allowed);
    return size;
}

void Reader::bytes(BytesView& to, bool compact) {
    const std::size_t size = bytes_length(compact, false);
    to = size == kNull ? BytesView{} : take(size);
}

void Reader::bytes(std::optional<BytesView>& to, bool compact, bool nullable) {
    const std::size_t size = bytes_length(compact, nullable);
    if (size == kNull) {
        to.reset();
    } else {
        to = take(size);
    }
}

std::size_t Reader::count(bool compact, bool nullable, std::size_t least, std::size_t size) {
    std::size_t elements = kNull;
    if (compact) {
        elements = static_cast<std::size_t>(uvarint()) - 1;
    } else {
        const std::int32_t declared = int32();
        if (declared < -1) fail(Fault::negative_length);
        if (declared >= 0) elements = static_cast<std::size_t>(declared);
    }
    if (elements == kNull) {
        if (nullable && !failed()) return kNull;
        fail(Fault::null_not_allowed);
        return 0;
    }
    if (elements > remaining() / least) fail(Fault::truncated);
    if (elements > kArrayElementsMax) fail(Fault::too_many_elements);
    charge(elements * size);
    return failed() ? 0 : elements;
}

bool Reader::present(Presence how) {
    const std::int8_t byte = int8();
    const int absent = how == Presence::plain ? -1 : 0;
    if (byte != 1 && byte != absent) fail(Fault::presence_byte);
    return byte == 1;
}

template <class T>
void Reader::elements(std::vector<T>& to, std::size_t count, bool compact) {
    to.resize(count);
    for (T& element : to) {
        if constexpr (std::is_same_v<T, std::string>) {
            string(element, compact);
            if (failed()) return;
        } else if constexpr (std::is_same_v<T, Uuid>) {
            element = uuid();
        } else {
            element = fixed<T>();
        }
    }
}

template <class T>
constexpr std::size_t least_size(bool compact) {
    if constexpr (std::is_same_v<T, std::string>) return compact ? 1 : 2;
    return sizeof(T);
}

template <class T>
void Reader::array(std::vector<T>& to, bool compact) {
    elements(to, count(compact, false, least_size<T>(compact), sizeof(T)), compact);
}

template <class T>
void Reader::array(std::optional<std::vector<T>>& to, bool compact, bool nullable) {
    const std::size_t found = count(compact, nullable, least_size<T>(compact), sizeof(T));
    if (found == kNull) {
        to.reset();
        return;
    }
    if (!to) to.emplace();
    elements(*to, found, compact);
}

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type.
#define MOLDAU_ARRAY_OF(T)                              \
    template void Reader::array(std::vector<T>&, bool); \
    template void Reader::array(std::optional<std::vector<T>>&, bool, bool)
// NOLINTEND(bugprone-macro-parentheses)
MOLDAU_ARRAY_OF(std::int8_t);
MOLDAU_ARRAY_OF(std::int16_t);
MOLDAU_ARRAY_OF(std::int32_t);
MOLDAU_ARRAY_OF(std::int64_t);
MOLDAU_ARRAY_OF(Uuid);
MOLDAU_ARRAY_OF(std::string);
#undef MOLDAU_ARRAY_OF

std::size_t Reader::tag_count() {
    const std::size_t count = uvarint();
    if (count > kTaggedFieldsMax) fail(Fault::too_many_tags);
    if (count > remaining() / 2)
        fail(Fault::truncated);  // a tag and a size, each of a byte or more
    return failed() ? 0 : count;
}

const std::byte* Reader::enter_tag() {
    const std::size_t size = uvarint();
    const std::byte* const outer = end_;
    if (size > remaining()) {
        fail(Fault::truncated);
    } else {
        end_ = at_ + size;
    }
    return outer;
}

void Reader::leave_tag(const std::byte* outer) {
    if (at_ != end_) fail(Fault::tag_size);
    if (!failed()) end_ = outer;
}

void Reader::keep_tag(UnknownTags& to, std::uint32_t tag, const std::byte* outer) {
    charge(sizeof(UnknownTag));
    if (failed()) return;
    to.add({tag, {at_, end_}});
    at_ = end_;
    end_ = outer;
}

}  // namespace moldau::protocol
