// moldau topic offsets NAME…
#include "report.hpp"
#include "start_offsets.hpp"

#include "moldau/client/consumer.hpp"

#include <fmt/format.h>

namespace moldau::cli {
namespace {

using runtime::Task;

struct Options {
    std::vector<std::string> names;
    std::string at_text;  // empty: where each partition begins and ends
    StartAt at;
};
Result<> check(Options& options) {
    if (options.at_text.empty()) return {};
    Result<StartAt> at = parse_start(options.at_text);
    if (!at) return Error{at.error().code, "--at: " + at.error().detail};
    options.at = *at;
    return {};
}

/// Of those in `partitions` that tell; why the others do not goes to `failures`.
Task<Offsets> offsets_of(Context context, std::string topic, std::vector<std::int32_t> partitions,
                         std::int64_t timestamp, Failures* failures) {
    const auto each = co_await client::list_each_offset(context.cluster, std::move(topic),
                                                        std::move(partitions), timestamp);
    Offsets offsets;
    for (const auto& [partition, offset] : each) {
        if (offset) {
            offsets[partition] = *offset;
        } else {
            failures->add(offset.error());
        }
    }
    co_return offsets;
}

std::vector<std::int32_t> partitions_of(const Offsets& offsets) {
    std::vector<std::int32_t> partitions;
    for (const auto& [partition, offset] : offsets) partitions.push_back(partition);
    return partitions;
}

Task<> add_partitions(Context context, Options options, std::string name, Report* report,
                      Failures* failures) {
    const Result<client::TopicPtr> topic = co_await context.cluster.topic_now(name);
    if (!topic) co_return failures->add(topic_error(name, topic.error().code));
    std::vector<std::int32_t> partitions;
    for (const client::Partition& each : (*topic)->partitions) partitions.push_back(each.index);
    const Offsets starts =
        co_await offsets_of(context, name, std::move(partitions), client::kEarliest, failures);
    const Offsets ends =
        co_await offsets_of(context, name, partitions_of(starts), client::kLatest, failures);
    Result<Offsets> at = Offsets();
    if (!options.at_text.empty())
        at = co_await start_offsets(context, name, options.at, ends, "--at beginning");
    if (!at) co_return failures->add(at.error());
    for (const auto& [partition, end] : ends) {
        const auto found = at->find(partition);
        report->add({name, partition, starts.at(partition).value, end.value,
                     found == at->end() ? Cell() : Cell(found->second.value)});
    }
}

Task<Result<>> show(Context context, Options options) {
    Report report("topic.offsets");
    Failures failures(context.global);
    for (const std::string& name : options.names)
        co_await add_partitions(context, options, name, &report, &failures);
    co_return std::move(failures).print(report);
}

}  // namespace

void add_topic_offsets(Command parent, Choice& choice) {
    Command command =
        parent.command("offsets", "where partitions begin and end, or what lies at a time");
    auto options = std::make_shared<Options>();
    command.option("name", options->names, "names of the topics").required();
    command
        .option("--at", options->at_text,
                "the first offset at or behind a time in UTC (2026-11-22T18:30:05Z, "
                "@MILLISECONDS), or -COUNT before the end")
        .type_name("WHERE");
    command.when_chosen([options, &choice] {
        choice.check = [options](const Global&) { return check(*options); };
        choice.work = [options](Context context) { return show(context, *options); };
    });
}

}  // namespace moldau::cli
