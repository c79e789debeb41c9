// How fields of messages become JSON; generated code (generator/emit_json.py) calls these.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/error_code.hpp"
#include "moldau/base/uuid.hpp"
#include "moldau/cli/output.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moldau::cli {

inline void write_value(JsonWriter& to, bool value, std::int16_t) {
    to.value(value);
}
template <std::integral T>
void write_value(JsonWriter& to, T value, std::int16_t) {
    to.value(value);
}
inline void write_value(JsonWriter& to, double value, std::int16_t) {
    to.value(value);
}
inline void write_value(JsonWriter& to, ErrorCode value, std::int16_t) {
    to.value(static_cast<std::int16_t>(value));
}
inline void write_value(JsonWriter& to, const Uuid& value, std::int16_t) {
    to.value(value.to_string());
}
inline void write_value(JsonWriter& to, const std::string& value, std::int16_t) {
    to.value(value);
}
inline void write_value(JsonWriter& to, BytesView value, std::int16_t) {
    to.value(base64(as_text(value)));
}

/// A struct: its own write_fields() is found when this is used, in generated code.
template <class T>
    requires std::is_class_v<T>
void write_value(JsonWriter& to, const T& value, std::int16_t version) {
    to.begin_object();
    write_fields(to, value, version);
    to.end_object();
}
template <class T>
void write_value(JsonWriter& to, const std::vector<T>& value, std::int16_t version) {
    to.begin_array();
    for (const T& each : value) write_value(to, each, version);
    to.end_array();
}
template <class T>
void write_value(JsonWriter& to, const std::optional<T>& value, std::int16_t version) {
    if (value) {
        write_value(to, *value, version);
    } else {
        to.null();
    }
}

template <class T>
void write_field(JsonWriter& to, const char* name, const T& value, std::int16_t version) {
    to.key(name);
    write_value(to, value, version);
}

/// A tagged struct is left away when it is as it is by default.
template <class T>
bool at_default(const T& value) {
    return value == T{};
}

}  // namespace moldau::cli
