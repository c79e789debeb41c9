#include "start_offsets.hpp"

#include "moldau/client/consumer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace moldau::cli {

runtime::Task<Result<Offsets>> start_offsets(Context context, std::string topic, StartAt from,
                                             Offsets ends, std::string hint) {
    std::vector<std::int32_t> partitions;
    for (const auto& [partition, end] : ends) partitions.push_back(partition);
    if (from.kind == StartAt::Kind::end) co_return ends;
    const bool by_time = from.kind == StartAt::Kind::time;
    Result<Offsets> starts = co_await client::list_offsets(
        context.cluster, topic, partitions, by_time ? from.number : client::kEarliest);
    if (!starts) co_return starts;
    for (auto& [partition, start] : *starts) {
        const Offset end = ends.at(partition);
        if (by_time && start.value < 0) start = end;  // nothing as late as that
        if (from.kind == StartAt::Kind::last)
            start = std::max(start, Offset{end.value - std::min(end.value, from.number)});
        if (from.kind == StartAt::Kind::offset) {
            if (from.number > end.value || from.number < start.value)
                co_return Error{
                    ErrorCode::offset_out_of_range,
                    fmt::format("partition {} of topic '{}' has no offset {}: it holds {} to {} "
                                "({})",
                                partition, topic, from.number, start.value, end.value, hint)};
            start = {from.number};
        }
    }
    co_return starts;
}

runtime::Task<Result<Located>> locate(Context context, std::string topic,
                                      std::vector<std::int32_t> partitions, StartAt from,
                                      std::string hint) {
    Result<client::TopicPtr> found = co_await context.cluster.topic_now(topic);
    if (!found) co_return topic_error(topic, found.error().code);
    if (partitions.empty()) {
        for (const client::Partition& each : (*found)->partitions) partitions.push_back(each.index);
    }
    Result<Offsets> ends =
        co_await client::list_offsets(context.cluster, topic, partitions, client::kLatest);
    if (!ends) co_return ends.error();
    Result<Offsets> at = co_await start_offsets(context, topic, from, *ends, hint);
    if (!at) co_return at.error();
    co_return Located{.topic = std::move(*found), .ends = std::move(*ends), .at = std::move(*at)};
}

}  // namespace moldau::cli
