// moldau group lag NAME…
#include "group_requests.hpp"
#include "report.hpp"

#include "moldau/client/consumer.hpp"

#include <algorithm>
#include <map>

namespace moldau::cli {
namespace {

using runtime::Task;

struct Row {
    std::string group;
    GroupOffset offset;
    std::optional<Offset> end;  // nothing: the partition is not there, or nobody tells
};

Item item_of(const Row& row) {
    const GroupOffset& offset = row.offset;
    Cell end;
    Cell lag;
    if (row.end) {
        end = row.end->value;
        lag = std::max<std::int64_t>(0, *row.end - offset.committed);
    }
    return {row.group,      offset.topic,   offset.partition, offset.committed.value,
            std::move(end), std::move(lag), offset.metadata};
}

using Ends = std::map<std::string, std::map<std::int32_t, Offset>>;  // by topic and partition

/// The log ends of all partitions that are there and have a leader; what keeps others from being
/// told goes to `failures`.
Task<Ends> ends_of(Context context, std::map<std::string, std::vector<std::int32_t>> what,
                   Failures* failures) {
    Ends ends;
    for (const auto& [topic, partitions] : what) {
        const Result<client::TopicPtr> there = co_await context.cluster.topic_now(topic);
        if (!there && there.error().code == ErrorCode::unknown_topic_or_partition) continue;
        if (!there) {
            failures->add(topic_error(topic, there.error().code));
            continue;
        }
        std::vector<std::int32_t> led;
        for (const client::Partition& each : (*there)->partitions) {
            if (each.leader.value >= 0 &&
                std::ranges::find(partitions, each.index) != partitions.end())
                led.push_back(each.index);
        }
        const auto each = co_await client::list_each_offset(context.cluster, topic, std::move(led),
                                                            client::kLatest);
        for (const auto& [partition, end] : each) {
            if (end) {
                ends[topic][partition] = *end;
            } else {
                failures->add(end.error());
            }
        }
    }
    co_return ends;
}

/// Errors: group_id_not_found, where there is no such group, and those of committed_offsets()
Task<Result<std::vector<GroupOffset>>> offsets_of(Context context, std::string name) {
    Result<std::vector<GroupOffset>> offsets = co_await committed_offsets(context, name);
    if (!offsets || !offsets->empty()) co_return offsets;
    // One that has committed nothing, or none at all?
    const Result<std::vector<ListedGroup>> groups = co_await list_groups(context);
    if (!groups) co_return group_error(name, groups.error());
    if (std::ranges::find(*groups, name, &ListedGroup::name) == groups->end())
        co_return group_error(name, ErrorCode::group_id_not_found);
    co_return offsets;
}

Task<Result<>> show_lag(Context context, std::vector<std::string> names) {
    std::vector<Row> rows;
    std::map<std::string, std::vector<std::int32_t>> asked;
    Failures failures(context.global);
    for (const std::string& name : names) {
        Result<std::vector<GroupOffset>> offsets = co_await offsets_of(context, name);
        if (!offsets) {
            failures.add(offsets.error());
            continue;
        }
        for (GroupOffset& offset : *offsets) {
            asked[offset.topic].push_back(offset.partition);
            rows.push_back({.group = name, .offset = std::move(offset), .end = std::nullopt});
        }
    }
    const Ends ends = co_await ends_of(context, std::move(asked), &failures);
    for (Row& row : rows) {
        const auto topic = ends.find(row.offset.topic);
        if (topic == ends.end()) continue;
        const auto end = topic->second.find(row.offset.partition);
        if (end != topic->second.end()) row.end = end->second;
    }
    Report report("group.lag");
    for (const Row& row : rows) report.add(item_of(row));
    co_return std::move(failures).print(report);
}

}  // namespace

void add_group_lag(Command parent, Choice& choice) {
    Command command =
        parent.command("lag", "what groups have committed, and how far that is from the end");
    auto names = std::make_shared<std::vector<std::string>>();
    command.option("name", *names, "names of the groups").required();
    command.when_chosen([names, &choice] {
        choice.work = [names](Context context) { return show_lag(context, *names); };
    });
}

}  // namespace moldau::cli
