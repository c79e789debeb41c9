#include "moldau/log/files/partition_metadata.hpp"

#include "checkpoint_lines.hpp"
#include "file_error.hpp"

namespace moldau::log {
namespace {

constexpr std::string_view kVersionKey = "version: ";
constexpr std::string_view kTopicIdKey = "topic_id: ";

}  // namespace

Result<PartitionMetadata> parse_partition_metadata(std::string_view file) {
    const std::string_view version = take_until(file, '\n');
    if (!version.starts_with(kVersionKey) ||
        parse_number<std::int32_t>(version.substr(kVersionKey.size())) != 0) {
        return file_error("line 1: '{}' instead of 'version: 0'", version.substr(0, 64));
    }
    const std::string_view topic_id = take_until(file, '\n');
    if (!topic_id.starts_with(kTopicIdKey))
        return file_error("line 2: '{}' is not 'topic_id: ID'", topic_id.substr(0, 64));
    if (!file.empty()) return file_error("line 3: more lines than two");
    const Result<Uuid> id = Uuid::parse(topic_id.substr(kTopicIdKey.size()));
    if (!id) return file_error("line 2: {}", id.error().detail);
    if (id->is_zero()) return file_error("line 2: the topic id is zero");
    return PartitionMetadata{*id};
}

std::string write_partition_metadata(const PartitionMetadata& metadata) {
    return fmt::format("{}0\n{}{}", kVersionKey, kTopicIdKey, metadata.topic_id.to_string());
}

}  // namespace moldau::log
