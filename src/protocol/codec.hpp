// What generated codecs share: how structs, and arrays of structs, are read and put. read() and
// put() of the struct itself are found beside the generated code.
#pragma once

#include "moldau/base/check.hpp"
#include "moldau/protocol/reader.hpp"
#include "moldau/protocol/writer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace moldau::protocol {

template <class T>
void read_elements(std::vector<T>& to, std::size_t count, Reader& in, std::int16_t version) {
    to.resize(count);
    for (T& element : to) {
        read(element, in, version);
        if (in.failed()) return;
    }
}

template <class T>
void read_array(std::vector<T>& to, Reader& in, std::int16_t version, bool compact,
                std::size_t least) {
    read_elements(to, in.count(compact, false, least, sizeof(T)), in, version);
}

template <class T>
void read_array(std::optional<std::vector<T>>& to, Reader& in, std::int16_t version, bool compact,
                std::size_t least, bool nullable) {
    const std::size_t count = in.count(compact, nullable, least, sizeof(T));
    if (count == Reader::kNull) return to.reset();
    if (!to) to.emplace();
    read_elements(*to, count, in, version);
}

template <class T>
void read_present(std::optional<T>& to, Reader& in, std::int16_t version, Presence how) {
    if (!in.present(how)) return to.reset();
    if (!to) to.emplace();
    read(*to, in, version);
}

template <class T, class Out>
void put_array(const std::vector<T>& from, Out& out, std::int16_t version, bool compact) {
    out.count(from.size(), compact);
    for (const T& element : from) put(element, out, version);
}

template <class T, class Out>
void put_array(const std::optional<std::vector<T>>& from, Out& out, std::int16_t version,
               bool compact, bool nullable) {
    if (!from) return out.null_array(compact, nullable);
    put_array(*from, out, version, compact);
}

template <class T, class Out>
void put_present(const std::optional<T>& from, Out& out, std::int16_t version, Presence how) {
    out.presence(from.has_value(), how);
    if (from) put(*from, out, version);
}

template <class T>
bool at_default(const T& value) {
    return value == T{};
}

inline bool same_bytes(BytesView a, BytesView b) {
    return equal(a, b);
}
inline bool same_bytes(const std::optional<BytesView>& a, const std::optional<BytesView>& b) {
    return a.has_value() == b.has_value() && (!a || equal(*a, *b));
}

}  // namespace moldau::protocol
