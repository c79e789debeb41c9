// One partition's log on a simulated disk, driven by random operations, against a model of what it
// must hold: with crashes at any call, power failures, disks that fail and that are full. All from
// one seed.
#include "seeds.hpp"

#include "moldau/log/log.hpp"
#include "moldau/record/builder.hpp"
#include "moldau/sim/world.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace moldau::sim {
namespace {

using log::Log;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kDirectory = "/data/orders-0";

/// A batch as the model knows it.
struct Known {
    std::int64_t end = 0;
    std::string bytes;
    std::int32_t epoch = 0;
    std::int64_t producer = -1;
    std::int32_t sequence = -1;
};

class CrashRun {
public:
    explicit CrashRun(std::uint64_t seed)
        : random_(seed, "log test"), world_({.seed = seed, .disk = faults(seed)}) {
        process_ = world_.add_process("node", 1, [this](Process& process) {
            disk_ = &process.disk(0);
            return std::make_unique<Holder>(*this);
        });
    }

    /// The first thing that is wrong, or nothing.
    std::string go() {
        make_data();
        for (int life = 0; life < 6 && wrong_.empty(); ++life) {
            world_.start(process_);
            kind_ = random_.chance(700'000) ? CrashKind::power : CrashKind::process;
            if (random_.chance(600'000))
                world_.crash_at_call(process_, random_.between(1, 150), kind_);
            live();
            settle();
            const bool died = !world_.running(process_);
            if (!died && log_ != nullptr && random_.chance(300'000)) close_log();
            if (died) ++crashes_;
            world_.crash(process_, kind_);
        }
        return wrong_;
    }
    std::uint64_t crashes() const { return crashes_; }
    std::uint64_t appended() const { return appended_; }
    std::uint64_t recovered_bytes_cut() const { return bytes_cut_; }

private:
    /// The log lives as long as its process.
    struct Holder final : Program {
        explicit Holder(CrashRun& of) : run(of) {}
        Holder(const Holder&) = delete;
        Holder& operator=(const Holder&) = delete;
        ~Holder() override {
            run.log_.reset();
            run.files_.reset();
        }
        CrashRun& run;
    };

    static DiskFaults faults(std::uint64_t seed) {
        DiskFaults made;
        if (seed % 3 == 1) made.cold_read = 300'000;
        if (seed % 4 == 2) made.write_error = 3'000;
        if (seed % 5 == 3) made.sync_error = 20'000;
        if (seed % 6 == 4) made.bytes_max = 6'000;
        if (seed % 7 == 5) made.open_error = 10'000;
        return made;
    }
    void wrong(std::string what) {
        if (wrong_.empty()) wrong_ = std::move(what);
    }
    bool alive() const { return world_.running(process_) && log_ != nullptr; }
    // A process that dies within a call of ours lives on until the world is back in control.
    bool is_dying() {
        const auto space = disk_->space("/");
        return !space && space.error().detail.contains("has died");
    }
    void settle() {
        if (world_.running(process_) && is_dying()) world_.crash(process_, kind_);
    }
    /// Lets time pass until `ended` or the process dies.
    bool wait(const bool& ended) {
        settle();
        if (!ended && world_.running(process_))
            world_.run_for(seconds(5), [&] { return ended || !world_.running(process_); });
        settle();
        if (!ended && world_.running(process_)) wrong("something did not end");
        return ended && world_.running(process_);
    }

    /// One life of the process.
    void live() {
        if (!open_log()) return;
        check_all();
        const std::uint64_t steps = random_.between(5, 40);
        for (std::uint64_t i = 0; i < steps && alive() && wrong_.empty(); ++i) {
            step();
            settle();
            world_.run_for(Duration(random_.between(0, 3'000'000)));
            // Owners note it whenever they like, the log start before the recovery point: what lies
            // below a raised log start was never flushed, and may come back after a crash.
            if (alive()) {
                durable_start_ = std::max(durable_start_, log_->log_start_offset().value);
                durable_ = std::max(durable_, log_->recovery_point().value);
            }
        }
    }

    /// The log directory is there before its logs are.
    void make_data() {
        while (!is_made_) {
            world_.start(process_);
            if (!disk_->create_directories("/data")) return wrong("no directory");
            bool ended = false;
            disk_->sync_directory("/", [&](DiskResult<> got) {
                is_made_ = got.has_value();
                ended = true;
            });
            wait(ended);
            world_.crash(process_, CrashKind::process);
        }
    }

    bool open_log() {
        files_ = std::make_unique<log::FileCache>(*disk_, 3);
        std::optional<Result<std::unique_ptr<Log>>> opened;
        bool ended = false;
        Log::open(*files_,
                  {.directory = kDirectory,
                   .config = config_,
                   .log_start_offset = {durable_start_},
                   .recovery_point = {durable_},
                   .was_clean = clean_,
                   .now = {20'000},
                   .mono_now = world_.now(),
                   .topic_id = Uuid{1, 2},
                   .on_failure = nullptr},
                  [&](Result<std::unique_ptr<Log>> got) {
                      opened.emplace(std::move(got));
                      ended = true;
                  });
        if (!wait(ended)) {
            opened.reset();
            return false;
        }
        if (!*opened) {
            // The log directory goes offline: nothing is tried again over a failed write or sync.
            // Someone makes room or changes the device, and the process starts anew.
            if (!injected(opened->error())) wrong("open: " + opened->error().detail);
            world_.set_faults(DiskFaults{});
            return false;
        }
        log_ = std::move(**opened);
        bytes_cut_ += log_->report().bytes_cut;
        adopt();
        clean_ = false;
        return wrong_.empty();
    }

    /// What was recovered must be a prefix of what was appended, and hold all that was durable.
    void adopt() {
        const std::int64_t end = log_->end_offset().value;
        if (end < durable_)
            return wrong(fmt::format("end offset {} below what was durable, {}", end, durable_));
        if (log_->recovery_point().value < durable_)
            return wrong(
                fmt::format("recovery point {} below {}", log_->recovery_point().value, durable_));
        // Batches that were written and never acknowledged may be there or not.
        while (!model_.empty() && model_.rbegin()->second.end > end)
            model_.erase(std::prev(model_.end()));
        const std::int64_t model_end =
            model_.empty() ? log_->log_start_offset().value : model_.rbegin()->second.end;
        if (model_end != end && end != log_->log_start_offset().value)
            return wrong(fmt::format("end offset {} is no batch's end", end));
        if (log_->log_start_offset().value < durable_start_)
            return wrong("the log start went back");
        durable_ = log_->recovery_point().value;
        set_sequences();
    }

    void check_all() {
        std::int64_t from = log_->log_start_offset().value;
        auto next = model_.upper_bound(from);
        if (next != model_.begin() && std::prev(next)->second.end > from) --next;
        while (alive() && from < log_->end_offset().value) {
            const auto slice = read(from, random_.between(1, 400));
            if (!alive()) return;
            if (!slice) {
                if (!log_->is_offline() && !injected(slice.error()))
                    wrong(fmt::format("read at {}: {}", from, slice.error().detail));
                return;
            }
            if (slice->empty())
                return wrong(fmt::format("nothing at {} of [{}, {})", from,
                                         log_->log_start_offset().value, log_->end_offset().value));
            auto content = bytes_of(*slice);
            if (!content) return;
            BytesView rest = *content;
            bool any = false;
            for (;;) {
                const auto batch = record::first_batch(rest);
                if (!batch || !*batch) break;
                const std::string_view bytes = as_text((*batch)->bytes);
                if (next == model_.end() || next->second.bytes != bytes)
                    return wrong(fmt::format("what stands at {} was never appended there", from));
                from = next->second.end;
                ++next;
                rest = rest.subspan(bytes.size());
                any = true;
            }
            if (!any) return wrong(fmt::format("not one batch at {}", from));
        }
        check_epochs();
    }
    void check_epochs() {
        if (!alive()) return;
        std::optional<std::int32_t> last;
        std::vector<log::EpochStart> expected;
        const std::int64_t start = log_->log_start_offset().value;
        for (const auto& [base, batch] : model_) {
            if (batch.end <= start || base >= log_->end_offset().value || last == batch.epoch)
                continue;
            expected.push_back({{batch.epoch}, {std::max(base, start)}});
            last = batch.epoch;
        }
        // Where the log start went back, the first epochs are those of where it was.
        const auto found = log_->leader_epochs().starts();
        const std::size_t same = found.empty() ? 0 : found.size() - 1;
        if (found.size() > expected.size() && log_->end_offset().value > start)
            return wrong(fmt::format("{} epochs, {} expected", found.size(), expected.size()));
        for (std::size_t i = 1; i <= same; ++i) {
            const auto& [epoch, at] = found[found.size() - i];
            const auto& [wanted, wanted_at] = expected[expected.size() - i];
            if (epoch != wanted || at != wanted_at)
                return wrong(fmt::format("epoch {} from {}, expected {} from {}", epoch.value,
                                         at.value, wanted.value, wanted_at.value));
        }
    }
    static bool injected(const Error& error) { return error.detail.contains("(simulated)"); }

    Result<FileSlice> read(std::int64_t from, std::size_t bytes_max) {
        bool ended = false;
        std::optional<Result<FileSlice>> later;
        auto now = log_->read({.from = {from}, .end = log_->end_offset(), .bytes_max = bytes_max},
                              [&](Result<FileSlice> got) {
                                  later.emplace(std::move(got));
                                  ended = true;
                              });
        if (now) return std::move(*now);
        if (!wait(ended)) return Error{ErrorCode::unknown_server_error, "(simulated) death"};
        return std::move(*later);
    }
    std::optional<Bytes> bytes_of(const FileSlice& slice) {
        bool ended = false;
        std::optional<DiskResult<Bytes>> got;
        slice.file->read(slice.at, slice.bytes, [&](DiskResult<Bytes> bytes) {
            got.emplace(std::move(bytes));
            ended = true;
        });
        if (!wait(ended) || !*got) return std::nullopt;
        return **got;
    }

    void step() {
        switch (random_.below(12)) {
            case 0:
                return flush();
            case 1:
                return truncate();
            case 2:
                return retain();
            case 3:
                return check_all();
            case 4:
                return retry();
            case 5:
                files_->sweep();
                epoch_ += static_cast<std::int32_t>(random_.below(2));
                return;
            default:
                return append();
        }
    }

    void append() {
        const std::uint64_t count = random_.between(1, 4);
        std::vector<Bytes> made;
        std::vector<std::pair<std::int64_t, Known>> wanted;
        auto sequences = sequences_;
        for (std::uint64_t i = 0; i < count; ++i) {
            Known one;
            const auto records = static_cast<std::int32_t>(random_.between(1, 3));
            const std::int64_t base = log_->staged_end_offset().value;
            one.end = base + records;
            one.epoch = epoch_;
            one.producer = static_cast<std::int64_t>(random_.below(3)) - 1;
            if (one.producer >= 0) {
                one.sequence = sequences[one.producer];
                sequences[one.producer] += records;
            }
            made.push_back(build(base, records, one));
            one.bytes = as_text(made.back());
            const BytesView view = made.back();
            const auto staged =
                log_->stage(view.first(61), view.subspan(61), log::BatchOrigin::client, {20'000});
            if (!staged) {
                if (!log_->is_offline()) wrong("stage: " + staged.error().detail);
                return log_->drop_staged();
            }
            if (staged->is_duplicate) {
                wrong("a new batch is taken for one that came before");
                return log_->drop_staged();
            }
            wanted.emplace_back(base, one);
        }
        const auto written = log_->write_staged({20'000});
        if (written.error && !injected(*written.error)) wrong("write: " + written.error->detail);
        // Of a write that failed any part may be there after the next start.
        const std::size_t sure = written.batches;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (i >= sure && !log_->is_offline()) break;
            model_[wanted[i].first] = wanted[i].second;
            if (i < sure && wanted[i].second.producer >= 0)
                sequences_[wanted[i].second.producer] =
                    wanted[i].second.sequence +
                    static_cast<std::int32_t>(wanted[i].second.end - wanted[i].first);
        }
        appended_ += sure;
    }
    Bytes build(std::int64_t base, std::int32_t records, const Known& one) {
        record::BatchBuilder builder;
        record::Packer packer;
        builder.start({.base_offset = {base},
                       .leader_epoch = {one.epoch},
                       .producer_id = {one.producer},
                       .producer_epoch = {static_cast<std::int16_t>(one.producer < 0 ? -1 : 0)},
                       .base_sequence = one.sequence});
        const std::string value(random_.between(0, 60), static_cast<char>('a' + random_.below(26)));
        for (std::int32_t i = 0; i < records; ++i) {
            time_ += static_cast<std::int64_t>(random_.below(5));
            if (!builder.append({.timestamp = {time_}, .value = as_bytes(value)}))
                wrong("cannot build");
        }
        return builder.finish(packer);
    }

    /// A producer that has got no answer sends its last batch again.
    void retry() {
        for (auto each = model_.rbegin(); each != model_.rend(); ++each) {
            if (each->second.producer < 0 || each->second.end > log_->end_offset().value) continue;
            if (each->first < log_->log_start_offset().value) return;
            const BytesView view = as_bytes(each->second.bytes);
            const auto staged =
                log_->stage(view.first(61), view.subspan(61), log::BatchOrigin::client, {20'000});
            log_->drop_staged();
            if (!staged) {
                if (!log_->is_offline()) wrong("retry: " + staged.error().detail);
                return;
            }
            if (!staged->is_duplicate || staged->offsets.first.value != each->first)
                wrong(fmt::format(
                    "batch {} (producer {} sequence {}) sent again is not recognised: {} at {}",
                    each->first, each->second.producer, each->second.sequence,
                    staged->is_duplicate ? "duplicate" : "new", staged->offsets.first.value));
            return;
        }
    }

    void flush() {
        bool ended = false;
        bool ok = false;
        const std::int64_t to = log_->end_offset().value;
        // Sometimes nobody waits, and what comes next runs beside it.
        if (random_.chance(300'000)) return log_->flush({to}, [](const DiskResult<>&) {});
        log_->flush({to}, [&](DiskResult<> got) {
            ok = got.has_value();
            ended = true;
        });
        if (!wait(ended)) return;
        if (ok) durable_ = std::max(durable_, to);
        if (ok && log_->recovery_point().value < to) wrong("flushed, and the recovery point stays");
    }

    void truncate() {
        if (!random_.chance(300'000)) return;
        const std::int64_t start = log_->log_start_offset().value;
        const std::int64_t end = log_->end_offset().value;
        const std::int64_t to =
            start +
            static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(end - start) + 1));
        // The owner notes the lower recovery point first, as it must.
        std::int64_t kept = start;
        for (const auto& [base, batch] : model_) {
            if (batch.end <= to) kept = std::max(kept, batch.end);
        }
        durable_ = std::min(durable_, kept);
        bool ended = false;
        bool ok = false;
        log_->truncate({to}, world_.now(), [&](DiskResult<> got) {
            ok = got.has_value();
            ended = true;
        });
        if (!wait(ended)) return;
        // Without descriptors it may be cut and not yet flushed: then it is shorter all the same.
        const std::int64_t left = log_->end_offset().value;
        if (left == end || log_->is_offline()) return;
        if (ok) durable_ = left;
        while (!model_.empty() && model_.rbegin()->second.end > to)
            model_.erase(std::prev(model_.end()));
        set_sequences();
        if (left > to) wrong("truncated, and it is longer");
    }
    void set_sequences() {
        for (const std::int64_t producer : {0, 1}) {
            std::int32_t& next = sequences_[producer];
            const auto* entry = log_->producers().find({producer});
            next = entry == nullptr || entry->empty() ? 0 : entry->newest().last_sequence + 1;
        }
    }

    void retain() {
        const std::int64_t start = log_->log_start_offset().value;
        const std::int64_t end = log_->end_offset().value;
        if (random_.chance(500'000)) {
            const std::int64_t to = start + static_cast<std::int64_t>(random_.below(
                                                static_cast<std::uint64_t>(end - start) + 1));
            (void)log_->raise_log_start({to}, {end});
        }
        (void)log_->delete_old_segments({20'000}, world_.now(), {end});
        log_->on_tick(world_.now());
    }

    void close_log() {
        bool ended = false;
        bool ok = false;
        log_->close([&](DiskResult<> got) {
            ok = got.has_value();
            ended = true;
        });
        clean_ = wait(ended) && ok;
        if (clean_) {
            durable_ = log_->end_offset().value;
            durable_start_ = log_->log_start_offset().value;
        }
    }

    SeededRandom random_;
    World world_;
    ProcessId process_ = 0;
    Disk* disk_ = nullptr;
    std::unique_ptr<log::FileCache> files_;
    std::unique_ptr<Log> log_;
    log::LogConfig config_{.segment_bytes = 400,
                           .index_interval_bytes = 150,
                           .retention_bytes = 3'000,
                           .file_delete_delay = milliseconds(5)};
    std::map<std::int64_t, Known> model_;  // by base offset
    std::map<std::int64_t, std::int32_t> sequences_;
    std::int64_t durable_ = 0;
    std::int64_t durable_start_ = 0;
    std::int64_t time_ = 1'000;
    std::int32_t epoch_ = 0;
    bool clean_ = false;
    bool is_made_ = false;

    CrashKind kind_ = CrashKind::power;
    std::string wrong_;
    std::uint64_t crashes_ = 0, appended_ = 0, bytes_cut_ = 0;
};

TEST(LogUnderCrashes, IsAlwaysAPrefixThatHoldsAllThatWasDurable) {
    Seeds seeds(4000, 500);
    std::uint64_t crashes = 0, appended = 0, cut = 0;
    for (std::uint64_t seed = seeds.first(); seed <= seeds.last(); ++seed) {
        CrashRun run(seed);
        const std::string wrong = run.go();
        EXPECT_EQ(wrong, "") << "seed " << seed;
        crashes += run.crashes();
        appended += run.appended();
        cut += run.recovered_bytes_cut();
    }
    fmt::print("seeds={} crashes={} batches={} bytes_cut={}\n", seeds.count(), crashes, appended,
               cut);
    if (seeds.is_one()) return;
    EXPECT_GT(crashes, seeds.count() / 2);
    EXPECT_GT(appended, seeds.count() * 20);
    EXPECT_GT(cut, seeds.count()) << "tails are torn";
}

}  // namespace
}  // namespace moldau::sim
