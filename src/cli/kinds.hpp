// What commands print with -o json: every kind of document and its fields, in one table, so that
// programs can rely on them. docs/cli.md is made from it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace moldau::cli {

inline constexpr int kEnvelopeVersion = 1;  // raised when a field goes away or changes its meaning

enum class Type : std::uint8_t {
    text,
    number,
    decimal,
    truth,
    numbers,  // an array
    texts,
    map,   // an object whose keys are data
    rows,  // an array of objects with fields of their own
};

/// Where a table shows a field. What is shown below makes each item a section of its own.
enum class Shown : std::uint8_t { no, cell, cell_if_any, below };

struct Field {
    std::string_view key;
    Type type = Type::text;
    Shown shown = Shown::no;
    std::string_view head;  // of its column
    std::string_view meaning;
    std::span<const Field> fields = {};  // of rows
};

struct Kind {
    std::string_view name;  // the command's words, with a dot between them
    std::string_view meaning;
    std::span<const Field> fields;
};

std::span<const Kind> kinds();
/// `name` is in the table.
const Kind& kind_named(std::string_view name);
std::string_view to_text(Type type);

}  // namespace moldau::cli
