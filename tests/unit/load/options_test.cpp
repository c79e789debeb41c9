#include "options.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <sstream>

namespace moldau::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

/// Parses the words of `line`.
Result<Arguments> parse(const std::string& line) {
    ::unsetenv("MOLDAU_BROKERS");
    std::istringstream words(line);
    std::vector<std::string> arguments{"moldau-bench"};
    for (std::string word; words >> word;) arguments.push_back(word);
    std::vector<const char*> pointers;
    for (const std::string& each : arguments) pointers.push_back(each.c_str());
    return parse_arguments(static_cast<int>(pointers.size()), pointers.data());
}

template <class Options>
Options options_of(const std::string& line) {
    const Result<Arguments> arguments = parse(line);
    EXPECT_TRUE(arguments) << arguments.error().detail;
    return std::get<Options>(arguments->what);
}

ProduceOptions produce(const std::string& line) {
    return options_of<ProduceOptions>("produce " + line);
}

TEST(Options, SendFlatOutForTenSecondsWhenNothingIsSaid) {
    const ProduceOptions options = produce("t");
    EXPECT_EQ(options.topic, "t");
    EXPECT_EQ(options.rate, 0U);
    EXPECT_EQ(options.duration, seconds(10));
    EXPECT_FALSE(options.records);
    EXPECT_EQ(options.record_bytes, RecordSizes(1024));
    EXPECT_EQ(options.batch_bytes, 65536U);
    EXPECT_EQ(options.acks, client::Acks::all);
    EXPECT_TRUE(options.is_idempotent);
    EXPECT_FALSE(options.topic_shape.creates_topic);
    EXPECT_EQ(options.keys.kind, KeyKind::none);
}

TEST(Options, CarryWhatIsSaid) {
    const ProduceOptions options = produce(
        "t --rate 5000 --records 100 --record-bytes 10 --batch-bytes 2000 --linger-ms 2.5 --acks 1 "
        "--codec zstd --in-flight 9 --producers 4 --threads 2 --create --partitions 6 "
        "--replication-factor 3 --config a=b --config c=");
    EXPECT_EQ(options.rate, 5000U);
    EXPECT_EQ(options.records, 100U);
    EXPECT_FALSE(options.duration);
    EXPECT_EQ(options.record_bytes, RecordSizes(10));
    EXPECT_EQ(options.batch_bytes, 2000U);
    EXPECT_EQ(options.linger, std::chrono::microseconds(2500));
    EXPECT_EQ(options.acks, client::Acks::leader);
    EXPECT_FALSE(options.is_idempotent);
    EXPECT_EQ(options.packing.codec, record::Codec::zstd);
    EXPECT_EQ(options.in_flight, 9U);
    EXPECT_EQ(options.producers, 4U);
    EXPECT_EQ(options.threads, 2U);
    EXPECT_TRUE(options.topic_shape.creates_topic);
    EXPECT_EQ(options.topic_shape.partitions, 6);
    EXPECT_EQ(options.topic_shape.replication_factor, 3);
    EXPECT_THAT(options.topic_shape.configs, testing::ElementsAre("a=b", "c="));
}

TEST(Options, StandBeforeAndBehindTheCommand) {
    const Result<Arguments> arguments = parse(
        "-o json --pid 7 consume t --brokers a:1,b --pid 8 --partition 2 --partition 0 "
        "--from end --follow --duration-s 0.5 --min-bytes 100 --wait-ms 20 --verify "
        "--latency --consumers 3");
    ASSERT_TRUE(arguments) << arguments.error().detail;
    EXPECT_TRUE(arguments->is_json);
    ASSERT_EQ(arguments->sides.size(), 1U);
    EXPECT_THAT(arguments->sides[0].pids, testing::ElementsAre(7, 8));
    EXPECT_THAT(arguments->sides[0].brokers,
                testing::ElementsAre(Endpoint{"a", 1}, Endpoint{"b", 9092}));
    EXPECT_EQ(arguments->sides[0].label, "a:1,b");
    const auto& options = std::get<ConsumeOptions>(arguments->what);
    EXPECT_THAT(options.partitions, testing::ElementsAre(2, 0));
    EXPECT_TRUE(options.from_end);
    EXPECT_TRUE(options.follows);
    EXPECT_EQ(options.duration, milliseconds(500));
    EXPECT_EQ(options.fetch_bytes_min, 100);
    EXPECT_EQ(options.wait_max, milliseconds(20));
    EXPECT_TRUE(options.verifies);
    EXPECT_TRUE(options.has_latency);
    EXPECT_EQ(options.consumers, 3U);
}

TEST(Options, ThatMakeNoSenseAreRefusedWithTheReason) {
    const struct {
        const char* line;
        const char* reason;
    } rows[] = {
        {"", "subcommand is required"},
        {"explode", "not known here"},
        {"produce", "topic is required"},
        {"produce t --rate 0", "--rate"},
        {"produce t --rate 2000000000", "--rate"},
        {"produce t --records 0", "--records"},
        {"produce t --acks 2", "--acks: 2 not in {0,1,all}"},
        {"produce t --codec rar", "--codec: rar not in {none,gzip,snappy,lz4,zstd}"},
        {"produce t --nonsense", "--nonsense"},
        {"produce t --in-flight 6", "at most 5"},
        {"produce t --linger-ms 5", "without --rate"},
        {"produce t --rate 5 --unbatched --linger-ms 5", "--unbatched"},
        {"produce t --partitions 3", "say --create"},
        {"produce t --create --config novalue", "is not KEY=VALUE"},
        {"produce t --brokers a:b", "--brokers: 'a:b'"},
        {"produce t --pid 0", "--pid"},
        {"-o xml produce t", "--output"},
        {"consume", "topic is required"},
        {"consume t --from middle", "--from"},
        {"consume t --from end", "say --follow"},
        {"consume t --follow", "never ends"},
        {"consume t --rate 5", "--rate"},
        {"consume t --share --records 5", "--share"},
        {"produce t --record-bytes 5-", "'5-' is no size"},
        {"produce t --record-bytes 9-5", "'9-5' is no size"},
        {"produce t --record-bytes 600000000", "is no size"},
        {"produce t --key-count 5", "say --keys"},
        {"produce t --keys random --zipf-exponent 2", "--keys zipf"},
        {"produce t --keys random --key-count 1001 --key-bytes 3", "need 4"},
        {"produce t --keys often", "--keys"},
        {"latency t --record-bytes 15", "at least 16 bytes"},
        {"latency t --record-bytes 10-100", "at least 16 bytes"},
        {"latency t --acks 0", "--acks 0"},
        {"latency t --verify", "--verify"},
        {"mixed", "topic is required"},
        {"commits", "topic is required"},
        {"commits t --groups 100 --members 1000", "at most 10000"},
        {"commits t --partitions 3", "say --create"},
        {"commits t --heartbeat-ms 500 --session-timeout-ms 500", "is not below"},
        {"join --members 0", "--members"},
        {"join --rate 5", "--rate"},
        {"topics --config novalue", "is not KEY=VALUE"},
        {"topics --count 0", "--count"},
        {"connections --clients 0", "--clients"},
        {"--rounds 3 produce t", "say --vs"},
        {"--vs-pid 3 produce t", "say --vs"},
        {"--warmup-rounds 0 produce t", "say --vs"},
        {"--hdr-log f consume t", "only with --latency"},
        {"--vs a:b produce t", "--vs: 'a:b'"},
        {"--vs a:1 --rounds 0 produce t", "--rounds"},
        {"--broker-metrics localhost produce t", "'localhost' is not one HOST:PORT"},
        {"--broker-metrics a:1,b:2 produce t", "is not one HOST:PORT"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.line);
        const Result<Arguments> arguments = parse(row.line);
        ASSERT_FALSE(arguments);
        EXPECT_THAT(arguments.error().detail, HasSubstr(row.reason));
    }
}

TEST(Options, MoreInFlightIsAllowedWithoutIdempotence) {
    EXPECT_EQ(produce("t --in-flight 50 --no-idempotence").in_flight, 50U);
}

TEST(Options, CarryKeysAndSizes) {
    const ProduceOptions options = produce(
        "t --keys zipf --key-count 500 --key-bytes 3 --zipf-exponent 1.5 --record-bytes 10-20");
    EXPECT_EQ(options.keys.kind, KeyKind::zipf);
    EXPECT_EQ(options.keys.count, 500U);
    EXPECT_EQ(options.keys.bytes, 3U);
    EXPECT_EQ(options.keys.exponent, 1.5);
    EXPECT_EQ(options.record_bytes.to_string(), "10-20");
}

TEST(Options, LatencyHasARateAndReadsWhereItWrites) {
    const auto options = options_of<MixOptions>("latency t --consumers 2 --share --threads 3");
    EXPECT_TRUE(options.times_records);
    EXPECT_EQ(options.produce.rate, 1000U);
    EXPECT_EQ(options.consume.topic, "t");
    EXPECT_EQ(options.consume.consumers, 2U);
    EXPECT_EQ(options.consume.threads, 3U);
    EXPECT_TRUE(options.consume.shares_partitions);
    EXPECT_TRUE(options.consume.from_end);
    EXPECT_TRUE(options.consume.follows);
    const auto mixed = options_of<MixOptions>("mixed t --verify --wait-ms 7");
    EXPECT_FALSE(mixed.times_records);
    EXPECT_EQ(mixed.produce.rate, 0U);
    EXPECT_TRUE(mixed.consume.verifies);
    EXPECT_EQ(mixed.consume.wait_max, milliseconds(7));
}

TEST(Options, OfCoordinatorsAreCarried) {
    const auto commits = options_of<CommitOptions>(
        "commits t --groups 3 --members 4 --rate 50 --commits 9 --offsets 2 --heartbeat-ms 100 "
        "--session-timeout-ms 6000 --rebalance-timeout-ms 7000 --threads 2 --create --partitions "
        "8");
    EXPECT_EQ(commits.topic, "t");
    EXPECT_EQ(commits.group.groups, 3U);
    EXPECT_EQ(commits.group.members, 4U);
    EXPECT_EQ(commits.group.heartbeat, milliseconds(100));
    EXPECT_EQ(commits.group.session_timeout, seconds(6));
    EXPECT_EQ(commits.group.rebalance_timeout, seconds(7));
    EXPECT_EQ(commits.rate, 50U);
    EXPECT_EQ(commits.commits, 9U);
    EXPECT_FALSE(commits.duration);
    EXPECT_EQ(commits.partitions, 2);
    EXPECT_EQ(commits.topic_shape.partitions, 8);
    EXPECT_EQ(options_of<CommitOptions>("commits t").duration, seconds(10));
    const auto join = options_of<JoinOptions>("join --members 1000 --patience-s 9");
    EXPECT_EQ(join.group.members, 1000U);
    EXPECT_EQ(join.patience, seconds(9));
    const auto topics = options_of<TopicsOptions>("topics --count 5 --batch 2 --clients 3 --keep");
    EXPECT_EQ(topics.count, 5U);
    EXPECT_EQ(topics.batch, 2U);
    EXPECT_EQ(topics.clients, 3U);
    EXPECT_TRUE(topics.keeps);
    const auto connections = options_of<ConnectOptions>("connections --count 7 --rate 2");
    EXPECT_EQ(connections.count, 7U);
    EXPECT_EQ(connections.rate, 2U);
}

TEST(Options, OfAComparisonAreCarried) {
    const Result<Arguments> arguments = parse(
        "--brokers a:1 --vs b:2 --broker-pid 3 --vs-pid 4 --vs-metrics [::1]:5 --label x --rounds "
        "7 "
        "--warmup-rounds 0 --report page.html --hdr-log log.hlog produce t");
    ASSERT_TRUE(arguments) << arguments.error().detail;
    ASSERT_EQ(arguments->sides.size(), 2U);
    EXPECT_EQ(arguments->sides[0].label, "x");
    EXPECT_EQ(arguments->sides[1].label, "b:2");
    EXPECT_THAT(arguments->sides[0].pids, testing::ElementsAre(3));
    EXPECT_THAT(arguments->sides[1].pids, testing::ElementsAre(4));
    EXPECT_THAT(arguments->sides[1].metrics, testing::ElementsAre(Endpoint{"::1", 5}));
    EXPECT_EQ(arguments->rounds, 7U);
    EXPECT_EQ(arguments->warmup_rounds, 0U);
    EXPECT_EQ(arguments->report, "page.html");
    EXPECT_EQ(arguments->hdr_log, "log.hlog");
    const Result<Arguments> usual = parse("--brokers a:1 --vs a:1 consume t");
    ASSERT_TRUE(usual) << usual.error().detail;
    EXPECT_EQ(usual->rounds, 5U);
    EXPECT_EQ(usual->warmup_rounds, 1U);
    EXPECT_NE(usual->sides[0].label, usual->sides[1].label);
}

TEST(Options, CommandsHaveTheirNames) {
    for (const char* line : {"produce t", "consume t", "latency t", "mixed t", "commits t", "join",
                             "topics", "connections"}) {
        const Result<Arguments> arguments = parse(line);
        ASSERT_TRUE(arguments) << arguments.error().detail;
        EXPECT_TRUE(std::string(line).starts_with(command_of(arguments->what))) << line;
        EXPECT_EQ(threads_of(arguments->what), 1U);
    }
}

TEST(Options, HelpNamesWhatEachCommandTakes) {
    const Result<Arguments> all = parse("--help");
    ASSERT_TRUE(all);
    EXPECT_THAT(all->text, HasSubstr("produce"));
    EXPECT_THAT(all->text, HasSubstr("consume"));
    EXPECT_THAT(all->text, HasSubstr("--pid"));
    const Result<Arguments> one = parse("produce --help");
    ASSERT_TRUE(one);
    for (const char* each :
         {"--rate",         "--records",        "--duration-s", "--record-bytes",
          "--batch-bytes",  "--linger-ms",      "--unbatched",  "--codec",
          "--acks",         "--no-idempotence", "--in-flight",  "--producers",
          "--threads",      "--create",         "--partitions", "--replication-factor",
          "--config",       "--keys",           "--key-count",  "--key-bytes",
          "--zipf-exponent"})
        EXPECT_THAT(one->text, HasSubstr(each));
    for (const char* each : {"latency", "mixed", "commits", "join", "topics", "connections", "--vs",
                             "--rounds", "--report", "--hdr-log", "--broker-metrics"})
        EXPECT_THAT(all->text, HasSubstr(each));
}

}  // namespace
}  // namespace moldau::load
