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

}  // namespace moldau::cli
