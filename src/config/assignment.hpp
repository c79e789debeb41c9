// What the readers of files hand on: keys with what was written for them, and where.
#pragma once

#include "parse_value.hpp"

#include "moldau/config/load.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace moldau::config {

struct Assignment {
    std::string key;
    Written written;
    Origin origin;
};

struct FileContents {
    std::vector<Assignment> assignments;  // in the file's order; a key may occur more than once
    std::vector<Problem> errors;          // what could not be read
    std::vector<Problem> warnings;
};

/// java.util.Properties: `key=value`, `key: value`, `key value`, # and ! for comments, \ at the end
/// of a line to go on, \uXXXX. Bytes are ISO 8859-1, as Kafka reads them.
FileContents read_properties(const File& file);

/// YAML: nested maps make dotted keys, sequences make lists. One document; no anchors, no tags.
FileContents read_yaml(const File& file);

}  // namespace moldau::config
