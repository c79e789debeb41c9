// What a command prints: items of one kind (kinds.hpp), each filled once, as a table for people or
// as one JSON document for programs.
#pragma once

#include "command.hpp"
#include "kinds.hpp"

#include "moldau/base/result.hpp"

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace moldau::cli {

class Cell;
/// A cell for each field of the kind, or of its rows, in their order.
using Item = std::vector<Cell>;

class Cell {
public:
    struct Map {
        std::vector<std::string> names;
        std::vector<Cell> values;  // one for each name
    };
    using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string,
                               std::vector<Cell>, Map, std::vector<Item>>;

    Cell() = default;  // null
    Cell(bool truth) : value_(truth) {}
    Cell(std::integral auto number) : value_(static_cast<std::int64_t>(number)) {}
    Cell(double number) : value_(number) {}
    Cell(std::string text) : value_(std::move(text)) {}
    Cell(std::string_view text) : value_(std::string(text)) {}
    Cell(const char* text) : value_(std::string(text)) {}
    Cell(Map map) : value_(std::move(map)) {}
    Cell(std::vector<Item> rows) : value_(std::move(rows)) {}
    template <class T>
    Cell(const std::optional<T>& value) {
        if (value) *this = Cell(*value);
    }
    /// An array of numbers or texts.
    template <class T>
        requires std::constructible_from<Cell, T>
    Cell(const std::vector<T>& list) : value_(std::vector<Cell>(list.begin(), list.end())) {}
    template <class T>
    Cell(const std::map<std::string, T>& map) {
        Map cells;
        for (const auto& [name, value] : map) {
            cells.names.push_back(name);
            cells.values.emplace_back(value);
        }
        value_ = std::move(cells);
    }

    /// On a table, where that is not the value itself.
    Cell&& shown_as(std::string text) && {
        shown_ = std::move(text);
        return std::move(*this);
    }

    const Value& value() const { return value_; }
    bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
    /// "-" where there is nothing, "yes", 1,2,3, key=value key=value.
    std::string to_text() const;

private:
    Value value_;
    std::optional<std::string> shown_;
};

class Report {
public:
    explicit Report(std::string_view kind) : kind_(&kind_named(kind)) {}
    void add(Item item);
    bool empty() const { return items_.empty(); }

    /// The envelope: one line, {"kind":…,"version":1,"items":[…]}.
    std::string to_json() const;
    /// Nothing when the kind shows nothing: such commands tell what they did on stderr.
    std::string to_table() const;

private:
    const Kind* kind_;
    std::vector<Item> items_;
};

/// To stdout. Errors: those of print()
Result<> print(const Global& global, const Report& report);

/// What went wrong of several things that one command is to do. Each error is said; the last one is
/// what the command ends with.
class Failures {
public:
    explicit Failures(const Global& global) : global_(&global) {}
    void add(Error error);
    /// For the command: nothing, or its error.
    Result<> outcome() &&;
    /// Prints what could be done, unless that is nothing at all, and gives outcome().
    Result<> print(const Report& done) &&;

private:
    const Global* global_;
    std::optional<Error> last_;  // not said yet
};

/// To stderr: `error: …`, or {"kind":"error","version":1,"code":…,"message":…} on one line.
void say_error(Output output, const Error& error);

}  // namespace moldau::cli
