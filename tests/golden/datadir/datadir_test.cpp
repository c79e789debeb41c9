// Partition directories that Kafka wrote, opened as logs: what is in them is what Kafka says.
#include "support/vectors.hpp"
#include "unit/log/made_batch.hpp"
#include "unit/log/memory_disk.hpp"

#include "moldau/base/crc32.hpp"
#include "moldau/log/log.hpp"
#include "moldau/log/log_directory.hpp"
#include "moldau/record/record.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace moldau::log {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

std::string read_whole(const std::string& path) {
    std::string whole(std::filesystem::file_size(path), '\0');
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.read(whole.data(), std::ssize(whole)).good()) << path;
    return whole;
}

std::int64_t number(const object& from, std::string_view name) {
    return from.at(name).to_number<std::int64_t>();
}

/// One of the two data directories.
struct DataDirectory {
    explicit DataDirectory(bool clean) : is_clean(clean) {
        manifest =
            boost::json::parse(read_whole(std::string(MOLDAU_SOURCE_DIR "/tests/golden/datadir/") +
                                          name() + ".manifest.json"))
                .as_object();
        load("");
        take<std::vector<PartitionOffset>>(
            [&](auto done) {
                read_offsets(disk, "/data", OffsetCheckpoint::recovery_point, std::move(done));
            },
            recovery_points);
        take<std::vector<PartitionOffset>>(
            [&](auto done) {
                read_offsets(disk, "/data", OffsetCheckpoint::log_start, std::move(done));
            },
            log_starts);
    }
    std::string name() const { return is_clean ? "clean" : "unclean"; }
    /// The files of `directory`, "" for those beside the partitions, onto the disk.
    void load(const std::string& directory) {
        const std::string root = std::string(MOLDAU_DATADIRS "/") + name() + "/data/" + directory;
        for (const auto& each : std::filesystem::directory_iterator(root)) {
            if (!each.is_regular_file()) continue;
            const std::string file = each.path().filename().string();
            disk.put("/data/" + (directory.empty() ? file : directory + "/" + file),
                     read_whole(each.path().string()));
        }
    }
    template <class T, class Ask>
    void take(const Ask& ask, T& into) {
        std::optional<Result<T>> got;
        ask([&](Result<T> result) { got.emplace(std::move(result)); });
        disk.run();
        ASSERT_TRUE(got && *got);
        into = std::move(**got);
    }
    static Offset offset_of(const std::vector<PartitionOffset>& all, const PartitionName& which) {
        for (const PartitionOffset& each : all) {
            if (each.topic == which.topic && each.partition == which.partition) return each.offset;
        }
        return {};
    }

    bool is_clean;
    object manifest;
    MemoryDisk disk;
    std::vector<PartitionOffset> recovery_points, log_starts;
};

/// As the manifest has it: text, {"base64"}, or {"length", "crc32", "starts"} of what is long.
void expect_same(const std::optional<BytesView>& bytes, const value* expected) {
    if (expected == nullptr || expected->is_null()) {
        EXPECT_FALSE(bytes.has_value());
        return;
    }
    ASSERT_TRUE(bytes.has_value());
    if (expected->is_string()) {
        EXPECT_EQ(as_text(*bytes), std::string_view(expected->as_string()));
    } else if (const value* base64 = expected->as_object().if_contains("base64")) {
        EXPECT_TRUE(equal(*bytes, support::from_base64(base64->as_string())));
    } else {
        const object& described = expected->as_object();
        EXPECT_EQ(static_cast<std::int64_t>(bytes->size()), number(described, "length"));
        EXPECT_EQ(static_cast<std::int64_t>(crc32(*bytes)), number(described, "crc32"));
        EXPECT_TRUE(
            as_text(*bytes).starts_with(std::string_view(described.at("starts").as_string())));
    }
}

void expect_same(const record::RecordView& record, LeaderEpoch epoch, const object& expected) {
    SCOPED_TRACE(fmt::format("record {}", record.offset.value));
    EXPECT_EQ(record.offset.value, number(expected, "offset"));
    EXPECT_EQ(record.timestamp.ms, number(expected, "timestamp"));
    EXPECT_EQ(epoch.value, number(expected, "leader_epoch"));
    expect_same(record.key, expected.if_contains("key"));
    expect_same(record.value, expected.if_contains("value"));
    const value* headers = expected.if_contains("headers");
    ASSERT_EQ(static_cast<std::size_t>(record.headers.count()),
              headers == nullptr ? 0 : headers->as_array().size());
    std::size_t i = 0;
    for (const record::HeaderView& header : record.headers) {
        const array& pair = headers->as_array()[i++].as_array();
        EXPECT_EQ(header.key, std::string_view(pair[0].as_string()));
        expect_same(header.value, &pair[1]);
    }
}

/// What is known of a producer from its batches, as they follow each other.
struct Producer {
    std::int64_t epoch = -1;
    std::int64_t last_sequence = -1, last_offset = -1;  // of its last batch with that epoch
    std::optional<std::int64_t> open_from;
};

class OpenPartition {
public:
    OpenPartition(DataDirectory& directory, PartitionName of, const object& topic)
        : directory_(directory),
          of_(std::move(of)),
          expected_(topic.at("partitions").at(std::to_string(of_.partition)).as_object()),
          path_("/data/" + directory_name(of_)) {
        const value* policy = topic.at("configs").as_object().if_contains("cleanup.policy");
        const std::string_view policies =
            policy == nullptr ? "delete" : std::string_view(policy->as_string());
        config_.compacts = policies.contains("compact");
        config_.deletes = policies.contains("delete");
        config_.retention_ms = -1;
        // Their records are older than they are.
        config_.producer_id_expiration_ms = std::numeric_limits<std::int64_t>::max();
        topic_id_ = std::string(topic.at("topic_id").as_string());
    }
    bool compacts() const { return config_.compacts; }

    void open() {
        open(directory_.is_clean, DataDirectory::offset_of(directory_.recovery_points, of_));
    }
    void open(bool clean, Offset recovery_point) {
        log_.reset();
        std::optional<Result<std::unique_ptr<Log>>> opened;
        Log::open(files_,
                  {.directory = path_,
                   .config = config_,
                   .log_start_offset = DataDirectory::offset_of(directory_.log_starts, of_),
                   .recovery_point = recovery_point,
                   .was_clean = clean,
                   .now = {1'795'400'000'000},  // a while after they were written
                   .topic_id = std::nullopt},
                  [&](Result<std::unique_ptr<Log>> got) { opened.emplace(std::move(got)); });
        directory_.disk.run();
        ASSERT_TRUE(opened);
        ASSERT_TRUE(*opened) << opened->error().detail;
        log_ = std::move(**opened);
    }

    /// All that the manifest says, and what follows from it.
    void expect_as_manifest() {
        EXPECT_EQ(log_->topic_id()->to_string(), topic_id_);
        EXPECT_THAT(log_->report().unknown_files, testing::IsEmpty());
        EXPECT_EQ(log_->report().bytes_cut, 0U);
        EXPECT_EQ(log_->log_start_offset().value, number(expected_, "log_start_offset"));
        EXPECT_EQ(log_->end_offset().value, number(expected_, "high_watermark"));
        EXPECT_EQ(log_->last_stable_offset(log_->end_offset()).value,
                  number(expected_, "last_stable_offset"));
        expect_batches_and_records();
        expect_transactions();
        expect_producers();
        expect_max_timestamp();
    }
    void expect_nothing_mended() const {
        EXPECT_EQ(log_->report().segments_recovered, 0U);
        EXPECT_THAT(log_->report().notes, testing::IsEmpty());
    }
    void expect_producers() {
        for (const auto& [id, known] : producers_) {
            SCOPED_TRACE(fmt::format("producer {}", id));
            const ProducerEntry* entry = log_->producers().find({id});
            // Kafka forgets those that are older than a day when it starts.
            if (entry == nullptr && was_forgotten(id, known.last_offset)) continue;
            ASSERT_NE(entry, nullptr);
            EXPECT_EQ(entry->epoch.value, known.epoch);
            EXPECT_EQ(entry->transaction_first_offset.has_value(), known.open_from.has_value());
            if (known.open_from && entry->transaction_first_offset) {
                EXPECT_EQ(entry->transaction_first_offset->value, *known.open_from);
            }
            if (known.last_sequence >= 0) {
                ASSERT_FALSE(entry->empty());
                EXPECT_EQ(entry->newest().last_sequence, known.last_sequence);
                EXPECT_EQ(entry->newest().last_offset.value, known.last_offset);
            }
        }
    }
    bool was_forgotten(std::int64_t id, std::int64_t last_offset) const {
        std::string newest;
        for (const auto& [path, content] : directory_.disk.files()) {
            if (path.starts_with(path_ + "/") && path.ends_with(".snapshot")) newest = path;
        }
        if (newest.empty()) return false;
        const std::int64_t at = std::stoll(newest.substr(path_.size() + 1, 20));
        const auto entries = parse_producer_snapshot(*directory_.disk.files().at(newest));
        return last_offset < at && entries &&
               std::ranges::none_of(
                   *entries, [&](const auto& each) { return each.producer_id.value == id; });
    }
    void drop_snapshots() {
        std::erase_if(directory_.disk.files(), [&](const auto& each) {
            return each.first.starts_with(path_ + "/") && each.first.ends_with(".snapshot");
        });
    }
    /// It goes on as a log of ours, and is there after a clean stop.
    void append_and_reopen() {
        const Offset end = log_->end_offset();
        const Bytes batch = make(MadeBatch{.base_offset = end.value, .leader_epoch = 9});
        const BytesView view = batch;
        ASSERT_TRUE(log_->stage(view.first(record::kHeaderBytes),
                                view.subspan(record::kHeaderBytes), BatchOrigin::client, {}));
        ASSERT_FALSE(log_->write_staged({}).error);
        std::optional<DiskResult<>> closed;
        log_->close([&](DiskResult<> got) { closed.emplace(got); });
        directory_.disk.run();
        ASSERT_TRUE(closed && *closed);
        open(true, end + 1);
        expect_nothing_mended();
        EXPECT_EQ(log_->end_offset(), end + 1);
        EXPECT_EQ(log_->leader_epochs().latest(), LeaderEpoch{9});
    }

private:
    Bytes read(Offset from, std::uint64_t& position) {
        std::optional<Result<FileSlice>> slice;
        auto now = log_->read({.from = from, .end = log_->end_offset(), .bytes_max = 1},
                              [&](Result<FileSlice> got) { slice.emplace(std::move(got)); });
        if (now) slice.emplace(std::move(*now));
        directory_.disk.run();
        EXPECT_TRUE(slice && *slice);
        if (!slice || !*slice || (*slice)->empty()) return {};
        position = (*slice)->at;
        std::optional<DiskResult<Bytes>> bytes;
        (*slice)->file->read((*slice)->at, (*slice)->bytes,
                             [&](DiskResult<Bytes> got) { bytes.emplace(std::move(got)); });
        directory_.disk.run();
        return **bytes;
    }

    void expect_batches_and_records() {
        const Offset start = log_->log_start_offset();
        const array& records = expected_.at("records").as_array();
        std::size_t next_record = 0;
        Offset from = start;
        for (const value& each : expected_.at("batches").as_array()) {
            const object& expected = each.as_object();
            if (number(expected, "last_offset") < start.value) continue;
            SCOPED_TRACE(fmt::format("batch {}", number(expected, "base_offset")));
            std::uint64_t position = 0;
            const Bytes bytes = read(from, position);
            const auto batch = record::BatchView::of(bytes);
            ASSERT_TRUE(batch) << batch.error().detail;
            EXPECT_EQ(static_cast<std::int64_t>(position), number(expected, "position"));
            expect_batch(*batch, expected);
            learn(*batch);
            if (!batch->is_control())
                expect_records(*batch, records, next_record);
            else
                next_after_marker(*batch);
            from = batch->next_offset();
        }
        EXPECT_EQ(next_record, records.size());
        std::uint64_t position = 0;
        EXPECT_TRUE(from == log_->end_offset() || read(from, position).empty());
    }
    void expect_batch(const record::BatchView& batch, const object& expected) const {
        EXPECT_EQ(static_cast<std::int64_t>(batch.bytes().size()), number(expected, "size"));
        EXPECT_EQ(batch.base_offset().value, number(expected, "base_offset"));
        EXPECT_EQ(batch.last_offset().value, number(expected, "last_offset"));
        EXPECT_EQ(batch.crc(), number(expected, "crc"));
        EXPECT_TRUE(batch.is_crc_right());
        EXPECT_EQ(batch.leader_epoch().value, number(expected, "leader_epoch"));
        EXPECT_EQ(batch.producer_id().value, number(expected, "producer_id"));
        if (batch.base_offset() >= log_->log_start_offset()) {
            EXPECT_EQ(log_->leader_epochs().epoch_at(batch.base_offset()), batch.leader_epoch());
        }
    }
    void expect_records(const record::BatchView& batch, const array& records,
                        std::size_t& next_record) {
        const auto plain =
            record::unpack_records(batch, std::size_t{10} << 20U, unpacker_, scratch_);
        ASSERT_TRUE(plain) << plain.error().detail;
        record::RecordCursor cursor(batch, *plain);
        record::RecordView record;
        const bool is_aborted = batch.is_transactional() && is_in_aborted(batch);
        for (;;) {
            const auto more = cursor.next(record);
            ASSERT_TRUE(more) << more.error().detail;
            if (!*more) return;
            if (record.offset < log_->log_start_offset()) continue;
            ASSERT_LT(next_record, records.size());
            expect_same(record, batch.leader_epoch(), records[next_record++].as_object());
            if (is_aborted || record.offset >= stable()) not_committed_.insert(record.offset.value);
        }
    }
    void next_after_marker(const record::BatchView& batch) {
        if (batch.base_offset() >= stable()) not_committed_.insert(batch.base_offset().value);
    }
    Offset stable() const { return log_->last_stable_offset(log_->end_offset()); }
    bool is_in_aborted(const record::BatchView& batch) const {
        const auto all = log_->aborted_transactions({log_->log_start_offset(), log_->end_offset()});
        return std::ranges::any_of(all, [&](const AbortedTransaction& each) {
            return each.producer_id == batch.producer_id() &&
                   each.first_offset <= batch.base_offset() &&
                   batch.base_offset() <= each.last_offset;
        });
    }
    void learn(const record::BatchView& batch) {
        if (!batch.has_producer_id()) return;
        Producer& known = producers_[batch.producer_id().value];
        if (batch.producer_epoch().value != known.epoch)
            known = {batch.producer_epoch().value, -1, -1, known.open_from};
        if (batch.is_control()) {
            known.open_from.reset();
            return;
        }
        known.last_sequence = batch.last_sequence();
        known.last_offset = batch.last_offset().value;
        if (batch.is_transactional() && !known.open_from)
            known.open_from = batch.base_offset().value;
    }

    void expect_transactions() {
        const auto found =
            log_->aborted_transactions({log_->log_start_offset(), log_->end_offset()});
        const array& expected = expected_.at("aborted_transactions").as_array();
        ASSERT_EQ(found.size(), expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
            const object& each = expected[i].as_object();
            EXPECT_EQ(found[i].producer_id.value, number(each, "producer_id"));
            EXPECT_EQ(found[i].first_offset.value, number(each, "first_offset"));
            EXPECT_EQ(found[i].last_offset.value, number(each, "last_offset"));
            EXPECT_EQ(found[i].last_stable_offset.value, number(each, "last_stable_offset"));
        }
        std::set<std::int64_t> left_out;
        for (const value& each : expected_.at("offsets_not_in_read_committed").as_array())
            left_out.insert(each.to_number<std::int64_t>());
        EXPECT_EQ(not_committed_, left_out);
    }

    void expect_max_timestamp() {
        std::optional<Result<std::optional<TimedOffset>>> got;
        log_->offset_of_max_timestamp([&](auto result) { got.emplace(std::move(result)); });
        directory_.disk.run();
        ASSERT_TRUE(got && *got);
        EXPECT_EQ(**got ? (**got)->offset.value : -1, number(expected_, "max_timestamp_offset"));
    }

    DataDirectory& directory_;
    PartitionName of_;
    const object& expected_;
    std::string path_, topic_id_;
    LogConfig config_;
    FileCache files_{directory_.disk, 10};
    std::unique_ptr<Log> log_;
    record::Unpacker unpacker_;
    record::GrowingBuffer scratch_;
    std::map<std::int64_t, Producer> producers_;
    std::set<std::int64_t> not_committed_;
};

struct Way {
    const char* name;
    bool is_clean;
    bool is_cold;
    friend void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }
};

class DataDirectories : public testing::TestWithParam<Way> {
protected:
    /// Each partition, with its files on the disk.
    template <class Do>
    void for_each(const Do& act) {
        DataDirectory directory(GetParam().is_clean);
        directory.disk.cold = GetParam().is_cold;
        int partitions = 0;
        for (const auto& topic : directory.manifest.at("topics").as_object()) {
            for (const auto& each : topic.value().at("partitions").as_object()) {
                const PartitionName of{std::string(topic.key()),
                                       std::stoi(std::string(each.key()))};
                SCOPED_TRACE(directory_name(of));
                directory.load(directory_name(of));
                act(directory, OpenPartition(directory, of, topic.value().as_object()));
                std::erase_if(directory.disk.files(), [&](const auto& file) {
                    return file.first.starts_with("/data/" + directory_name(of) + "/");
                });
                ++partitions;
                if (HasFatalFailure()) return;
            }
        }
        EXPECT_EQ(partitions, 45);
    }
};

TEST_P(DataDirectories, AreOpenedAsKafkaLeftThem) {
    for_each([&](DataDirectory& directory, OpenPartition partition) {
        partition.open();
        if (testing::Test::HasFatalFailure()) return;
        if (directory.is_clean) partition.expect_nothing_mended();
        partition.expect_as_manifest();
    });
}

TEST_P(DataDirectories, GiveTheSameProducersWithoutTheirSnapshots) {
    for_each([&](DataDirectory&, OpenPartition partition) {
        partition.drop_snapshots();
        partition.open();
        if (testing::Test::HasFatalFailure()) return;
        partition.expect_as_manifest();
    });
}

TEST_P(DataDirectories, AreReadWhollyWhenNothingIsKnownOfThem) {
    for_each([&](DataDirectory&, OpenPartition partition) {
        partition.open(false, {0});
        if (testing::Test::HasFatalFailure()) return;
        partition.expect_as_manifest();
    });
}

TEST_P(DataDirectories, GoOnAsOurs) {
    for_each([&](DataDirectory&, OpenPartition partition) {
        partition.open();
        if (testing::Test::HasFatalFailure()) return;
        partition.append_and_reopen();
    });
}

INSTANTIATE_TEST_SUITE_P(Kafka, DataDirectories,
                         testing::Values(Way{"Clean", true, false}, Way{"CleanCold", true, true},
                                         Way{"Unclean", false, false},
                                         Way{"UncleanCold", false, true}),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(DataDirectory, HasTheFilesBesideItsPartitions) {
    for (const bool is_clean : {true, false}) {
        SCOPED_TRACE(is_clean);
        DataDirectory directory(is_clean);
        std::optional<MetaProperties> properties;
        directory.take<std::optional<MetaProperties>>(
            [&](auto done) { read_meta_properties(directory.disk, "/data", std::move(done)); },
            properties);
        ASSERT_TRUE(properties);
        EXPECT_EQ(properties->cluster_id,
                  std::string_view(directory.manifest.at("cluster_id").as_string()));
        EXPECT_EQ(properties->node_id, 1);
        std::optional<CleanShutdown> shutdown;
        directory.take<std::optional<CleanShutdown>>(
            [&](auto done) { take_clean_shutdown(directory.disk, "/data", std::move(done)); },
            shutdown);
        EXPECT_EQ(shutdown.has_value(), is_clean);
        if (shutdown) {
            EXPECT_EQ(shutdown->broker_epoch, 285);
        }
        EXPECT_EQ(DataDirectory::offset_of(directory.log_starts, {"trimmed", 0}), Offset{33});
        EXPECT_EQ(DataDirectory::offset_of(directory.recovery_points, {"codec-gzip", 0}),
                  Offset{120});
    }
}

}  // namespace
}  // namespace moldau::log
