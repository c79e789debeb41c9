// moldau consume TOPIC: records become lines of stdout.
#include "command.hpp"
#include "record_printer.hpp"
#include "start_offsets.hpp"

#include "moldau/cli/output.hpp"
#include "moldau/cli/word_options.hpp"
#include "moldau/client/consumer.hpp"

#include <fmt/format.h>

#include <limits>

namespace moldau::cli {
namespace {

using client::Consumer;
using runtime::Task;

constexpr std::size_t kUnpackedBytesMax = 1U << 30U;  // of one batch
constexpr std::size_t kPrintBytes = 64U << 10U;

struct Options {
    std::string topic;
    std::vector<std::int32_t> partitions;  // none: all
    std::string from_text = "beginning";
    StartAt from;
    bool follow = false;
    std::int64_t count = std::numeric_limits<std::int64_t>::max();
    std::string key_separator;
    std::string null_text = "NULL";
};

Result<> check(Options& options) {
    Result<StartAt> from = parse_start(options.from_text);
    if (!from) return from.error();
    options.from = *from;
    if (options.from.kind == StartAt::Kind::end && !options.follow)
        return Error{ErrorCode::invalid_request,
                     "--from end without --follow would show nothing: say --follow, too"};
    return {};
}

// The caller awaits this at once.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters)
Task<Result<>> print_records(Context context, Consumer& consumer, Options options, Offsets ends) {
    const RecordFormat format{.is_json = context.global.output == Output::json,
                              .key_separator = options.key_separator,
                              .null_text = options.null_text};
    record::Unpacker unpacker;
    record::GrowingBuffer scratch;
    std::int64_t printed = 0;
    while (printed < options.count && (options.follow || !ends.empty())) {
        Result<client::Fetched> fetched = co_await consumer.next();
        if (!fetched) co_return fetched.error();
        std::string text;
        Result<> written;
        const auto end = ends.find(fetched->partition);
        Result<> read = client::for_each_record(
            *fetched, kUnpackedBytesMax, unpacker, scratch, [&](const record::RecordView& record) {
                if (!options.follow && (end == ends.end() || record.offset >= end->second))
                    return false;
                append_record(text, fetched->partition, record, format);
                ++printed;
                if (text.size() >= kPrintBytes) {
                    written = print(text);
                    text.clear();
                }
                return written.has_value() && printed < options.count;
            });
        if (written) written = print(text);
        if (!written) co_return written;
        if (!read) co_return read;
        if (end != ends.end() && fetched->next >= end->second && !options.follow) {
            consumer.unassign(fetched->partition);
            ends.erase(end);
        }
    }
    co_return Result<>{};
}

Task<Result<>> consume(Context context, Options options) {
    Result<Located> place =
        co_await locate(context, options.topic, options.partitions, options.from,
                        "--from beginning, or --partition for those that have it");
    if (!place) co_return place.error();

    Consumer consumer(context.cluster, options.topic, {});
    for (const auto& [partition, start] : place->at) {
        if (!options.follow && start >= place->ends.at(partition)) {
            place->ends.erase(partition);
        } else {
            consumer.assign(partition, start);
        }
    }
    Result<> outcome = co_await print_records(context, consumer, options, std::move(place->ends));
    co_await consumer.stop();
    co_return outcome;
}

void describe(Command command, Options& options) {
    command.option("topic", options.topic, "topic to read").required();
    add_partitions(command, options.partitions);
    command
        .option("--from", options.from_text,
                "beginning, end, OFFSET, -COUNT (the last of each partition), or a time in UTC "
                "(2026-11-22T18:30:05Z, @MILLISECONDS)")
        .type_name("WHERE")
        .shows_default();
    command.flag("--follow", options.follow, "wait for more at the end");
    command.option("--count", options.count, "end after so many records")
        .within(std::int64_t{1}, std::numeric_limits<std::int64_t>::max());
    command.option("--key-separator", options.key_separator,
                   "write keys, too, with this between key and value");
    command.option("--null", options.null_text, "what is written for null")
        .type_name("TEXT")
        .shows_default();
}

}  // namespace

void add_consume(Command parent, Choice& choice) {
    Command command =
        parent.command("consume", "write records as lines; with -o json as JSON objects");
    auto options = std::make_shared<Options>();
    describe(command, *options);
    command.when_chosen([options, &choice] {
        choice.check = [options](const Global&) { return check(*options); };
        choice.work = [options](Context context) { return consume(context, *options); };
    });
}

}  // namespace moldau::cli
