#include "report.hpp"

#include "moldau/base/check.hpp"
#include "moldau/cli/output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace moldau::cli {
namespace {

/// std::visit's cases, written one below the other.
template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

bool has_type(const Cell& cell, Type type) {
    switch (type) {
        case Type::text:
            return std::holds_alternative<std::string>(cell.value());
        case Type::number:
            return std::holds_alternative<std::int64_t>(cell.value());
        case Type::decimal:
            return std::holds_alternative<double>(cell.value());
        case Type::truth:
            return std::holds_alternative<bool>(cell.value());
        case Type::numbers:
        case Type::texts:
            return std::holds_alternative<std::vector<Cell>>(cell.value());
        case Type::map:
            return std::holds_alternative<Cell::Map>(cell.value());
        case Type::rows:
            return std::holds_alternative<std::vector<Item>>(cell.value());
    }
    return false;
}

void check_item(std::span<const Field> fields, const Item& item) {
    MOLDAU_CHECK(item.size() == fields.size(), "cells={} fields={} first={}", item.size(),
                 fields.size(), fields.front().key);
    for (std::size_t i = 0; i < item.size(); ++i) {
        MOLDAU_CHECK(item[i].is_null() || has_type(item[i], fields[i].type), "field={}",
                     fields[i].key);
        const auto* rows = std::get_if<std::vector<Item>>(&item[i].value());
        if (rows == nullptr) continue;
        for (const Item& row : *rows) check_item(fields[i].fields, row);
    }
}

void write_item(JsonWriter& to, std::span<const Field> fields, const Item& item);

void write_cell(JsonWriter& to, const Cell& cell, std::span<const Field> fields) {
    const auto write_list = [&](const std::vector<Cell>& list) {
        to.begin_array();
        for (const Cell& each : list) write_cell(to, each, {});
        to.end_array();
    };
    const auto write_map = [&](const Cell::Map& map) {
        to.begin_object();
        for (std::size_t i = 0; i < map.names.size(); ++i) {
            to.key(map.names[i]);
            write_cell(to, map.values[i], {});
        }
        to.end_object();
    };
    const auto write_rows = [&](const std::vector<Item>& rows) {
        to.begin_array();
        for (const Item& row : rows) write_item(to, fields, row);
        to.end_array();
    };
    std::visit(Overloaded{[&](std::monostate) { to.null(); }, write_list, write_map, write_rows,
                          [&](const std::string& text) { to.value(text); },
                          [&](bool truth) { to.value(truth); },
                          [&](std::int64_t number) { to.value(number); },
                          [&](double number) { to.value(number); }},
               cell.value());
}

void write_item(JsonWriter& to, std::span<const Field> fields, const Item& item) {
    to.begin_object();
    for (std::size_t i = 0; i < item.size(); ++i) {
        to.key(fields[i].key);
        write_cell(to, item[i], fields[i].fields);
    }
    to.end_object();
}

bool is_column(std::span<const Field> fields, const std::vector<Item>& items, std::size_t at) {
    if (fields[at].shown == Shown::cell) return true;
    return fields[at].shown == Shown::cell_if_any &&
           std::ranges::any_of(items, [at](const Item& item) { return !item[at].is_null(); });
}

std::string table_of(std::span<const Field> fields, const std::vector<Item>& items) {
    std::vector<std::size_t> columns;
    std::vector<std::string> heads;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (!is_column(fields, items, i)) continue;
        columns.push_back(i);
        heads.emplace_back(fields[i].head);
    }
    if (columns.empty()) return {};
    Table table(std::move(heads));
    for (const Item& item : items) {
        std::vector<std::string> cells;
        cells.reserve(columns.size());
        for (const std::size_t i : columns) cells.push_back(item[i].to_text());
        table.add(std::move(cells));
    }
    return table.to_string();
}

std::string below(const Field& field, const Cell& cell) {
    if (const auto* rows = std::get_if<std::vector<Item>>(&cell.value()))
        return rows->empty() ? std::string() : table_of(field.fields, *rows);
    std::string text;
    if (const auto* map = std::get_if<Cell::Map>(&cell.value())) {
        for (std::size_t i = 0; i < map->names.size(); ++i)
            text += fmt::format("  {}={}\n", map->names[i], map->values[i].to_text());
        return text;
    }
    if (cell.is_null() || cell.to_text() == "-") return text;
    return fmt::format("  {}\n", cell.to_text());
}

/// `name  key=value key=value`, and below what has lines of its own.
std::string section_of(std::span<const Field> fields, const Item& item) {
    std::string line;
    std::string lines;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (fields[i].shown == Shown::below) lines += below(fields[i], item[i]);
        if (fields[i].shown != Shown::cell) continue;
        if (line.empty()) {
            line = item[i].to_text() + ' ';
        } else {
            line += fmt::format(" {}={}", fields[i].key, item[i].to_text());
        }
    }
    return line + '\n' + lines;
}

}  // namespace

std::string Cell::to_text() const {
    if (shown_) return *shown_;
    const auto list = [](const std::vector<Cell>& cells) {
        std::string text;
        for (const Cell& each : cells) text += (text.empty() ? "" : ",") + each.to_text();
        return text.empty() ? "-" : text;
    };
    const auto map = [](const Map& cells) {
        std::string text;
        for (std::size_t i = 0; i < cells.names.size(); ++i)
            text += fmt::format("{}{}={}", text.empty() ? "" : " ", cells.names[i],
                                cells.values[i].to_text());
        return text.empty() ? "-" : text;
    };
    return std::visit(
        Overloaded{[](std::monostate) { return std::string("-"); }, list, map,
                   [](const std::string& text) { return text.empty() ? "-" : text; },
                   [](bool truth) { return std::string(truth ? "yes" : "-"); },
                   [](std::int64_t number) { return std::to_string(number); },
                   [](double number) { return fmt::format("{}", number); },
                   [](const std::vector<Item>& rows) { return std::to_string(rows.size()); }},
        value_);
}

void Report::add(Item item) {
    check_item(kind_->fields, item);
    items_.push_back(std::move(item));
}

std::string Report::to_json() const {
    JsonWriter json;
    json.begin_object().key("kind").value(kind_->name).key("version").value(kEnvelopeVersion);
    json.key("items").begin_array();
    for (const Item& item : items_) write_item(json, kind_->fields, item);
    return json.end_array().end_object().text() + '\n';
}

std::string Report::to_table() const {
    if (std::ranges::find(kind_->fields, Shown::below, &Field::shown) == kind_->fields.end())
        return table_of(kind_->fields, items_);
    std::string text;
    for (const Item& item : items_) {
        if (!text.empty()) text += '\n';
        text += section_of(kind_->fields, item);
    }
    return text;
}

Result<> print(const Global& global, const Report& report) {
    return print(global.output == Output::json ? report.to_json() : report.to_table());
}

void Failures::add(Error error) {
    if (last_) say_error(global_->output, *last_);
    last_ = std::move(error);
}

Result<> Failures::outcome() && {
    if (last_) return std::move(*last_);
    return {};
}

Result<> Failures::print(const Report& done) && {
    if (!last_ || !done.empty()) {
        if (Result<> printed = cli::print(*global_, done); !printed) add(printed.error());
    }
    return std::move(*this).outcome();
}

void say_error(Output output, const Error& error) {
    if (output == Output::table) {
        std::string text = "error: ";  // before each line: settings may have several
        for (const char each : error.detail) text += each == '\n' ? "\nerror: " : std::string{each};
        fmt::print(stderr, "{}\n", text);
        return;
    }
    JsonWriter json;
    json.begin_object().key("kind").value("error").key("version").value(kEnvelopeVersion);
    json.key("code").value(name(error.code)).key("message").value(error.detail).end_object();
    fmt::print(stderr, "{}\n", json.text());
}

}  // namespace moldau::cli
