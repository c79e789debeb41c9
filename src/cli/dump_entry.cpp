#include "dump_entry.hpp"

#include <algorithm>

namespace moldau::cli {
namespace {

bool is_plain(std::string_view text) {
    return !text.empty() && is_utf8(text) && std::ranges::all_of(text, [](char each) {
        const auto byte = static_cast<unsigned char>(each);
        return byte > 0x20 && byte != 0x7F && each != '"' && each != '=';
    });
}

}  // namespace

Entry& Entry::add(std::string_view key, std::string_view text) {
    std::string json = json_string(text);
    fields_.push_back({std::string(key), json, is_plain(text) ? std::string(text) : json});
    return *this;
}

Entry& Entry::add_json(std::string_view key, const std::string& json) {
    fields_.push_back({std::string(key), json, json});
    return *this;
}

void Entry::append_line(std::string& to, std::size_t indent) const {
    to.append(indent, ' ');
    bool is_first = true;
    for (const Field& field : fields_) {
        if (!std::exchange(is_first, false)) to += ' ';
        to += field.key + '=' + field.plain;
    }
    to += '\n';
    for (const Entry& record : records_) record.append_line(to, indent + 2);
}

std::string Entry::to_line() const {
    std::string line;
    append_line(line, 0);
    return line;
}

void Entry::append_fields(JsonWriter& to) const {
    for (const Field& field : fields_) to.key(field.key).json(field.json);
    if (records_.empty()) return;
    to.key("records").begin_array();
    for (const Entry& record : records_) {
        to.begin_object();
        record.append_fields(to);
        to.end_object();
    }
    to.end_array();
}

std::string Entry::to_json(std::string_view file) const {
    JsonWriter json;
    json.begin_object().key("file").value(file);
    append_fields(json);
    return json.end_object().text() + '\n';
}

}  // namespace moldau::cli
