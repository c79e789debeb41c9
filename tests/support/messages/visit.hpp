// What generated visitors share. visit() of each struct stands in the generated file.
#pragma once

#include "support/messages/field_visitor.hpp"
#include "support/messages/message_type.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace moldau::protocol {

using support::FieldTraits;
using support::FieldVisitor;

template <class T>
bool at_default(const T& value) {
    return value == T{};
}

template <class T>
void visit_struct(T& value, std::int16_t version, FieldVisitor& to) {
    to.begin_struct();
    visit(value, version, to);
    to.end_struct();
}

template <class T>
void visit_elements(std::vector<T>& value, std::size_t count, std::int16_t version,
                    FieldVisitor& to) {
    value.resize(count);
    for (T& element : value) visit_struct(element, version, to);
}

template <class T>
void visit_field(const char* name, T& value, FieldTraits traits, std::int16_t version,
                 FieldVisitor& to) {
    if (!to.enter(name, traits)) return;
    visit_struct(value, version, to);
    to.leave();
}

template <class T>
void visit_field(const char* name, std::optional<T>& value, FieldTraits traits,
                 std::int16_t version, FieldVisitor& to) {
    if (!to.enter(name, traits)) return;
    if (to.present(value.has_value(), traits)) {
        if (!value) value.emplace();
        visit_struct(*value, version, to);
    } else {
        value.reset();
    }
    to.leave();
}

template <class T>
void visit_field(const char* name, std::vector<T>& value, FieldTraits traits, std::int16_t version,
                 FieldVisitor& to) {
    if (!to.enter(name, traits)) return;
    visit_elements(value, to.elements(value.size(), traits).value_or(0), version, to);
    to.leave();
}

template <class T>
void visit_field(const char* name, std::optional<std::vector<T>>& value, FieldTraits traits,
                 std::int16_t version, FieldVisitor& to) {
    if (!to.enter(name, traits)) return;
    const auto now = value ? std::optional(value->size()) : std::nullopt;
    if (const auto count = to.elements(now, traits)) {
        if (!value) value.emplace();
        visit_elements(*value, *count, version, to);
    } else {
        value.reset();
    }
    to.leave();
}

template <class M>
void visit_message(void* object, std::int16_t version, FieldVisitor& to) {
    visit_struct(*static_cast<M*>(object), version, to);
}

template <class M>
support::MessageType message_type(std::string_view kind, int number) {
    return {
        .name = M::kName,
        .kind = kind,
        .number = number,
        .versions = M::kVersions,
        .first_flexible = M::kFirstFlexible,
        .make = []() -> void* { return new M(); },
        .destroy = [](void* m) { delete static_cast<M*>(m); },
        .decode = [](void* m, Reader& in,
                     std::int16_t v) { return static_cast<M*>(m)->decode(in, v); },
        .encoded_size = [](const void* m,
                           std::int16_t v) { return static_cast<const M*>(m)->encoded_size(v); },
        .encode = [](const void* m, Writer& out,
                     std::int16_t v) { static_cast<const M*>(m)->encode(out, v); },
        .visit = &visit_message<M>,
        .equal =
            [](const void* a, const void* b) {
                return *static_cast<const M*>(a) == *static_cast<const M*>(b);
            },
    };
}

}  // namespace moldau::protocol
