// Golden broken batches, with what each of Kafka's checks says of them. Where we answer otherwise,
// the case stands in one of the tables below, with its reason.
#include "golden_batch.hpp"
#include "support/vectors.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace moldau::record {
namespace {

using Json = boost::json::object;
using Names = std::set<std::string, std::less<>>;

constexpr std::int64_t kNow = 1'700'000'500'000;

// Iterating: Kafka takes these and we do not.
const Names kWalkRefused = {
    "count/0-for-3",            // it walks no record; bytes that nobody counts are refused
    "legacy/v1-key-size-huge",  // it reads keys only when asked for them, and then fails
};

// What a Produce request may carry: Kafka takes these and we do not.
const Names kProduceRefused = {
    "length/130-one-less",  // it cuts off what follows the batch and is less than one: a byte is
                            // lost
};

// What Kafka's append check lets pass and we refuse, with our code and why.
struct Refusal {
    ErrorCode code;
    const char* why;
};
const std::map<std::string, Refusal, std::less<>> kAppendRefused = {
    {"crc/field-changed", {ErrorCode::corrupt_message, "its log checks the CRC, a step before"}},
    {"crc/body-bit-changed", {ErrorCode::corrupt_message, "as above"}},
    {"crc/attributes-changed", {ErrorCode::corrupt_message, "as above"}},
    {"crc/base-offset-and-leader-epoch-are-not-covered",
     {ErrorCode::invalid_record, "its log checks the base offset, a step before"}},
    {"base-offset/not-zero-from-a-client", {ErrorCode::invalid_record, "as above"}},
    {"legacy/v0-from-a-client", {ErrorCode::invalid_record, "its Produce takes magic 2 alone"}},
    {"legacy/v1-from-a-client", {ErrorCode::invalid_record, "as above"}},
    {"legacy/v1-bad-crc", {ErrorCode::invalid_record, "as above"}},
    {"record/offset-delta-negative",
     {ErrorCode::invalid_record, "a log must not hold offsets that no record has or two have"}},
    {"record/offset-delta-two-for-the-first", {ErrorCode::invalid_record, "as above"}},
    {"record/two-with-equal-offset-deltas", {ErrorCode::invalid_record, "as above"}},
    {"record/two-with-falling-offset-deltas", {ErrorCode::invalid_record, "as above"}},
    {"compressed/gzip/record-claims-100-mib",
     {ErrorCode::invalid_record, "no consumer can read a record whose length is wrong"}},
    {"compressed/snappy/record-claims-100-mib", {ErrorCode::invalid_record, "as above"}},
    {"compressed/lz4/record-claims-100-mib", {ErrorCode::invalid_record, "as above"}},
    {"compressed/zstd/record-claims-100-mib", {ErrorCode::invalid_record, "as above"}},
};

// Exceptions that Kafka answers with UNKNOWN_SERVER_ERROR, which clients retry for ever: the code
// that says what is wrong instead.
std::optional<ErrorCode> code_of(const Json& stage) {
    const std::string exception(stage.at("exception").as_string());
    const auto is = [&](std::string_view name) { return exception.ends_with(name); };
    if (is("CorruptRecordException")) return ErrorCode::corrupt_message;
    if (is("InvalidRecordException")) return ErrorCode::invalid_record;
    if (is("RecordValidationException")) {
        const std::string cause(stage.at("cause").as_string());
        return cause.ends_with("InvalidTimestampException") ? ErrorCode::invalid_timestamp
                                                            : ErrorCode::invalid_record;
    }
    return std::nullopt;
}

bool is_ok(const Json& stage) {
    return stage.contains("result");
}

std::string result_of(const Json& stage) {
    return std::string(stage.at("result").as_string());
}

struct Walked {
    std::optional<Error> error;
    std::size_t records = 0;
};

Walked walk_legacy(const BatchBytes& batch, Unpacker& unpacker, GrowingBuffer& scratch) {
    Walked walked;
    Result<LegacyCursor> cursor =
        LegacyCursor::open(batch, golden::kUnpackedMost, unpacker, scratch);
    if (!cursor) return {cursor.error(), 0};
    LegacyRecord record;
    for (;; ++walked.records) {
        const Result<bool> found = cursor->next(record);
        if (!found) return {found.error(), walked.records};
        if (!*found) return walked;
    }
}

Walked walk_one(const BatchBytes& bytes, std::size_t record_bytes_max) {
    Unpacker unpacker;
    GrowingBuffer scratch;
    if (bytes.magic != kMagic) return walk_legacy(bytes, unpacker, scratch);
    const Result<BatchView> batch = BatchView::of(bytes.bytes);
    if (!batch) return {batch.error(), 0};
    const Result<BytesView> records =
        unpack_records(*batch, golden::kUnpackedMost, unpacker, scratch);
    if (!records) return {records.error(), 0};
    RecordCursor cursor(*batch, *records, record_bytes_max);
    Walked walked;
    RecordView record;
    for (;; ++walked.records) {
        const Result<bool> found = cursor.next(record);
        if (!found) return {found.error(), walked.records};
        if (!*found) return walked;
    }
}

Walked walk(BytesView log, std::size_t record_bytes_max = 1U << 30U) {
    const Result<std::vector<BatchBytes>> batches = golden::split(log);
    if (!batches) return {batches.error(), 0};
    Walked all;
    for (const BatchBytes& batch : *batches) {
        const Walked one = walk_one(batch, record_bytes_max);
        if (one.error) return one;
        all.records += one.records;
    }
    return all;
}

class InvalidBatches : public testing::Test {
protected:
    template <class Check>
    void for_each(Check check) {
        std::size_t lines = 0;
        for (const Json& json : support::read_vectors("batches-invalid.jsonl.gz")) {
            const golden::Line line = golden::line_of(json);
            SCOPED_TRACE(line.name);
            check(line, json);
            ++lines;
        }
        EXPECT_EQ(lines, 185U);
    }
};

const Json& stage(const Json& json, std::string_view name) {
    return json.at(name).as_object();
}

TEST_F(InvalidBatches, AreSplitAsKafkaSplits) {
    for_each([](const golden::Line& line, const Json& json) {
        const Result<std::vector<BatchBytes>> found = golden::split(line.bytes);
        const Json& valid_bytes = stage(json, "validBytes");
        const Json& batches = stage(json, "batches");
        if (!is_ok(batches)) {
            EXPECT_FALSE(is_ok(valid_bytes));
            ASSERT_FALSE(found);
            // A length that overflows an int is an unchecked error in Java; it is a corrupt one.
            EXPECT_EQ(found.error().code, ErrorCode::corrupt_message);
            return;
        }
        ASSERT_TRUE(found) << found.error().detail;
        std::size_t bytes = 0;
        for (const BatchBytes& batch : *found) bytes += batch.bytes.size();
        EXPECT_EQ(std::to_string(bytes), result_of(valid_bytes));
        EXPECT_EQ(std::to_string(found->size()) + " batches", result_of(batches));
    });
}

TEST_F(InvalidBatches, AreCheckedForSizeAndCrcAsKafkaDoes) {
    for_each([](const golden::Line& line, const Json& json) {
        const Json& wanted = stage(json, "ensureValid");
        std::optional<Error> error;
        const Result<std::vector<BatchBytes>> batches = golden::split(line.bytes);
        if (!batches) error = batches.error();
        for (std::size_t i = 0; !error && i < batches->size(); ++i) {
            if (Result<> ok = check_batch((*batches)[i]); !ok) error = ok.error();
        }
        ASSERT_EQ(!error, is_ok(wanted));
        if (error) {
            EXPECT_EQ(error->code, ErrorCode::corrupt_message);
        }
    });
}

void expect_walk(const golden::Line& line, const Walked& got, const Json& wanted) {
    if (kWalkRefused.contains(line.name)) {
        EXPECT_TRUE(is_ok(wanted));
        EXPECT_TRUE(got.error);
        return;
    }
    ASSERT_EQ(!got.error, is_ok(wanted)) << (got.error ? got.error->detail : "");
    if (!got.error) {
        EXPECT_EQ(std::to_string(got.records) + " records", result_of(wanted));
    }
}

TEST_F(InvalidBatches, AreIteratedAsKafkaIterates) {
    for_each([](const golden::Line& line, const Json& json) {
        const Walked got = walk(line.bytes);
        expect_walk(line, got, stage(json, "iterate"));
        expect_walk(line, got, stage(json, "streamingIterate"));
    });
}

TEST_F(InvalidBatches, AreIteratedWithALimitForRecordsAsKafkaDoes) {
    for_each([](const golden::Line& line, const Json& json) {
        expect_walk(line, walk(line.bytes, 1U << 20U), stage(json, "limitedIterate"));
    });
}

TEST_F(InvalidBatches, OfAProduceRequestAreExactlyOneBatchOfMagic2) {
    std::size_t checked = 0;
    for_each([&checked](const golden::Line& line, const Json& json) {
        if (!json.contains("produceRequestV13")) return;
        ++checked;
        const Json& wanted = stage(json, "produceRequestV13");
        const Result<BatchView> got = only_batch(line.bytes);
        if (kProduceRefused.contains(line.name)) {
            EXPECT_TRUE(is_ok(wanted)) << "no longer a difference";
            ASSERT_FALSE(got);
            EXPECT_EQ(got.error().code, ErrorCode::invalid_record);
            return;
        }
        ASSERT_EQ(got.has_value(), is_ok(wanted)) << (got ? "" : got.error().detail);
        if (got) return;
        EXPECT_EQ(got.error().code, code_of(wanted).value_or(ErrorCode::corrupt_message));
    });
    EXPECT_EQ(checked, 181U);
}

// The code for what Kafka answers with an unchecked exception.
ErrorCode better_code(const std::string& name) {
    if (name.starts_with("attributes/compression-")) return ErrorCode::unsupported_compression_type;
    if (name.starts_with("length/")) return ErrorCode::corrupt_message;
    if (name == "compressed/zstd/frame-claims-1-tib") return ErrorCode::message_too_large;
    return ErrorCode::invalid_record;  // the batch is what is wrong
}

void expect_append(const golden::Line& line, const Json& json, AppendValidator& validator) {
    AppendRules rules;
    rules.is_compacted = json.contains("compactedTopic");
    rules.batch_bytes_max = std::size_t{16} << 20U;
    if (const auto* origin = json.if_contains("origin")) {
        rules.origin = origin->as_string() == "COORDINATOR" ? AppendOrigin::coordinator
                                                            : AppendOrigin::raft_leader;
    }
    std::vector<RecordError> errors;
    const Result<ValidatedBatch> got =
        validator.validate(line.bytes, rules, {{kNow}, {500}, {8}}, errors);
    const Json& wanted = stage(json, "append");

    if (const auto refusal = kAppendRefused.find(line.name); refusal != kAppendRefused.end()) {
        EXPECT_TRUE(is_ok(wanted)) << "no longer a difference";
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code, refusal->second.code) << refusal->second.why;
        return;
    }
    ASSERT_EQ(got.has_value(), is_ok(wanted)) << (got ? "taken" : got.error().detail);
    if (got) {
        EXPECT_EQ("ok, " + std::to_string(got->size_bytes()) + " bytes", result_of(wanted));
        return;
    }
    EXPECT_EQ(got.error().code, code_of(wanted).value_or(better_code(line.name)))
        << got.error().detail;
    const auto* record_errors = wanted.if_contains("recordErrors");
    ASSERT_EQ(errors.size(), record_errors == nullptr ? 0 : record_errors->as_array().size());
    for (std::size_t i = 0; i < errors.size(); ++i) {
        EXPECT_EQ(errors[i].batch_index,
                  record_errors->as_array()[i].as_object().at("index").to_number<std::int32_t>());
    }
}

TEST_F(InvalidBatches, AreAppendedOrRefusedAsTheTablesAboveSay) {
    AppendValidator validator;
    for_each([&validator](const golden::Line& line, const Json& json) {
        expect_append(line, json, validator);
    });
}

}  // namespace
}  // namespace moldau::record
