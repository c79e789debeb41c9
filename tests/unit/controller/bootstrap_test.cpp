#include "moldau/controller/bootstrap.hpp"

#include "moldau/metadata/image_builder.hpp"
#include "moldau/raft/snapshot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

namespace moldau::controller {
namespace {

std::string golden(const std::string& name) {
    std::ifstream file(MOLDAU_SOURCE_DIR "/tests/golden/metadata/clean/" + name, std::ios::binary);
    EXPECT_TRUE(file.good()) << name;
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string joined(const std::vector<Bytes>& batches) {
    std::string file;
    for (const Bytes& batch : batches) file += as_text(batch);
    return file;
}

const FeatureLevels kKafkas{{"metadata.version", 30}, {"eligible.leader.replicas.version", 1},
                            {"group.version", 1},     {"share.version", 1},
                            {"streams.version", 1},   {"transaction.version", 2},
                            {"some.other.version", 0}};

protocol::VotersRecord kafkas_voter() {
    return lone_voter(1, *Uuid::parse("O1G1A_dfSO2pWJHi1-tXew"),
                      {{"CONTROLLER", "127.0.0.1", 47311, 0}});
}

std::vector<Bytes> payloads(const std::string& file) {
    const Result<std::vector<Bytes>> read =
        read_bootstrap(Bytes::copy_of(as_bytes(file)), std::nullopt);
    EXPECT_TRUE(read) << read.error().detail;
    return *read;
}

TEST(Bootstrap, FormatsADirectoryAsKafkaDoes) {
    const FormatFiles files = format_files(Timestamp{1795363797323}, kKafkas, kafkas_voter());
    const std::vector<Bytes> ours = payloads(joined(files.bootstrap));
    const std::vector<Bytes> kafkas = payloads(golden("bootstrap.checkpoint"));
    ASSERT_EQ(ours.size(), kafkas.size());
    for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_TRUE(equal(ours[i], kafkas[i])) << i;

    // Kafka takes the time twice: as last contained, and for the batch.
    raft::BatchReader batches(*files.first_snapshot.begin());
    raft::LogBatch batch;
    ASSERT_TRUE(*batches.next(batch));
    const std::string first = golden("00000000000000000000-0000000000.checkpoint");
    raft::BatchReader kafka_batches(as_bytes(first));
    raft::LogBatch kafka_batch;
    ASSERT_TRUE(*kafka_batches.next(kafka_batch));
    ASSERT_EQ(batch.control.size(), kafka_batch.control.size());
    EXPECT_EQ(batch.control[1], kafka_batch.control[1]);
    EXPECT_EQ(batch.control[2], kafka_batch.control[2]);
    EXPECT_EQ(joined(files.first_snapshot).size(), first.size());
}

TEST(Bootstrap, BeginsALogWithKafkasRecords) {
    const auto records =
        activation_records({}, true, false, payloads(golden("bootstrap.checkpoint")), 1);
    ASSERT_TRUE(records) << records.error().detail;
    const std::string log = golden("00000000000000000000.log");
    raft::BatchReader reader(as_bytes(log));
    raft::LogBatch batch;
    ASSERT_TRUE(*reader.next(batch));
    ASSERT_TRUE(*reader.next(batch));
    ASSERT_EQ(batch.payloads.size(), records->size());
    for (std::size_t i = 0; i < records->size(); ++i)
        EXPECT_TRUE(equal(*metadata::encode_record((*records)[i]), batch.payloads[i])) << i;
}

TEST(Bootstrap, WithoutElrSetsNoClusterConfig) {
    const FormatFiles files =
        format_files(Timestamp{1}, {{"metadata.version", 25}}, kafkas_voter());
    const auto records = activation_records({}, true, false, payloads(joined(files.bootstrap)), 1);
    ASSERT_TRUE(records);
    EXPECT_EQ(records->size(), 3U);  // begin, metadata.version, end
}

TEST(Bootstrap, OfKafka44StandsInTheFirstSnapshot) {
    raft::SnapshotWriter writer(
        raft::kFirstSnapshot, Timestamp{1},
        {.last_contained = Timestamp{1}, .kraft_version = 1, .voters = kafkas_voter()});
    for (const Bytes& payload : payloads(golden("bootstrap.checkpoint")))
        ASSERT_TRUE(writer.append(payload));
    writer.finish();
    const auto read = read_bootstrap(std::nullopt, Bytes::copy_of(as_bytes(joined(writer.take()))));
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->size(), 6U);
}

TEST(Bootstrap, WithoutAMetadataVersionIsRefused) {
    const Bytes first =
        Bytes::copy_of(as_bytes(golden("00000000000000000000-0000000000.checkpoint")));
    for (const auto& read :
         {read_bootstrap(std::nullopt, first), read_bootstrap(std::nullopt, std::nullopt)}) {
        ASSERT_FALSE(read);
        EXPECT_THAT(read.error().detail, testing::HasSubstr("metadata.version"));
    }
    EXPECT_FALSE(read_bootstrap(first.slice(0, 100), first));
}

TEST(Bootstrap, ALogThatIsNotEmptyIsLeftAsItIsUnlessATransactionIsOpen) {
    EXPECT_THAT(*activation_records({}, false, false, {}, 1), testing::IsEmpty());
    const auto records = activation_records({}, false, true, {}, 1);
    ASSERT_EQ(records->size(), 1U);
    EXPECT_TRUE(std::holds_alternative<protocol::AbortTransactionRecord>((*records)[0].value));
}

}  // namespace
}  // namespace moldau::controller
