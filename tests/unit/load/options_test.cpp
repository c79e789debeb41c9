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

ProduceOptions produce(const std::string& line) {
    const Result<Arguments> arguments = parse("produce " + line);
    EXPECT_TRUE(arguments) << arguments.error().detail;
    return std::get<ProduceOptions>(arguments->what);
}

TEST(Options, SendFlatOutForTenSecondsWhenNothingIsSaid) {
    const ProduceOptions options = produce("t");
    EXPECT_EQ(options.topic, "t");
    EXPECT_EQ(options.rate, 0U);
    EXPECT_EQ(options.duration, seconds(10));
    EXPECT_FALSE(options.records);
    EXPECT_EQ(options.record_bytes, 1024U);
    EXPECT_EQ(options.batch_bytes, 65536U);
    EXPECT_EQ(options.acks, client::Acks::all);
    EXPECT_TRUE(options.is_idempotent);
    EXPECT_FALSE(options.creates_topic);
}

TEST(Options, CarryWhatIsSaid) {
    const ProduceOptions options = produce(
        "t --rate 5000 --records 100 --record-bytes 10 --batch-bytes 2000 --linger-ms 2.5 --acks 1 "
        "--codec zstd --in-flight 9 --producers 4 --threads 2 --create --partitions 6 "
        "--replication-factor 3 --config a=b --config c=");
    EXPECT_EQ(options.rate, 5000U);
    EXPECT_EQ(options.records, 100U);
    EXPECT_FALSE(options.duration);
    EXPECT_EQ(options.record_bytes, 10U);
    EXPECT_EQ(options.batch_bytes, 2000U);
    EXPECT_EQ(options.linger, std::chrono::microseconds(2500));
    EXPECT_EQ(options.acks, client::Acks::leader);
    EXPECT_FALSE(options.is_idempotent);
    EXPECT_EQ(options.packing.codec, record::Codec::zstd);
    EXPECT_EQ(options.in_flight, 9U);
    EXPECT_EQ(options.producers, 4U);
    EXPECT_EQ(options.threads, 2U);
    EXPECT_TRUE(options.creates_topic);
    EXPECT_EQ(options.partitions, 6);
    EXPECT_EQ(options.replication_factor, 3);
    EXPECT_THAT(options.configs, testing::ElementsAre("a=b", "c="));
}

TEST(Options, StandBeforeAndBehindTheCommand) {
    const Result<Arguments> arguments = parse(
        "-o json --pid 7 consume t --brokers a:1,b --pid 8 --partition 2 --partition 0 "
        "--from end --follow --duration-s 0.5 --min-bytes 100 --wait-ms 20 --verify "
        "--latency --consumers 3");
    ASSERT_TRUE(arguments) << arguments.error().detail;
    EXPECT_TRUE(arguments->is_json);
    EXPECT_THAT(arguments->pids, testing::ElementsAre(7, 8));
    EXPECT_THAT(arguments->brokers, testing::ElementsAre(Endpoint{"a", 1}, Endpoint{"b", 9092}));
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
        {"explode", "subcommand is required"},
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

TEST(Options, HelpNamesWhatEachCommandTakes) {
    const Result<Arguments> all = parse("--help");
    ASSERT_TRUE(all);
    EXPECT_THAT(all->text, HasSubstr("produce"));
    EXPECT_THAT(all->text, HasSubstr("consume"));
    EXPECT_THAT(all->text, HasSubstr("--pid"));
    const Result<Arguments> one = parse("produce --help");
    ASSERT_TRUE(one);
    for (const char* each :
         {"--rate", "--records", "--duration-s", "--record-bytes", "--batch-bytes", "--linger-ms",
          "--unbatched", "--codec", "--acks", "--no-idempotence", "--in-flight", "--producers",
          "--threads", "--create", "--partitions", "--replication-factor", "--config"})
        EXPECT_THAT(one->text, HasSubstr(each));
}

}  // namespace
}  // namespace moldau::load
