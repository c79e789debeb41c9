// moldau group seek NAME TOPIC --to WHERE
#include "confirm.hpp"
#include "group_requests.hpp"
#include "report.hpp"
#include "start_offsets.hpp"

#include "moldau/cli/word_options.hpp"
#include "moldau/protocol/messages/offset_commit.hpp"

#include <fmt/format.h>

#include <algorithm>

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

/// By partition, what the answer says of each that was asked for.
std::map<std::int32_t, ErrorCode> errors_in(const OffsetCommitResponse& response,
                                            const Offsets& offsets) {
    std::map<std::int32_t, ErrorCode> errors;
    for (const auto& [partition, offset] : offsets)
        errors[partition] = ErrorCode::unknown_server_error;
    for (const auto& topic : response.topics) {
        for (const auto& each : topic.partitions) {
            if (const auto asked = errors.find(each.partition_index); asked != errors.end())
                asked->second = each.error_code;
        }
    }
    return errors;
}

/// Those that are committed; of the others `failures` tell. Errors: of the group
Task<Result<Offsets>> commit(Context context, Options options, Offsets offsets,
                             Failures* failures) {
    const auto request_of = [options, offsets](std::int16_t) {
        return commit_of(options, offsets);
    };
    auto reply = co_await ask_coordinator<OffsetCommitResponse>(
        context, options.group, kTopicsByName, request_of, first_error);
    if (!reply) co_return reply.error();
    const std::map<std::int32_t, ErrorCode> errors = errors_in(reply->message, offsets);
    // What concerns the group is said of each partition.
    const ErrorCode first = first_error(reply->message);
    const bool is_of_all =
        std::ranges::all_of(errors, [first](const auto& each) { return each.second == first; });
    if (first != ErrorCode::none && is_of_all) co_return group_error(options.group, first);
    for (const auto& [partition, error] : errors) {
        if (error == ErrorCode::none) continue;
        offsets.erase(partition);
        failures->add(group_error(options.group,
                                  {error, fmt::format("partition {} of topic '{}': {}", partition,
                                                      options.topic, name(error))}));
    }
    co_return offsets;
}

Task<Result<>> seek(Context context, Options options) {
    Result<Located> place =
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
    Failures failures(context.global);
    Result<Offsets> now = std::move(place->at);
    if (!options.dry_run) now = co_await commit(context, options, std::move(*now), &failures);
    if (!now) co_return now.error();
    Report report("group.seek");
    for (const auto& [partition, offset] : *now) {
        const auto was = before.find(partition);
        report.add({options.group, options.topic, partition,
                    was == before.end() ? Cell() : Cell(was->second.value), offset.value});
    }
    if (options.dry_run) fmt::print(stderr, "nothing was changed (--dry-run)\n");
    co_return std::move(failures).print(report);
}

}  // namespace

void add_group_seek(Command parent, Choice& choice) {
    Command command = parent.command(
        "seek", "set the offsets of a group without members; it is made when it is not there");
    auto options = std::make_shared<Options>();
    command.option("name", options->group, "name of the group").required();
    command.option("topic", options->topic, "topic whose offsets are set").required();
    command
        .option("--to", options->to_text,
                "beginning, end, OFFSET, -COUNT (before the end of each partition), or a time "
                "in UTC (2026-11-22T18:30:05Z, @MILLISECONDS)")
        .type_name("WHERE")
        .required();
    add_partitions(command, options->partitions);
    command.flag("--dry-run", options->dry_run, "say what would be done");
    command.when_chosen([options, &choice] {
        choice.check = [options](const Global& global) { return check(*options, global); };
        choice.work = [options](Context context) { return seek(context, *options); };
    });
}

}  // namespace moldau::cli
