#include "record_printer.hpp"

#include "moldau/cli/output.hpp"

namespace moldau::cli {
namespace {

void write_field(JsonWriter& json, const std::string& name, const std::optional<BytesView>& value) {
    if (!value) {
        json.key(name).null();
    } else if (is_utf8(as_text(*value))) {
        json.key(name).value(as_text(*value));
    } else {
        json.key(name + "_base64").value(base64(as_text(*value)));
    }
}

std::string to_json(std::int32_t partition, const record::RecordView& record) {
    JsonWriter json;
    json.begin_object().key("partition").value(partition);
    json.key("offset").value(record.offset.value);
    json.key("timestamp").value(record.timestamp.ms);
    write_field(json, "key", record.key);
    write_field(json, "value", record.value);
    json.key("headers").begin_array();
    for (const record::HeaderView& header : record.headers) {
        json.begin_object().key("key").value(header.key);
        write_field(json, "value", header.value);
        json.end_object();
    }
    return json.end_array().end_object().text();
}

}  // namespace

void append_record(std::string& to, std::int32_t partition, const record::RecordView& record,
                   const RecordFormat& format) {
    if (format.is_json) {
        to += to_json(partition, record);
    } else {
        const auto text = [&](const std::optional<BytesView>& field) {
            return field ? as_text(*field) : std::string_view(format.null_text);
        };
        if (!format.key_separator.empty()) {
            to += text(record.key);
            to += format.key_separator;
        }
        to += text(record.value);
    }
    to += '\n';
}

}  // namespace moldau::cli
