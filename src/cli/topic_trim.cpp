// moldau topic trim NAME --before WHERE
#include "confirm.hpp"
#include "report.hpp"
#include "start_offsets.hpp"

#include "moldau/cli/word_options.hpp"
#include "moldau/protocol/messages/delete_records.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace moldau::cli {
namespace {

using runtime::Task;

struct Options {
    std::string name;
    std::vector<std::int32_t> partitions;  // none: all
    std::string before_text;
    StartAt before;
    bool dry_run = false;
};

Result<> check(Options& options, const Global& global) {
    Result<StartAt> before = parse_start(options.before_text);
    if (!before) return Error{before.error().code, "--before: " + before.error().detail};
    options.before = *before;
    if (options.dry_run) return {};
    return confirm(global, fmt::format("delete the records of {} before {}", options.name,
                                       options.before_text));
}

std::map<BrokerId, protocol::DeleteRecordsRequest> requests_by_leader(const client::Topic& topic,
                                                                      const Offsets& offsets,
                                                                      std::int32_t timeout_ms) {
    std::map<BrokerId, protocol::DeleteRecordsRequest> requests;
    for (const client::Partition& each : topic.partitions) {
        const auto offset = offsets.find(each.index);
        if (offset == offsets.end()) continue;
        protocol::DeleteRecordsRequest& request = requests[each.leader];
        request.timeout_ms = timeout_ms;
        if (request.topics.empty()) request.topics.emplace_back().name = topic.name;
        request.topics.front().partitions.push_back(
            {.partition_index = each.index, .offset = offset->second.value});
    }
    return requests;
}

using Answer = protocol::DeleteRecordsResponse;

Task<Result<Answer>> ask_leader(Context context, BrokerId leader,
                                protocol::DeleteRecordsRequest request) {
    auto connection = co_await context.cluster.broker(leader);
    if (!connection) co_return connection.error();
    auto reply = co_await (*connection)->ask<Answer>(request, context.cluster.request_deadline());
    if (!reply) co_return reply.error();
    co_return std::move(reply->message);
}

/// What an answer says of one partition: its log start then.
Result<Offset> start_in(const Answer& answer, std::int32_t partition) {
    for (const auto& topic : answer.topics) {
        for (const auto& each : topic.partitions) {
            if (each.partition_index != partition) continue;
            if (each.error_code == ErrorCode::none) return Offset{each.low_watermark};
            return Error{each.error_code, std::string(name(each.error_code))};
        }
    }
    return Error{ErrorCode::unknown_server_error, "the broker tells nothing of it"};
}

/// What is the log start of each partition then; of those whose records could not be deleted
/// `failures` tell.
Task<Offsets> delete_records(Context context, client::TopicPtr topic, Offsets offsets,
                             Failures* failures) {
    Offsets starts;
    for (const auto& [leader, request] :
         requests_by_leader(*topic, offsets, context.cluster.request_timeout_ms())) {
        const Result<Answer> answer = co_await ask_leader(context, leader, request);
        for (const auto& asked : request.topics.front().partitions) {
            Result<Offset> start =
                answer ? start_in(*answer, asked.partition_index) : Result<Offset>(answer.error());
            if (start) {
                starts[asked.partition_index] = *start;
            } else {
                failures->add({start.error().code,
                               fmt::format("partition {} of topic '{}': {}", asked.partition_index,
                                           topic->name, start.error().detail)});
            }
        }
    }
    co_return starts;
}

Task<Result<>> trim(Context context, Options options) {
    Result<Located> place =
        co_await locate(context, options.name, options.partitions, options.before,
                        "--before end, or --partition for those that have it");
    if (!place) co_return place.error();
    Offsets offsets = std::move(place->at);
    Failures failures(context.global);
    if (!options.dry_run)
        offsets = co_await delete_records(context, place->topic, std::move(offsets), &failures);
    if (options.dry_run) fmt::print(stderr, "nothing was changed (--dry-run)\n");
    Report report("topic.trim");
    for (const auto& [partition, start] : offsets)
        report.add({options.name, partition, start.value});
    co_return std::move(failures).print(report);
}

}  // namespace

void add_topic_trim(Command parent, Choice& choice) {
    Command command = parent.command("trim", "delete the oldest records of a topic");
    auto options = std::make_shared<Options>();
    command.option("name", options->name, "name of the topic").required();
    command
        .option("--before", options->before_text,
                "OFFSET, end (all records), -COUNT (all but the last of each partition), or a "
                "time in UTC (2026-11-22T18:30:05Z, @MILLISECONDS)")
        .type_name("WHERE")
        .required();
    add_partitions(command, options->partitions);
    command.flag("--dry-run", options->dry_run, "say what would be done");
    command.when_chosen([options, &choice] {
        choice.check = [options](const Global& global) { return check(*options, global); };
        choice.work = [options](Context context) { return trim(context, *options); };
    });
}

}  // namespace moldau::cli
