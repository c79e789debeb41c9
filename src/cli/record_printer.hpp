// Records as text.
#pragma once

#include "moldau/record/record.hpp"

#include <cstdint>
#include <string>

namespace moldau::cli {

struct RecordFormat {
    bool is_json = false;
    std::string key_separator;  // empty: only the value is written
    std::string null_text;
};

/// Appends one line. As text: the value, or key, separator and value, as they are. As JSON: an
/// object; a key or value that is not UTF-8 stands in base64 under `key_base64`, `value_base64`.
void append_record(std::string& to, std::int32_t partition, const record::RecordView& record,
                   const RecordFormat& format);

}  // namespace moldau::cli
