#include "moldau/log/files/meta_properties.hpp"

#include "checkpoint_lines.hpp"
#include "file_error.hpp"

#include <map>

namespace moldau::log {
namespace {

constexpr std::string_view kVersion = "version";
constexpr std::string_view kBrokerId = "broker.id";
constexpr std::string_view kNodeId = "node.id";
constexpr std::string_view kClusterId = "cluster.id";
constexpr std::string_view kDirectoryId = "directory.id";
constexpr std::string_view kBlanks = " \t\f";

using Properties = std::map<std::string, std::string, std::less<>>;

std::string_view without_blanks_before(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    return text;
}

// A backslash takes the special meaning from the character behind it: how Java writes ':' and '='.
std::string unescaped(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        plain += text[i];
    }
    return plain;
}

std::string escaped(std::string_view text) {
    std::string written;
    for (const char c : text) {
        const bool is_lost = written.empty() && kBlanks.contains(c);  // blanks before a value are
        if (is_lost || std::string_view("\\=:#!").contains(c)) written += '\\';
        written += c;
    }
    return written;
}

Result<> read_line(std::string_view line, std::size_t number, Properties& properties) {
    line = without_blanks_before(line);
    if (line.empty() || line.front() == '#' || line.front() == '!') return {};
    const std::size_t separator = line.find_first_of("=:");
    if (separator == std::string_view::npos || separator == 0)
        return file_error("line {}: '{}' is not 'key=value'", number, line.substr(0, 64));
    std::string_view key = line.substr(0, separator);
    key = key.substr(0, key.find_last_not_of(kBlanks) + 1);
    properties.insert_or_assign(unescaped(key),
                                unescaped(without_blanks_before(line.substr(separator + 1))));
    return {};
}

// The lines of a Java properties file, as far as this file uses them: neither lines that go on on
// the next nor \uXXXX stand in it. A carriage return ends a line, too, so that no value holds one.
Result<Properties> read_properties(std::string_view file) {
    Properties properties;
    for (std::size_t number = 1; !file.empty(); ++number) {
        std::string_view row = take_until(file, '\n');
        while (!row.empty()) {
            if (Result<> ok = read_line(take_until(row, '\r'), number, properties); !ok)
                return ok.error();
        }
    }
    return properties;
}

std::string_view value_of(const Properties& properties, std::string_view key) {
    const auto found = properties.find(key);
    return found == properties.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace

Result<MetaProperties> parse_meta_properties(std::string_view file) {
    const Result<Properties> properties = read_properties(file);
    if (!properties) return properties.error();
    MetaProperties meta;
    const std::string_view version = value_of(*properties, kVersion);
    meta.version = parse_number<std::int32_t>(version).value_or(-1);
    if (meta.version != 0 && meta.version != 1)
        return file_error("version: '{}' is neither 0 nor 1", version);

    const std::string_view id_key = meta.version == 0 ? kBrokerId : kNodeId;
    if (const std::string_view id = value_of(*properties, id_key); !id.empty()) {
        meta.node_id = parse_number<std::int32_t>(id);
        if (!meta.node_id || *meta.node_id < 0) return file_error("{}: '{}' is no id", id_key, id);
    }
    meta.cluster_id = value_of(*properties, kClusterId);
    if (meta.version == 1 && !meta.node_id) return file_error("{} is missing", kNodeId);
    if (meta.version == 1 && meta.cluster_id.empty())
        return file_error("{} is missing", kClusterId);
    if (const std::string_view id = value_of(*properties, kDirectoryId); !id.empty()) {
        const Result<Uuid> parsed = Uuid::parse(id);
        if (!parsed) return file_error("{}: {}", kDirectoryId, parsed.error().detail);
        meta.directory_id = *parsed;
    }
    return meta;
}

std::string write_meta_properties(const MetaProperties& properties) {
    Properties sorted;
    if (!properties.cluster_id.empty()) sorted.emplace(kClusterId, properties.cluster_id);
    if (properties.directory_id) sorted.emplace(kDirectoryId, properties.directory_id->to_string());
    if (properties.node_id) {
        sorted.emplace(properties.version == 0 ? kBrokerId : kNodeId,
                       fmt::format("{}", *properties.node_id));
    }
    sorted.emplace(kVersion, fmt::format("{}", properties.version));
    std::string file = "#\n";
    for (const auto& [key, value] : sorted) file += fmt::format("{}={}\n", key, escaped(value));
    return file;
}

}  // namespace moldau::log
