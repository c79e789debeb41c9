#include "moldau/log/files/leader_epoch_checkpoint.hpp"

#include "checkpoint_lines.hpp"
#include "file_error.hpp"

namespace moldau::log {

Result<std::vector<EpochStart>> parse_leader_epoch_checkpoint(std::string_view file) {
    const Result<std::vector<std::string_view>> lines = checkpoint_lines(file);
    if (!lines) return lines.error();
    std::vector<EpochStart> starts;
    starts.reserve(lines->size());
    for (std::string_view line : *lines) {
        const std::string_view whole = line;
        const auto epoch = parse_number<std::int32_t>(take_until(line, ' '));
        const auto offset = parse_number<std::int64_t>(line);
        if (!epoch || !offset || *epoch < 0 || *offset < 0) {
            return file_error("line {}: '{}' is not 'epoch offset'", line_number(starts.size()),
                              whole.substr(0, 64));
        }
        const EpochStart start{{*epoch}, {*offset}};
        if (!starts.empty() && (start.epoch <= starts.back().epoch ||
                                start.start_offset < starts.back().start_offset)) {
            return file_error("line {}: epoch {} from offset {} after epoch {} from offset {}",
                              line_number(starts.size()), *epoch, *offset,
                              starts.back().epoch.value, starts.back().start_offset.value);
        }
        starts.push_back(start);
    }
    return starts;
}

std::string write_leader_epoch_checkpoint(std::span<const EpochStart> starts) {
    std::string file = fmt::format("0\n{}\n", starts.size());
    for (const EpochStart& start : starts) {
        file += fmt::format("{} {}\n", start.epoch.value, start.start_offset.value);
    }
    return file;
}

}  // namespace moldau::log
