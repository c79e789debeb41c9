// From the text of a file and of the command line to Settings, or to everything that is wrong with
// them at once. Nothing here touches the disk: the caller reads the file.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/config/settings.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::config {

/// A larger file is refused; the caller need not read further than one byte past it.
inline constexpr std::size_t kFileBytesMax = std::size_t{1} << 20U;

struct File {
    std::string name;  // for messages; `.yaml`, `.yml` and `.properties` say what it is
    std::string text;
};

/// One setting given outside the file, in the order given; overrides the file's.
struct Overlay {
    std::string key;
    std::string value;
    std::string source;  // `--set`, `--listen` …
};

struct Problem {
    Origin origin;
    std::string key;      // empty where it concerns the file
    std::string message;  // with the value, unless that is secret, and what is allowed

    /// `server.properties:12: socket.request.max.bytes: …`
    std::string to_string() const;
};

struct Loaded {
    std::optional<Settings> settings;  // there when `errors` is empty
    std::vector<Problem> errors;       // each stops the start
    std::vector<Problem> warnings;
};

/// Reads, checks and combines: the command line over the file over the defaults.
Loaded load(const std::optional<File>& file, std::span<const Overlay> overlays);

/// `key=value` as `--set` takes it.
/// Errors: invalid_config
Result<Overlay> parse_set(std::string_view text);

enum class FileKind : std::uint8_t { yaml, properties };
/// By the name's extension, else by what the first line that says something looks like.
FileKind kind_of(const File& file);

}  // namespace moldau::config
