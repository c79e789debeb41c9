// Counts what operator new is asked for in this program: appending and reading in steady state ask
// for nothing but, now and then, more room for the active segment's indexes.
#include "made_batch.hpp"
#include "support/counted_allocations.hpp"
#include "support/lone_shard.hpp"
#include "support/temporary_directory.hpp"

#include "moldau/base/endian.hpp"
#include "moldau/io/system_disk.hpp"
#include "moldau/log/log.hpp"
#include "moldau/runtime/worker_pool.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

namespace moldau::log {
namespace {

constexpr int kBatches = 2000;
constexpr std::int32_t kRecords = 60;

class LogAllocations : public testing::Test {
protected:
    void SetUp() override {
        std::optional<Result<std::unique_ptr<Log>>> opened;
        Log::open(files_, {.directory = directory_.path() + "/orders-0"},
                  [&](Result<std::unique_ptr<Log>> got) { opened.emplace(std::move(got)); });
        while (!opened) {
            shard_.poll_one();
            std::this_thread::yield();
        }
        ASSERT_TRUE(*opened) << opened->error().detail;
        log_ = std::move(**opened);
    }

    /// One batch of 60 records of a producer, as the leader writes it: its header is its own.
    void append() {
        store_be(header_.data() + record::at::kBaseOffset, log_->end_offset().value);
        store_be(header_.data() + record::at::kBaseSequence, sequence_);
        sequence_ += kRecords;
        const auto staged = log_->stage(header_, rest_, BatchOrigin::client, {1'000});
        const WrittenBatches written = log_->write_staged({1'000});
        ASSERT_TRUE(staged && !staged->is_duplicate && written.batches == 1);
    }
    template <class Do>
    static std::size_t allocations_of(const Do& act) {
        const std::size_t before = allocations;
        act();
        return allocations - before;
    }

    support::TemporaryDirectory directory_;
    support::SteadyClock clock_;
    support::CountingRandom random_;
    support::LinesSink sink_;
    runtime::Shard shard_{{}, clock_, random_, sink_};
    runtime::WorkerPool pool_{{.name = "disk", .threads = 1}};
    std::unique_ptr<Disk> disk_ = io::make_system_disk(shard_, pool_);
    FileCache files_{*disk_, 10};
    std::unique_ptr<Log> log_;
    Bytes batch_ = make(MadeBatch{.count = kRecords,
                                  .producer_id = 7,
                                  .producer_epoch = 0,
                                  .base_sequence = 0,
                                  .value = std::string(1'000, 'x')});
    std::vector<std::byte> header_{batch_.view().begin(),
                                   batch_.view().begin() + record::kHeaderBytes};
    BytesView rest_ = batch_.view().subspan(record::kHeaderBytes);
    std::int32_t sequence_ = 0;
};

TEST_F(LogAllocations, AppendingAsksForRoomForIndexesOnly) {
    for (int i = 0; i < 10; ++i) append();
    const std::size_t made = allocations_of([this] {
        for (int i = 0; i < kBatches; ++i) append();
    });
    EXPECT_GT(allocations_of([] { ::operator delete(::operator new(1)); }), 0U)
        << "they are counted";
    // An entry a batch: its vector doubles eight times on the way from ten to two thousand.
    EXPECT_LE(made, 8U) << "in " << kBatches << " appends";
}

TEST_F(LogAllocations, ReadingMakesNone) {
    for (int i = 0; i < 200; ++i) append();
    const auto read_all = [this] {
        for (Offset from; from < log_->end_offset(); from = from + kRecords) {
            const auto slice = log_->read(
                {.from = from, .end = log_->end_offset(), .bytes_max = 1'000'000}, nullptr);
            // Cold pages would be waited for: what was just written is not cold, where it can be
            // told.
            if (!slice) GTEST_SKIP() << "this file system does not tell what is in memory";
            ASSERT_TRUE(*slice && !(*slice)->empty());
        }
    };
    read_all();
    EXPECT_EQ(allocations_of(read_all), 0U);
}

}  // namespace
}  // namespace moldau::log
