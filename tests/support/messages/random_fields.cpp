#include "support/messages/random_fields.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <string_view>

namespace moldau::support {

// One overload a type; numbers of every size and sign, the extremes more often than by chance.
struct Filler {
    RandomFields& fields;
    FieldTraits traits;

    void operator()(bool* to) const { *to = fields.one_in(2); }
    void operator()(double* to) const {
        const auto value = std::bit_cast<double>(fields.random_());
        *to = std::isnan(value) ? 0.5 : value;  // NaN equals nothing, not even itself
    }
    void operator()(ErrorCode* to) const {
        *to = static_cast<ErrorCode>(static_cast<std::int16_t>(fields.number()));
    }
    void operator()(Uuid* to) const { *to = {fields.number(), fields.number()}; }
    void operator()(std::string* to) const { *to = fields.text(); }
    void operator()(BytesView* to) const { *to = fields.bytes(); }
    template <std::integral T>
    void operator()(T* to) const {
        *to = static_cast<T>(fields.number());
    }
    template <class T>
    void operator()(std::vector<T>* to) const {
        to->resize(fields.one_in(20) ? 130 : fields.below(4));
        for (T& element : *to) (*this)(&element);
    }
    template <class T>
    void operator()(std::optional<T>* to) const {
        if (traits.nullable && fields.one_in(3)) {
            to->reset();
        } else {
            to->emplace();
            (*this)(&**to);
        }
    }
};

void RandomFields::leaf(const char*, Leaf value, FieldTraits traits) {
    if (traits.tagged && one_in(2)) return;  // stays at its default, and off the wire
    std::visit(Filler{*this, traits}, value);
}

bool RandomFields::enter(const char*, FieldTraits traits) {
    if (traits.tagged && one_in(2)) return false;
    ++depth_;
    return true;
}

bool RandomFields::present(bool, FieldTraits traits) {
    return !traits.nullable || !one_in(3);
}

std::optional<std::size_t> RandomFields::elements(std::optional<std::size_t>, FieldTraits traits) {
    if (traits.nullable && one_in(4)) return std::nullopt;
    if (depth_ == 1 && one_in(30)) return 130;  // a compact length of two bytes
    return below(depth_ > 2 ? 3 : 4);
}

void RandomFields::unknown_tags(protocol::UnknownTags& tags) {
    if (!one_in(8)) return;
    std::uint32_t tag = 100;
    for (std::uint64_t left = 1 + below(3); left > 0; --left) {
        tag += 1 + static_cast<std::uint32_t>(below(1U << 20U));
        tags.add({tag, bytes()});
    }
}

std::uint64_t RandomFields::number() {
    constexpr std::array<std::uint64_t, 8> kEdges{0,           1,          ~0ULL,      1ULL << 63U,
                                                  ~0ULL >> 1U, 0x80000000, 0x7FFFFFFF, 0x8000};
    if (one_in(3)) return kEdges[below(kEdges.size())];
    return random_() >> below(64);
}

std::string RandomFields::text() {
    constexpr std::array<std::string_view, 6> kPieces{
        "a", "topic-", "\xC3\xA9", "\xE4\xB8\x96", "\x01", "\xF0\x9F\x98\x80"};
    std::string made;
    const std::uint64_t pieces = one_in(20) ? 60 + below(80) : below(6);
    for (std::uint64_t i = 0; i < pieces; ++i) made += kPieces[below(kPieces.size())];
    return made;
}

BytesView RandomFields::bytes() {
    std::vector<std::byte>& made = kept_.emplace_back(one_in(20) ? below(300) : below(8));
    for (std::byte& byte : made) byte = static_cast<std::byte>(random_());
    return made;
}

}  // namespace moldau::support
