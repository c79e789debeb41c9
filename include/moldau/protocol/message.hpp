// What all generated messages share: version ranges, tagged fields that we do not know, and the
// values that helpers exchange with them.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/error_code.hpp"
#include "moldau/base/result.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace moldau::protocol {

/// Versions of a message, both ends included. `{0, -1}` is the range of a message that has none
/// left.
struct VersionRange {
    std::int16_t first = 0;
    std::int16_t last = -1;

    constexpr bool contains(std::int16_t version) const {
        return version >= first && version <= last;
    }
    constexpr bool empty() const { return last < first; }
    friend constexpr bool operator==(VersionRange, VersionRange) = default;
};

/// The first flexible version of a message that has no flexible one (KIP-482).
inline constexpr std::int16_t kNeverFlexible = INT16_MAX;

/// The byte before a struct that may be null: 1 when it is there; when it is not, -1, but 0 where
/// the struct is a tagged field.
enum class Presence : std::uint8_t { plain, tagged };

/// A tagged field that this schema does not know: kept, so that it goes out again as it came in.
struct UnknownTag {
    std::uint32_t tag = 0;
    BytesView data;  // a view on the receive buffer, as all bytes are

    friend bool operator==(const UnknownTag& a, const UnknownTag& b) {
        return a.tag == b.tag && equal(a.data, b.data);
    }
};

/// The unknown tags of one struct, ascending. One pointer, null in all but newer peers' messages.
class UnknownTags {
public:
    UnknownTags() = default;
    UnknownTags(const UnknownTags& other)
        : list_(other.list_ == nullptr ? nullptr : std::make_unique<List>(*other.list_)) {}
    UnknownTags(UnknownTags&&) noexcept = default;
    UnknownTags& operator=(UnknownTags other) noexcept {
        list_ = std::move(other.list_);
        return *this;
    }
    ~UnknownTags() = default;

    bool empty() const { return list_ == nullptr || list_->empty(); }
    std::size_t size() const { return list_ == nullptr ? 0 : list_->size(); }
    const UnknownTag* begin() const { return list_ == nullptr ? nullptr : list_->data(); }
    const UnknownTag* end() const { return begin() + size(); }

    void add(UnknownTag tag) {
        if (list_ == nullptr) list_ = std::make_unique<List>();
        list_->push_back(tag);
    }
    void clear() {
        if (list_ != nullptr) list_->clear();
    }
    /// After reading them from one buffer: ascending order; of a tag that came twice the last one
    /// stays, as for known tags.
    void settle();

    friend bool operator==(const UnknownTags& a, const UnknownTags& b) {
        return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
    }

private:
    using List = std::vector<UnknownTag>;
    std::unique_ptr<List> list_;
};

/// unsupported_version, for a message that has no such version.
Error unsupported_version(std::string_view message, std::int16_t version);

}  // namespace moldau::protocol
