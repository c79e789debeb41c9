// moldau topic offsets NAME…
#include "start_offsets.hpp"

#include "moldau/cli/output.hpp"
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
struct Row {
    std::string topic;
    std::int32_t partition = 0;
    Offset start;
    Offset end;
    std::optional<Offset> at;
};

Result<> check(Options& options) {
    if (options.at_text.empty()) return {};
    Result<StartAt> at = parse_start(options.at_text);
    if (!at) return Error{at.error().code, "--at: " + at.error().detail};
    options.at = *at;
    return {};
}

std::string to_json(const std::vector<Row>& rows) {
    JsonWriter json;
    json.begin_array();
    for (const Row& row : rows) {
        json.begin_object().key("topic").value(row.topic).key("partition").value(row.partition);
        json.key("start").value(row.start.value).key("end").value(row.end.value);
        if (row.at) json.key("at").value(row.at->value);
        json.end_object();
    }
    return json.end_array().text() + '\n';
}

std::string to_table(const std::vector<Row>& rows, bool has_at) {
    std::vector<std::string> heads = {"TOPIC", "PARTITION", "START", "END"};
    if (has_at) heads.emplace_back("AT");
    Table table(std::move(heads));
    for (const Row& row : rows) {
        std::vector<std::string> cells = {row.topic, std::to_string(row.partition),
                                          std::to_string(row.start.value),
                                          std::to_string(row.end.value)};
        if (row.at) cells.push_back(std::to_string(row.at->value));
        table.add(std::move(cells));
    }
    return table.to_string();
}

Task<Result<>> add_rows(Context context, Options options, std::string name,
                        std::vector<Row>* rows) {
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
        rows->push_back({.topic = name,
                         .partition = partition,
                         .start = starts->at(partition),
                         .end = ends->at(partition),
                         .at = found == at->end() ? std::nullopt : std::optional(found->second)});
    }
    co_return Result<>();
}

Task<Result<>> show(Context context, Options options) {
    std::vector<Row> rows;
    for (const std::string& name : options.names) {
        if (Result<> ok = co_await add_rows(context, options, name, &rows); !ok) co_return ok;
    }
    co_return print(context.global.output == Output::json
                        ? to_json(rows)
                        : to_table(rows, !options.at_text.empty()));
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
