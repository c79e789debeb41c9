// moldau topic offsets NAME…
#include "report.hpp"
#include "start_offsets.hpp"

#include "moldau/client/consumer.hpp"

#include <CLI/CLI.hpp>
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

Task<Result<>> add_partitions(Context context, Options options, std::string name, Report* report) {
    const Result<client::TopicPtr> topic = co_await context.cluster.topic_now(name);
    if (!topic) co_return topic_error(name, topic.error().code);
    std::vector<std::int32_t> partitions;
    for (const client::Partition& each : (*topic)->partitions) partitions.push_back(each.index);
    const Result<Offsets> starts =
        co_await client::list_offsets(context.cluster, name, partitions, client::kEarliest);
    if (!starts) co_return starts.error();
    const Result<Offsets> ends =
        co_await client::list_offsets(context.cluster, name, partitions, client::kLatest);
    if (!ends) co_return ends.error();
    Result<Offsets> at = Offsets();
    if (!options.at_text.empty())
        at = co_await start_offsets(context, name, options.at, *ends, "--at beginning");
    if (!at) co_return at.error();
    for (const std::int32_t partition : partitions) {
        const auto found = at->find(partition);
        report->add({name, partition, starts->at(partition).value, ends->at(partition).value,
                     found == at->end() ? Cell() : Cell(found->second.value)});
    }
    co_return Result<>();
}

Task<Result<>> show(Context context, Options options) {
    Report report("topic.offsets");
    for (const std::string& name : options.names) {
        if (Result<> ok = co_await add_partitions(context, options, name, &report); !ok)
            co_return ok;
    }
    co_return print(context.global, report);
}

}  // namespace

void add_topic_offsets(CLI::App& parent, Choice& choice) {
    CLI::App* command =
        parent.add_subcommand("offsets", "where partitions begin and end, or what lies at a time");
    command->fallthrough();
    auto options = std::make_shared<Options>();
    command->add_option("name", options->names, "names of the topics")->required();
    command
        ->add_option("--at", options->at_text,
                     "the first offset at or behind a time in UTC (2026-11-22T18:30:05Z, "
                     "@MILLISECONDS), or -COUNT before the end")
        ->type_name("WHERE");
    command->callback([options, &choice] {
        choice.check = [options](const Global&) { return check(*options); };
        choice.work = [options](Context context) { return show(context, *options); };
    });
}

}  // namespace moldau::cli
