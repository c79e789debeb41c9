#include "batch_dump.hpp"

#include "support/vectors.hpp"

#include "moldau/metadata/records.hpp"
#include "moldau/record/builder.hpp"
#include "moldau/record/control.hpp"

#include <gmock/gmock.h>

#include <array>

namespace moldau::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::byte> batch_of(record::BatchOptions options,
                                const std::vector<record::NewRecord>& records) {
    record::BatchBuilder builder;
    builder.start(options);
    for (const record::NewRecord& each : records) EXPECT_TRUE(builder.append(each));
    record::Packer packer;
    const Bytes bytes = builder.finish(packer);
    return {bytes.view().begin(), bytes.view().end()};
}

record::NewRecord text(std::string_view value) {
    return {.timestamp = {1000}, .key = {}, .value = as_bytes(value), .headers = {}};
}

struct Told {
    Result<> outcome;
    std::vector<std::string> lines;
};

Told tell(BytesView log, BatchDump how) {
    Told told;
    told.outcome = dump_batches(log, how, [&](const Entry& entry) -> Result<> {
        told.lines.push_back(entry.to_line());
        return {};
    });
    return told;
}

TEST(BatchDump, TellsWhatCoordinatorsHaveWritten) {
    const auto record_of = [](const std::vector<std::byte>& key,
                              std::optional<BytesView> value) -> record::NewRecord {
        return {.timestamp = {1000}, .key = BytesView(key), .value = value, .headers = {}};
    };
    const auto commit = support::from_hex(
        "0001"
        "000167"
        "000174"
        "00000002");
    const auto offset = support::from_hex(
        "0000"
        "0000000000000007"
        "00016d"
        "00000000000003e8");
    const auto group = support::from_hex(
        "0002"
        "000167");
    const auto strange = support::from_hex(
        "7fff"
        "00");
    const auto newer = support::from_hex(
        "0063"
        "01");
    const auto log = batch_of({}, {record_of(commit, offset), record_of(group, std::nullopt),
                                   record_of(strange, std::nullopt), record_of(commit, newer)});
    const Told told =
        tell(log, {.shows_records = true, .records_of = RecordsOf::group_coordinator});
    ASSERT_TRUE(told.outcome) << told.outcome.error().detail;
    ASSERT_EQ(told.lines.size(), 1U);
    EXPECT_THAT(told.lines[0],
                HasSubstr(R"(type=OffsetCommit key={"group":"g","topic":"t","partition":2} )"
                          R"(value={"offset":7,"metadata":"m","commitTimestamp":1000})"));
    EXPECT_THAT(told.lines[0], HasSubstr(R"(type=GroupMetadata key={"group":"g"} value=null)"));
    EXPECT_THAT(told.lines[0], HasSubstr("key_base64=f/8A value=null"));
    EXPECT_THAT(told.lines[0], HasSubstr(R"("partition":2} value_base64=AGMB)"));

    const auto torn = support::from_hex(
        "0001"
        "0005"
        "67");
    EXPECT_FALSE(tell(batch_of({}, {record_of(torn, std::nullopt)}),
                      {.shows_records = true, .records_of = RecordsOf::group_coordinator})
                     .outcome);
}

TEST(BatchDump, TellsRecordsOfEveryKind) {
    const std::array headers{record::HeaderView{.key = "h", .value = as_bytes("1")},
                             record::HeaderView{.key = "n", .value = std::nullopt}};
    record::NewRecord full = text("v");
    full.key = as_bytes("k");
    full.headers = headers;
    record::NewRecord null = text("");
    null.value.reset();
    const auto log =
        batch_of({.base_offset = {7}, .packing = {.codec = record::Codec::lz4, .level = {}}},
                 {full, null, text("\xff\xfe")});
    const Told told = tell(log, {.shows_records = true});
    ASSERT_TRUE(told.outcome) << told.outcome.error().detail;
    ASSERT_EQ(told.lines.size(), 1U);
    EXPECT_THAT(told.lines[0], HasSubstr("base_offset=7 last_offset=9 count=3"));
    EXPECT_THAT(told.lines[0], HasSubstr("codec=lz4"));
    EXPECT_THAT(
        told.lines[0],
        HasSubstr("  offset=7 timestamp=1000 key=k value=v "
                  "headers=[{\"key\":\"h\",\"value\":\"1\"},{\"key\":\"n\",\"value\":null}]\n"
                  "  offset=8 timestamp=1000 key=null value=null\n"
                  "  offset=9 timestamp=1000 key=null value_base64=\"//4=\"\n"));
    EXPECT_THAT(tell(log, {}).lines[0], testing::Not(HasSubstr("offset=7 timestamp")));
}

TEST(BatchDump, TellsHowATransactionEnded) {
    const auto key = record::control_key(record::ControlType::abort);
    const std::array value{std::byte{0}, std::byte{0}, std::byte{0},
                           std::byte{0}, std::byte{0}, std::byte{9}};
    record::NewRecord marker = text("");
    marker.key = key;
    marker.value = value;
    const auto log = batch_of(
        {.producer_id = {5}, .producer_epoch = {1}, .is_transactional = true, .is_control = true},
        {marker});
    const Told told = tell(log, {});
    ASSERT_TRUE(told.outcome) << told.outcome.error().detail;
    EXPECT_THAT(told.lines[0], HasSubstr("producer_id=5 producer_epoch=1"));
    EXPECT_THAT(told.lines[0],
                HasSubstr("  offset=0 control=ABORT version=0 data={\"coordinatorEpoch\":9}\n"));
}

TEST(BatchDump, TellsMetadataRecordsAlsoThoseThatWeDoNotKnow) {
    protocol::TopicRecord topic;
    topic.name = "orders";
    topic.topic_id = {1, 2};
    const auto known = metadata::encode_record({.value = topic, .version = 0});
    const auto unknown = metadata::encode_record(
        {.value = metadata::UnknownRecord{.type = 999, .body = as_bytes("?")}, .version = 3});
    ASSERT_TRUE(known && unknown);
    record::NewRecord first = text("");
    first.value = known->view();
    record::NewRecord second = text("");
    second.value = unknown->view();
    const auto log = batch_of({}, {first, second});
    const Told told = tell(log, {.records_of = RecordsOf::metadata});
    ASSERT_TRUE(told.outcome) << told.outcome.error().detail;
    EXPECT_THAT(told.lines[0],
                HasSubstr("  offset=0 type=TOPIC_RECORD version=0 "
                          "data={\"name\":\"orders\",\"topicId\":\"AAAAAAAAAAEAAAAAAAAAAg\"}\n"
                          "  offset=1 type=999 version=3 data_base64=\"Pw==\"\n"));
}

TEST(BatchDump, GoesOnBehindABatchWhoseBytesAreWrong) {
    auto log = batch_of({}, {text("one")});
    const auto second = batch_of({.base_offset = {1}}, {text("two")});
    log.back() ^= std::byte{1};
    log.insert(log.end(), second.begin(), second.end());
    const Told told = tell(log, {.shows_records = true});
    EXPECT_THAT(told.lines, ElementsAre(HasSubstr("crc=wrong"), HasSubstr("crc=right")));
    ASSERT_FALSE(told.outcome);
    EXPECT_EQ(told.outcome.error().code, ErrorCode::corrupt_message);
    EXPECT_THAT(told.outcome.error().detail, HasSubstr("position 0"));
}

TEST(BatchDump, SaysWhereAPartOfABatchBegins) {
    auto log = batch_of({}, {text("one")});
    const std::size_t whole = log.size();
    const auto second = batch_of({.base_offset = {1}}, {text("two")});
    log.insert(log.end(), second.begin(), second.end() - 1);
    const Told told = tell(log, {});
    EXPECT_EQ(told.lines.size(), 1U);
    ASSERT_FALSE(told.outcome);
    EXPECT_THAT(told.outcome.error().detail,
                HasSubstr("from position " + std::to_string(whole) + " on"));
}

TEST(BatchDump, SurvivesEveryPrefixAndEveryTurnedByte) {
    const auto key = record::control_key(record::ControlType::kraft_voters);
    record::NewRecord control = text("\x01garbage");
    control.key = key;
    auto log = batch_of({.is_control = true}, {control});
    const auto second = batch_of({.base_offset = {1}}, {text("two")});
    log.insert(log.end(), second.begin(), second.end());
    for (std::size_t end = 0; end < log.size(); ++end)
        (void)tell(BytesView(log).first(end),
                   {.shows_records = true, .records_of = RecordsOf::metadata});
    for (std::size_t at = 0; at < log.size(); ++at) {
        for (const unsigned bit : {0U, 3U, 7U}) {
            log[at] ^= std::byte(1U << bit);
            (void)tell(log, {.shows_records = true, .records_of = RecordsOf::metadata});
            log[at] ^= std::byte(1U << bit);
        }
    }
    EXPECT_EQ(tell(log, {}).lines.size(), 2U);
}

}  // namespace
}  // namespace moldau::cli
