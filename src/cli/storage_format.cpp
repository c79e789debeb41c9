// moldau storage format: prepares the directories of a node, as Kafka's tool of that name does.
#include "disk_tasks.hpp"
#include "format_plan.hpp"
#include "report.hpp"

#include "moldau/base/topic_name.hpp"
#include "moldau/config/load.hpp"
#include "moldau/raft/quorum_state.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <set>

namespace moldau::cli {
namespace {

using runtime::Task;

struct Options {
    std::string config_file;
    std::string release;
    std::vector<std::string> features;
    bool standalone = false;
    bool no_initial_controllers = false;
    FormatRequest request;
    FormatNode node;
};

Result<config::File> read_config(const std::string& name) {
    std::ifstream stream(name, std::ios::binary);
    std::string text(config::kFileBytesMax + 1, '\0');
    if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!stream.is_open() || stream.bad())
        return Error{ErrorCode::invalid_config, fmt::format("cannot read {}", name)};
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return config::File{.name = name, .text = std::move(text)};
}

Result<config::Settings> load_settings(const std::string& name) {
    const Result<config::File> file = read_config(name);
    if (!file) return file.error();
    config::Loaded loaded = config::load(*file, {});
    for (const config::Problem& each : loaded.warnings)
        fmt::print(stderr, "warning: {}\n", each.to_string());
    if (loaded.settings) return std::move(*loaded.settings);
    std::vector<std::string> problems;
    problems.reserve(loaded.errors.size());
    for (const config::Problem& each : loaded.errors) problems.push_back(each.to_string());
    return Error{ErrorCode::invalid_config, fmt::format("{}", fmt::join(problems, "\n"))};
}

/// What can be said without a look at the directories.
Result<> check(Options& options) {
    std::optional<std::string> release;
    if (!options.release.empty()) release = options.release;
    Result<StartLevels> levels = start_levels(release, options.features);
    if (!levels) return levels.error();
    options.request.levels = std::move(*levels);
    if (options.standalone) options.request.voters = FirstVoters::standalone;
    if (options.no_initial_controllers) options.request.voters = FirstVoters::none;
    return {};
}

Task<Result<FoundDirectory>> look_at(Offline offline, std::string path) {
    FoundDirectory found;
    const Result<std::optional<Bytes>> meta =
        co_await read_file(offline.shard, offline.disk, path + "/meta.properties");
    if (!meta) co_return meta.error();
    if (*meta) {
        Result<log::MetaProperties> parsed = log::parse_meta_properties(as_text(**meta));
        if (!parsed)
            co_return Error{parsed.error().code,
                            fmt::format("{}/meta.properties: {}", path, parsed.error().detail)};
        found.meta = std::move(*parsed);
    }
    const std::string metadata_log = fmt::format("{}/{}", path, kMetadataLogDirectory);
    const auto entries = offline.disk.list(metadata_log);
    if (!entries && entries.error().fault != DiskFault::not_found) co_return Error(entries.error());
    // A checkpoint alone is what a format that was cut short leaves.
    if (entries)
        for (const DirectoryEntry& each : *entries)
            if (each.name.ends_with(".log") || each.name == raft::kQuorumStateFile)
                found.has_metadata_log = true;
    co_return found;
}

/// The directories that are formatted now; what keeps others from it goes to `failures`.
Task<std::vector<std::string>> write_files(Offline offline, FormatPlan plan, Failures* failures) {
    std::vector<std::string> formatted;
    std::set<std::string> made;
    for (const FormatPlan::File& file : plan.files) {
        const std::string directory = file.path.substr(0, file.path.rfind('/'));
        Result<> done;
        if (made.insert(directory).second)
            done = co_await make_directory(offline.shard, offline.disk, directory);
        if (done)
            done = co_await replace_file(offline.shard, offline.disk, file.path, file.content);
        if (!done) {
            failures->add(done.error());
            break;
        }
        if (file.path.ends_with("/meta.properties")) formatted.push_back(directory);
    }
    co_return formatted;
}

Task<Result<>> format(Offline offline, Options options) {
    const Result<config::Settings> settings = load_settings(options.config_file);
    if (!settings) co_return settings.error();
    Result<FormatNode> node = node_of(*settings);
    if (!node) co_return node.error();
    options.node = std::move(*node);
    std::vector<FoundDirectory> found;
    for (const std::string& path : options.node.directories) {
        Result<FoundDirectory> directory = co_await look_at(offline, path);
        if (!directory) co_return directory.error();
        found.push_back(std::move(*directory));
    }
    const Result<FormatPlan> plan = plan_format(
        options.node, options.request, found, offline.shard.clock().wall(), offline.shard.random());
    if (!plan) co_return plan.error();
    Failures failures(offline.global);
    const std::vector<std::string> formatted = co_await write_files(offline, *plan, &failures);
    if (formatted.empty() && !plan->directories.empty()) co_return std::move(failures).outcome();
    const StartLevels& levels = options.request.levels;
    const std::int16_t version = levels.finalized.at(std::string(metadata::kMetadataVersion));
    for (const std::string& each : formatted)
        fmt::print(stderr, "formatted {} cluster={} node={} metadata.version={}{}\n", each,
                   options.request.cluster_id, options.node.id, release_name(version),
                   plan->has_lone_voter && each == options.node.directories.front()
                       ? ", the only voter"
                       : "");
    if (plan->directories.empty()) fmt::print(stderr, "all directories are formatted already\n");
    if (!levels.beyond_ours.empty())
        fmt::print(stderr,
                   "warning: this moldaud does not carry out {}: it will serve the cluster "
                   "without\n",
                   fmt::join(levels.beyond_ours, ", "));
    Report report("storage.format");
    report.add({options.request.cluster_id, options.node.id, formatted, levels.finalized});
    co_return std::move(failures).print(report);
}

void describe(Command command, Options& options) {
    command
        .option("-c,--config", options.config_file,
                "the node's settings: a .yaml file, or Kafka's server.properties")
        .required()
        .type_name("FILE");
    command
        .option("-t,--cluster-id", options.request.cluster_id,
                "one for all nodes of the cluster (Kafka's 'storage random-uuid' makes one)")
        .required();
    const Option alone = command.flag("-s,--standalone", options.standalone,
                                      "this controller begins a cluster, as its only voter");
    command
        .flag("-N,--no-initial-controllers", options.no_initial_controllers,
              "the node joins controllers that are, or will be, formatted elsewhere")
        .excludes(alone);
    command.flag("-g,--ignore-formatted", options.request.ignores_formatted,
                 "leave directories that are formatted as they are");
    command
        .option("-r,--release-version", options.release,
                "of the first metadata, as 4.3 or 4.3-IV0; the newest known without it")
        .type_name("VERSION");
    command.option("-f,--feature", options.features, "level of one feature; repeatable")
        .type_name("NAME=LEVEL")
        .repeats_name();
}

}  // namespace

void add_storage_format(Command parent, Choice& choice) {
    Command command = parent.command(
        "format", "prepare a node's data directories; what they hold is never overwritten");
    auto options = std::make_shared<Options>();
    describe(command, *options);
    command.when_chosen([options, &choice] {
        choice.check = [options](const Global&) { return check(*options); };
        choice.offline = [options](Offline offline) { return format(offline, *options); };
    });
}

}  // namespace moldau::cli
