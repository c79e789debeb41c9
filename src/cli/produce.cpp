// moldau produce TOPIC: lines of stdin become records.
#include "line_parser.hpp"
#include "report.hpp"
#include "stdin_reader.hpp"

#include "moldau/cli/word_options.hpp"
#include "moldau/client/producer.hpp"

#include <fmt/format.h>

#include <limits>

namespace moldau::cli {
namespace {

using client::Acks;
using client::Producer;
using runtime::Task;

constexpr std::size_t kLineBytesMax = 512U << 20U;

struct Options {
    std::string topic;
    LineFormat format;
    std::string null_text;
    std::vector<std::string> header_texts;
    std::vector<NamedHeader> headers;
    record::Codec codec = record::Codec::none;
    Acks acks = Acks::all;
    std::int32_t partition = -1;
    std::int64_t linger_ms = 5;
    std::size_t batch_bytes = 64U << 10U;
};

Result<> check(Options& options) {
    options.headers.clear();
    for (const std::string& text : options.header_texts) {
        Result<NamedHeader> header = parse_header(text);
        if (!header) return header.error();
        options.headers.push_back(std::move(*header));
    }
    if (!options.null_text.empty()) options.format.null_text = options.null_text;
    return {};
}

std::vector<record::HeaderView> views_of(const std::vector<NamedHeader>& headers) {
    std::vector<record::HeaderView> views;
    for (const NamedHeader& header : headers) {
        std::optional<BytesView> value;
        if (header.value) value = as_bytes(*header.value);
        views.push_back({.key = header.key, .value = value});
    }
    return views;
}

// The caller awaits this at once.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters)
Task<Result<>> send_lines(Context context, Producer& producer, Options options) {
    StdinReader input(context.shard);
    LineSplitter splitter;
    const std::vector<record::HeaderView> headers = views_of(options.headers);
    std::uint64_t lines = 0;
    std::optional<std::int32_t> partition;
    if (options.partition >= 0) partition = options.partition;
    for (bool is_ended = false; !is_ended;) {
        Result<std::string> text = co_await input.read();
        if (!text) co_return text.error();
        splitter.add(*text);
        is_ended = text->empty();
        if (is_ended) splitter.end();
        while (const auto line = splitter.next()) {
            ++lines;
            const Result<LineRecord> record = parse_line(*line, options.format);
            if (!record)
                co_return Error{record.error().code,
                                fmt::format("line {} {} (nothing behind it was sent)", lines,
                                            record.error().detail)};
            Result<> room = co_await producer.room();
            if (!room) co_return room;
            Result<> added = producer.add({.timestamp = context.shard.clock().wall(),
                                           .key = record->key,
                                           .value = record->value,
                                           .headers = headers},
                                          partition);
            if (!added) co_return added;
        }
        if (splitter.held() > kLineBytesMax)
            co_return Error{
                ErrorCode::message_too_large,
                fmt::format("line {} is longer than {} bytes", lines + 1, kLineBytesMax)};
    }
    co_return Result<>{};
}

Task<Result<>> produce(Context context, Options options) {
    // A topic that does not exist is said at once, not waited for.
    const Result<client::TopicPtr> topic = co_await context.cluster.topic_now(options.topic);
    if (!topic) co_return topic_error(options.topic, topic.error().code);
    std::uint64_t delivered = 0;
    Producer producer(context.cluster, options.topic,
                      {.acks = options.acks,
                       .packing = {.codec = options.codec, .level = {}},
                       .batch_bytes = options.batch_bytes,
                       .linger = std::chrono::milliseconds(options.linger_ms),
                       .delivered = [&delivered](const client::Delivery& delivery) {
                           if (delivery.base_offset) delivered += delivery.tags.size();
                       }});
    Result<> outcome = co_await producer.start();
    if (!outcome)
        co_return Error{outcome.error().code, fmt::format("cannot write to topic '{}': {}",
                                                          options.topic, outcome.error().detail)};
    outcome = co_await send_lines(context, producer, options);
    // What was read before an error is sent all the same.
    Result<> flushed = co_await producer.flush();
    co_await producer.stop();
    fmt::print(stderr, "produced {} records to topic '{}'\n", delivered, options.topic);
    Report report("produce");
    report.add({options.topic, delivered});
    if (Result<> ok = print(context.global, report); !ok) co_return ok;
    co_return outcome ? flushed : outcome;
}

void describe(Command command, Options& options) {
    command.option("topic", options.topic, "topic to write to").required();
    command.option("--key-separator", options.format.key_separator,
                   "what stands between key and value; without it lines are values");
    command.option("--null", options.null_text, "keys and values of this text are null")
        .type_name("TEXT");
    command
        .option("--header", options.header_texts,
                "of every record; KEY alone has a null value; may be given again")
        .type_name("KEY=VALUE")
        .repeats_name();
    add_codec(command, "compression", options.codec);
    add_acks(command, options.acks);
    command.option("--partition", options.partition, "default: by the key")
        .within(0, std::numeric_limits<std::int32_t>::max());
    command.option("--linger-ms", options.linger_ms, "how long a batch waits for more lines")
        .within(0, 60'000)
        .shows_default();
    command.option("--batch-bytes", options.batch_bytes, "when a batch is full")
        .within(1, 512 << 20)
        .shows_default();
}

}  // namespace

void add_produce(Command parent, Choice& choice) {
    Command command = parent.command("produce", "write lines of stdin as records");
    auto options = std::make_shared<Options>();
    describe(command, *options);
    command.when_chosen([options, &choice] {
        choice.check = [options](const Global&) { return check(*options); };
        choice.work = [options](Context context) { return produce(context, *options); };
    });
}

}  // namespace moldau::cli
