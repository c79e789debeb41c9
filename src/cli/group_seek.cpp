// moldau group seek NAME TOPIC --to WHERE
#include "confirm.hpp"
#include "group_requests.hpp"
#include "report.hpp"
#include "start_offsets.hpp"

#include "moldau/protocol/messages/offset_commit.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <limits>

namespace moldau::cli {
namespace {

using protocol::OffsetCommitRequest;
using protocol::OffsetCommitResponse;
using runtime::Task;

constexpr std::int16_t kTopicsByName = 9;  // the last version that has names

struct Options {
    std::string group;
    std::string topic;
    std::vector<std::int32_t> partitions;  // none: all
    std::string to_text;
    StartAt to;
    bool dry_run = false;
};

Result<> check(Options& options, const Global& global) {
    Result<StartAt> to = parse_start(options.to_text);
    if (!to) return Error{to.error().code, "--to: " + to.error().detail};
    options.to = *to;
    if (options.dry_run) return {};
    return confirm(global, fmt::format("move group {} in topic {} to {}", options.group,
                                       options.topic, options.to_text));
}

OffsetCommitRequest commit_of(const Options& options, const Offsets& offsets) {
    OffsetCommitRequest request;
    request.group_id = options.group;
    auto& topic = request.topics.emplace_back();
    topic.name = options.topic;
    for (const auto& [partition, offset] : offsets) {
        auto& one = topic.partitions.emplace_back();
        one.partition_index = partition;
        one.committed_offset = offset.value;
        one.committed_metadata = "";
    }
    return request;
}

ErrorCode first_error(const OffsetCommitResponse& response) {
    for (const auto& topic : response.topics) {
        for (const auto& partition : topic.partitions)
            if (partition.error_code != ErrorCode::none) return partition.error_code;
    }
    return ErrorCode::none;
}

Task<Result<>> commit(Context context, Options options, Offsets offsets) {
    const auto request_of = [options, offsets](std::int16_t) {
        return commit_of(options, offsets);
    };
    auto reply = co_await ask_coordinator<OffsetCommitResponse>(
        context, options.group, kTopicsByName, request_of, first_error);
    if (!reply) co_return reply.error();
    const ErrorCode error = first_error(reply->message);
    if (error != ErrorCode::none) co_return group_error(options.group, error);
    co_return Result<>();
}

Result<> report(const Context& context, const Options& options, const Offsets& before,
                const Offsets& offsets) {
    Report report("group.seek");
    for (const auto& [partition, offset] : offsets) {
        const auto was = before.find(partition);
        report.add({options.group, options.topic, partition,
                    was == before.end() ? Cell() : Cell(was->second.value), offset.value});
    }
    if (options.dry_run) fmt::print(stderr, "nothing was changed (--dry-run)\n");
    return print(context.global, report);
}

Task<Result<>> seek(Context context, Options options) {
    const Result<Located> place =
        co_await locate(context, options.topic, options.partitions, options.to,
                        "--to beginning, or --partition for those that have it");
    if (!place) co_return place.error();
    const Result<std::vector<GroupOffset>> known =
        co_await committed_offsets(context, options.group);
    if (!known) co_return known.error();
    Offsets before;
    for (const GroupOffset& each : *known) {
        if (each.topic == options.topic) before[each.partition] = each.committed;
    }
    if (!options.dry_run) {
        if (Result<> done = co_await commit(context, options, place->at); !done) co_return done;
    }
    co_return report(context, options, before, place->at);
}

}  // namespace

void add_group_seek(CLI::App& parent, Choice& choice) {
    CLI::App* command = parent.add_subcommand(
        "seek", "set the offsets of a group without members; it is made when it is not there");
    command->fallthrough();
    auto options = std::make_shared<Options>();
    command->add_option("name", options->group, "name of the group")->required();
    command->add_option("topic", options->topic, "topic whose offsets are set")->required();
    command
        ->add_option("--to", options->to_text,
                     "beginning, end, OFFSET, -COUNT (before the end of each partition), or a time "
                     "in UTC (2026-11-22T18:30:05Z, @MILLISECONDS)")
        ->type_name("WHERE")
        ->required();
    command->add_option("--partition", options->partitions, "default: all; may be given again")
        ->check(CLI::Range(0, std::numeric_limits<std::int32_t>::max()))
        ->allow_extra_args(false);
    command->add_flag("--dry-run", options->dry_run, "say what would be done");
    command->callback([options, &choice] {
        choice.check = [options](const Global& global) { return check(*options, global); };
        choice.work = [options](Context context) { return seek(context, *options); };
    });
}

}  // namespace moldau::cli
