// Commands that write and read records: produce, consume, latency, mixed.
#include "raw_options.hpp"
#include "stamp.hpp"

#include "moldau/cli/word_options.hpp"

#include <fmt/format.h>

#include <limits>

namespace moldau::load {
namespace {

void describe_keys(Command command, RawProduce& raw) {
    KeyPlan& to = raw.options.keys;
    command
        .words("--keys",
               [&to](const std::string& word) {
                   to.kind = word == "random" ? KeyKind::random
                             : word == "zipf" ? KeyKind::zipf
                                              : KeyKind::none;
               },
               "keys of the records, which decide their partitions: none, each as often, or "
               "few of them often",
               {"none", "random", "zipf"})
        .default_text("none");
    command.option("--key-count", raw.key_count, "different keys")
        .within(1, 10'000'000)
        .default_text(std::to_string(to.count));
    command.option("--key-bytes", raw.key_bytes, "size of a key")
        .within(1, 1 << 20)
        .default_text(std::to_string(to.bytes));
    command
        .option("--zipf-exponent", raw.zipf_exponent,
                "the n-th most frequent key comes 1/n^EXPONENT times as often as the first")
        .within(0.01, 10.0)
        .default_text(fmt::format("{}", to.exponent));
}

void describe_batches(Command command, RawProduce& raw) {
    ProduceOptions& to = raw.options;
    command
        .option("--record-bytes", raw.record_bytes,
                "size of a record's value: 1024, from 100-2000, or one of 100,100,5000")
        .type_name("SIZES")
        .shows_default();
    command.option("--batch-bytes", to.batch_bytes, "when a batch is full, before compression")
        .within(1, 512 << 20)
        .shows_default();
    command
        .option("--linger-ms", raw.linger_ms,
                "how long a batch waits for more records when there is a rate")
        .within(0.0, 60'000.0)
        .shows_default();
    command.flag("--unbatched", to.is_unbatched, "one record in each request");
    cli::add_codec(command,
                   "compression. Done once for all batches, so that it costs the client nothing; "
                   "with keys, several sizes or end-to-end latency for each",
                   to.packing.codec)
        .default_text("none");
    cli::add_acks(command, to.acks).default_text("all");
    command.flag("--no-idempotence", raw.no_idempotence,
                 "no producer ids and sequences (with --acks 0 and 1 there are none anyway)");
    describe_keys(command, raw);
}

void describe_writing(Command command, RawProduce& raw, const char* without_rate) {
    ProduceOptions& to = raw.options;
    command
        .option("--rate", to.rate,
                fmt::format("records a second over all producers; latency then counts from the "
                            "moment that the rate gives a record, however late it is sent. "
                            "Without it: {}",
                            without_rate))
        .within(std::uint64_t{1}, kRateMax);
    command.option("--records", raw.records, "end after so many, over all producers")
        .within(std::uint64_t{1}, kCountMax);
    command.option("--duration-s", raw.seconds, "end after so many seconds; 10 without --records")
        .within(0.001, kSecondsMax);
    describe_batches(command, raw);
    command
        .option("--in-flight", to.in_flight,
                "requests of a producer to one broker that are not answered yet; with "
                "idempotence at most 5")
        .within(1, 10'000)
        .shows_default();
    command.option("--producers", to.producers, "each has connections of its own")
        .within(std::uint64_t{1}, kClientsMax)
        .shows_default();
}

void describe_fetches(Command command, RawConsume& raw) {
    ConsumeOptions& to = raw.options;
    command.option("--consumers", to.consumers, "each has connections of its own")
        .within(std::uint64_t{1}, kClientsMax)
        .shows_default();
    command.flag("--share", to.shares_partitions,
                 "deal the partitions out to the consumers; else each reads all of them");
    command.option("--fetch-bytes", to.fetch_bytes, "of one reply, at most")
        .within(1, 1 << 30)
        .shows_default();
    command.option("--partition-bytes", to.partition_bytes, "of one partition in a reply, at most")
        .within(1, 1 << 30)
        .shows_default();
    command.option("--min-bytes", to.fetch_bytes_min, "that the broker waits for")
        .within(0, 1 << 30)
        .shows_default();
    command.option("--wait-ms", raw.wait_ms, "how long it waits for them")
        .within(0, 60'000)
        .shows_default();
}

Result<> check_keys(const RawProduce& raw, KeyPlan& to) {
    if (raw.key_count != 0) to.count = raw.key_count;
    if (raw.key_bytes != 0) to.bytes = raw.key_bytes;
    if (raw.zipf_exponent != 0) to.exponent = raw.zipf_exponent;
    if (to.kind == KeyKind::none && (raw.key_count != 0 || raw.key_bytes != 0))
        return misuse("--key-count and --key-bytes shape keys: say --keys random or zipf, too");
    if (to.kind != KeyKind::zipf && raw.zipf_exponent != 0)
        return misuse("--zipf-exponent has no meaning without --keys zipf");
    const std::size_t digits = std::to_string(to.count - 1).size();
    if (to.bytes < digits)
        return misuse(
            fmt::format("--key-bytes {}: {} different keys need {}", to.bytes, to.count, digits));
    return {};
}

}  // namespace

void describe_produce(Command command, RawProduce& raw) {
    command.option("topic", raw.options.topic, "topic to write to").required();
    describe_writing(command, raw, "flat out");
    describe_threads(command, raw.options.threads, "producers");
    describe_topic_shape(command, raw.options.topic_shape);
}

void describe_consume(Command command, RawConsume& raw) {
    ConsumeOptions& to = raw.options;
    command.option("topic", to.topic, "topic to read").required();
    command.option("--partition", to.partitions, "repeatable; without it: all")
        .within(0, std::numeric_limits<std::int32_t>::max())
        .repeats_name();
    command
        .words("--from", [&to](const std::string& word) { to.from_end = word == "end"; },
               "where to begin", {"beginning", "end"})
        .default_text("beginning");
    command.flag("--follow", to.follows,
                 "wait for more at the end; with --records or --duration-s");
    command.option("--records", raw.records, "end after so many of each consumer")
        .within(std::uint64_t{1}, kCountMax);
    command.option("--duration-s", raw.seconds, "end after so many seconds")
        .within(0.001, kSecondsMax);
    describe_fetches(command, raw);
    describe_threads(command, to.threads, "consumers");
    command.flag("--verify", to.verifies,
                 "check every CRC and read every record; else only the batches' headers");
    command.flag("--latency", to.has_latency,
                 "tell how old batches are when they come, by their timestamps and this "
                 "machine's clock, in whole milliseconds ('latency' is exact)");
}

void describe_mix(Command command, RawMix& raw, bool times_records) {
    command.option("topic", raw.produce.options.topic, "topic to write to and read from")
        .required();
    describe_writing(command, raw.produce, times_records ? "1000" : "flat out");
    describe_fetches(command, raw.consume);
    if (!times_records)
        command.flag("--verify", raw.consume.options.verifies,
                     "check every CRC and read every record; else only the batches' headers");
    describe_threads(command, raw.produce.options.threads, "producers and consumers");
    describe_topic_shape(command, raw.produce.options.topic_shape);
}

Result<ProduceOptions> checked(const RawProduce& raw) {
    constexpr std::size_t kIdempotentInFlight = 5;
    ProduceOptions options = raw.options;
    Result<RecordSizes> sizes = RecordSizes::parse(raw.record_bytes);
    if (!sizes) return misuse("--record-bytes: " + sizes.error().detail);
    options.record_bytes = std::move(*sizes);
    if (Result<> ok = check_keys(raw, options.keys); !ok) return ok.error();
    if (raw.records != 0) options.records = raw.records;
    if (raw.seconds != 0) options.duration = seconds_of(raw.seconds);
    if (!options.records && !options.duration) options.duration = std::chrono::seconds(10);
    options.linger = seconds_of(raw.linger_ms * 1e-3);
    options.is_idempotent = !raw.no_idempotence && options.acks == client::Acks::all;
    if (options.is_idempotent && options.in_flight > kIdempotentInFlight)
        return misuse(
            fmt::format("--in-flight {}: an idempotent producer has at most {} requests "
                        "in flight (--no-idempotence, or fewer)",
                        options.in_flight, kIdempotentInFlight));
    if (options.is_unbatched && options.linger != Duration{0})
        return misuse("--linger-ms has no meaning with --unbatched: say one of them");
    if (options.rate == 0 && options.linger != Duration{0})
        return misuse("--linger-ms has no meaning without --rate: flat out, batches are full");
    if (Result<> ok = check_topic_shape(options.topic_shape); !ok) return ok.error();
    return options;
}

Result<ConsumeOptions> checked(const RawConsume& raw) {
    ConsumeOptions options = raw.options;
    if (raw.records != 0) options.records = raw.records;
    if (raw.seconds != 0) options.duration = seconds_of(raw.seconds);
    options.wait_max = std::chrono::milliseconds(raw.wait_ms);
    if (options.from_end && !options.follows)
        return misuse("--from end without --follow would read nothing: say --follow, too");
    if (options.follows && !options.records && !options.duration)
        return misuse("--follow never ends: say --records or --duration-s, too");
    if (options.shares_partitions && options.records)
        return misuse(
            "--records is of each consumer, and with --share one may have nothing to "
            "read: say --duration-s, or nothing");
    return options;
}

Result<MixOptions> checked(const RawMix& raw, bool times_records) {
    constexpr std::uint64_t kRate = 1000;
    Result<ProduceOptions> produce = checked(raw.produce);
    if (!produce) return produce.error();
    if (produce->acks == client::Acks::none)
        return misuse("--acks 0: nobody would know what is to be read; say 1 or all");
    if (times_records && produce->rate == 0) produce->rate = kRate;
    if (times_records && produce->record_bytes.least() < kStampBytes)
        return misuse(fmt::format("--record-bytes: a record that is timed has at least {} bytes",
                                  kStampBytes));
    RawConsume reading = raw.consume;
    reading.options.topic = produce->topic;
    reading.options.threads = produce->threads;
    ConsumeOptions consume = reading.options;
    consume.wait_max = std::chrono::milliseconds(reading.wait_ms);
    consume.from_end = consume.follows = true;
    return MixOptions{.produce = std::move(*produce),
                      .consume = std::move(consume),
                      .times_records = times_records};
}

}  // namespace moldau::load
