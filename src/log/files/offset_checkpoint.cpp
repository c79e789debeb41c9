#include "moldau/log/files/offset_checkpoint.hpp"

#include "checkpoint_lines.hpp"
#include "file_error.hpp"

#include "moldau/base/topic_name.hpp"

namespace moldau::log {
Result<std::vector<PartitionOffset>> parse_offset_checkpoint(std::string_view file) {
    const Result<std::vector<std::string_view>> lines = checkpoint_lines(file);
    if (!lines) return lines.error();
    std::vector<PartitionOffset> offsets;
    offsets.reserve(lines->size());
    for (std::string_view line : *lines) {
        const std::string_view whole = line;
        const std::string_view topic = take_until(line, ' ');
        const auto partition = parse_number<std::int32_t>(take_until(line, ' '));
        const auto offset = parse_number<std::int64_t>(line);
        // Names are not paths: what a topic cannot be called does not come out of a file either.
        if (!check_topic_name(topic) || !partition || !offset || *partition < 0 || *offset < 0) {
            return file_error("line {}: '{}' is not 'topic partition offset'",
                              line_number(offsets.size()), whole.substr(0, 64));
        }
        offsets.push_back({std::string(topic), *partition, {*offset}});
    }
    return offsets;
}

std::string write_offset_checkpoint(std::span<const PartitionOffset> offsets) {
    std::string file = fmt::format("0\n{}\n", offsets.size());
    for (const PartitionOffset& entry : offsets) {
        file += fmt::format("{} {} {}\n", entry.topic, entry.partition, entry.offset.value);
    }
    return file;
}

}  // namespace moldau::log
