#include "metrics_page.hpp"

#include "moldau/runtime/wait.hpp"
#include "moldau/sim/world.hpp"

#include <gmock/gmock.h>

#include <array>
#include <string>

namespace moldau::load {
namespace {

using runtime::Shard;
using runtime::Task;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr std::string_view kOurs =
    "# HELP moldau_process_cpu_seconds_total CPU time of the process.\n"
    "# TYPE moldau_process_cpu_seconds_total counter\n"
    "moldau_process_cpu_seconds_total{mode=\"user\"} 1.5\n"
    "moldau_process_cpu_seconds_total{mode=\"system\"} 0.25\n"
    "moldau_process_cpu_seconds_total_of_others 99\n"
    "moldau_process_resident_memory_bytes 1.2e+07\n"
    "moldau_process_threads 9\n";

TEST(MetricsPage, TellsWhatMoldaudUses) {
    const Result<ProcessUsage> usage = usage_on_page(kOurs);
    ASSERT_TRUE(usage);
    EXPECT_DOUBLE_EQ(usage->cpu_seconds, 1.75);
    EXPECT_EQ(usage->rss_bytes, 12'000'000U);
    EXPECT_EQ(usage->threads, 9U);
    EXPECT_FALSE(usage->rss_peak_bytes);
}

TEST(MetricsPage, TellsWhatAnExporterOfKafkasSays) {
    const Result<ProcessUsage> usage =
        usage_on_page("process_cpu_seconds_total 12.5\nprocess_resident_memory_bytes 5.0E8\n");
    ASSERT_TRUE(usage);
    EXPECT_DOUBLE_EQ(usage->cpu_seconds, 12.5);
    EXPECT_EQ(usage->rss_bytes, 500'000'000U);
    EXPECT_FALSE(usage->threads);
}

TEST(MetricsPage, ThatTellsNeitherIsRefused) {
    for (const char* page :
         {"", "process_cpu_seconds_total 1\n", "process_resident_memory_bytes 1\n",
          "process_cpu_seconds_total\nprocess_resident_memory_bytes x\n",
          "process_cpu_seconds_total{a=\"b\" 1\nprocess_resident_memory_bytes 1\n"})
        EXPECT_FALSE(usage_on_page(page)) << page;
}

/// Answers each connection with `answer`, in two pieces, and closes it. Without one it says
/// nothing.
class Page final : public sim::Program {
public:
    Page(sim::Process& process, std::string answer)
        : shard_(process.shard(0)), transport_(process.transport(0)), answer_(std::move(answer)) {
        auto acceptor = transport_.listen({"0.0.0.0", 9100});
        EXPECT_TRUE(acceptor);
        acceptor_ = std::move(*acceptor);
        runtime::spawn(shard_, "page", serve(*this));
    }

private:
    static Task<> serve(Page& page) {
        (void)co_await runtime::acceptable(page.shard_, *page.acceptor_);
        auto pending = page.acceptor_->accept();
        EXPECT_TRUE(pending && *pending != nullptr);
        const auto stream = page.transport_.adopt(std::move(*pending));
        (void)co_await runtime::readable(page.shard_, *stream);
        std::array<std::byte, 4096> room{};
        const IoResult got = stream->read(room);
        EXPECT_THAT(as_text(BytesView(room).first(got.bytes)),
                    testing::StartsWith("GET /metrics HTTP/1.0\r\n"));
        if (page.answer_.empty()) {
            (void)co_await runtime::sleep_until(page.shard_, runtime::kForever);
            co_return;
        }
        const std::size_t half = page.answer_.size() / 2;
        for (const std::string_view part : {std::string_view(page.answer_).substr(0, half),
                                            std::string_view(page.answer_).substr(half)}) {
            const std::array<BytesView, 1> pieces{as_bytes(part)};
            EXPECT_EQ(stream->write(pieces).bytes, part.size());
            (void)co_await runtime::sleep_until(page.shard_, page.shard_.now() + seconds(1));
        }
    }

    Shard& shard_;
    Transport& transport_;
    std::string answer_;
    std::unique_ptr<Acceptor> acceptor_;
};

class Asker final : public sim::Program {
public:
    Asker(sim::Process& process, std::optional<Result<ProcessUsage>>& outcome) {
        runtime::spawn(process.shard(0), "ask", ask(process, outcome));
    }

private:
    static Task<> ask(sim::Process& process, std::optional<Result<ProcessUsage>>& outcome) {
        Shard& shard = process.shard(0);
        outcome = co_await usage_at(shard, process.transport(0), {"broker", 9100},
                                    shard.now() + seconds(10));
    }
};

/// What comes of asking a server that answers so; nothing runs there when it is null.
Result<ProcessUsage> ask(const char* answer) {
    sim::World world({.seed = 3});
    const sim::ProcessId broker = world.add_process("broker", 1, [&](sim::Process& process) {
        return std::make_unique<Page>(process, answer == nullptr ? "" : answer);
    });
    if (answer != nullptr) world.start(broker);
    std::optional<Result<ProcessUsage>> outcome;
    world.start(world.add_process("client", 1, [&](sim::Process& process) {
        return std::make_unique<Asker>(process, outcome);
    }));
    world.run_for(seconds(60));
    EXPECT_TRUE(outcome);
    return outcome ? *outcome : Error{};
}

TEST(MetricsPage, IsAskedForOverHttpAndReadToItsEnd) {
    const std::string answer = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(kOurs);
    const Result<ProcessUsage> usage = ask(answer.c_str());
    ASSERT_TRUE(usage) << usage.error().detail;
    EXPECT_DOUBLE_EQ(usage->cpu_seconds, 1.75);
}

TEST(MetricsPage, ThatIsNotThereIsToldWithItsAddress) {
    const struct {
        const char* answer;
        const char* told;
    } rows[] = {
        {"HTTP/1.1 404 Not Found\r\n\r\nnothing here\n", "the answer is 'HTTP/1.1 404 Not Found'"},
        {"SSH-2.0-OpenSSH\r\n", "the answer is 'SSH-2.0-OpenSSH'"},
        {"HTTP/1.1 200 OK\r\n\r\nup 1\n", "neither CPU time nor memory"},
        {"", "no answer in time"},
        {nullptr, "http://broker:9100/metrics: "},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.told);
        const Result<ProcessUsage> usage = ask(row.answer);
        ASSERT_FALSE(usage);
        EXPECT_THAT(usage.error().detail, HasSubstr(row.told));
        EXPECT_THAT(usage.error().detail, HasSubstr("http://broker:9100/metrics"));
    }
}

}  // namespace
}  // namespace moldau::load
