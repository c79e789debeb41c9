// What the ground costs: a job between shards, a timer, a wake-up, a request over loopback.
#include "support/lone_shard.hpp"

#include "moldau/net/asio_transport.hpp"
#include "moldau/runtime/shards.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <deque>
#include <future>
#include <memory>
#include <sys/resource.h>

namespace moldau::runtime {
namespace {

std::unique_ptr<Random> make_random(std::size_t) {
    return std::make_unique<support::CountingRandom>();
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void post_to_the_same_shard(benchmark::State& state) {
    support::LoneShard lone(1 << 20);
    int ran = 0;
    for (auto _ : state) {
        for (int i = 0; i < 100; ++i) (void)lone.shard.post([&ran] { ++ran; });
        lone.run();
    }
    state.SetItemsProcessed(ran);
}
BENCHMARK(post_to_the_same_shard);

void post_between_shards(benchmark::State& state) {
    support::SteadyClock clock;
    support::LinesSink sink;
    Shards shards({.count = 1, .mailbox_jobs_max = 1 << 20}, clock, make_random, sink);
    std::atomic<std::int64_t> ran = 0;
    std::int64_t posted = 0;
    for (auto _ : state) {
        if (shards[0].post([&ran] { ran.fetch_add(1, std::memory_order_relaxed); })) ++posted;
    }
    while (ran < posted) std::this_thread::yield();
    state.SetItemsProcessed(posted);
}
BENCHMARK(post_between_shards)->UseRealTime();

Task<> asks(Shard& from, Shard& to, std::int64_t rounds, std::promise<void>& done) {
    for (std::int64_t i = 0; i < rounds; ++i)
        benchmark::DoNotOptimize(co_await call(from, to, [] { return 1; }));
    done.set_value();
}

void call_and_answer_between_shards(benchmark::State& state) {
    support::SteadyClock clock;
    support::LinesSink sink;
    Shards shards({.count = 2}, clock, make_random, sink);
    for (auto _ : state) {
        std::promise<void> done;
        (void)shards.run_on(
            0, [&] { spawn(shards[0], "asks", asks(shards[0], shards[1], 1000, done)); });
        done.get_future().wait();
    }
    state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(call_and_answer_between_shards)->UseRealTime()->Unit(benchmark::kMicrosecond);

void timer_arm_and_disarm(benchmark::State& state) {
    const MonoTime now{std::chrono::hours(1)};
    TimerWheel wheel(now);
    std::deque<Timer> others;
    for (std::int64_t i = 0; i < state.range(0); ++i) {
        others.emplace_back([](void*) {}, nullptr);
        wheel.arm(others.back(), now + std::chrono::microseconds(i * 1009));
    }
    Timer timer([](void*) {}, nullptr);
    std::int64_t step = 0;
    for (auto _ : state) {
        wheel.arm(timer, now + std::chrono::milliseconds(1 + (++step % 600'000)));
        wheel.disarm(timer);
    }
}
BENCHMARK(timer_arm_and_disarm)->Arg(0)->Arg(1'000'000);

Task<> sleeps(Shard& shard, Duration time, int rounds, std::promise<Duration>& late) {
    Duration sum{};
    for (int i = 0; i < rounds; ++i) {
        const MonoTime until = shard.now() + time;
        co_await sleep_until(shard, until);
        sum += shard.now() - until;
    }
    late.set_value(sum / rounds);
}

void sleep_of_a_millisecond(benchmark::State& state) {
    support::SteadyClock clock;
    support::LinesSink sink;
    Shards shards({.count = 1}, clock, make_random, sink);
    double late_us = 0;
    for (auto _ : state) {
        std::promise<Duration> late;
        (void)shards.run_on(0, [&] {
            spawn(shards[0], "sleeps", sleeps(shards[0], std::chrono::milliseconds(1), 50, late));
        });
        late_us += std::chrono::duration<double, std::micro>(late.get_future().get()).count();
    }
    state.counters["late_us"] = benchmark::Counter(late_us, benchmark::Counter::kAvgIterations);
}
BENCHMARK(sleep_of_a_millisecond)->UseRealTime()->Unit(benchmark::kMillisecond);

// The frame of the coroutine, its waiter, and a timer armed and disarmed.
Task<> signals(Shard& shard, std::int64_t rounds) {
    Signal signal(shard);
    for (std::int64_t i = 0; i < rounds; ++i) {
        signal.set();
        co_await signal.wait(shard.now() + std::chrono::seconds(60));
    }
}
void wait_that_does_not_suspend(benchmark::State& state) {
    support::LoneShard lone;
    for (auto _ : state) {
        spawn(lone.shard, "signals", signals(lone.shard, 1000));
        lone.run();
    }
    state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(wait_that_does_not_suspend);

Task<> ping(Shard& shard, Transport& transport, Endpoint to, int rounds, int in_flight,
            std::promise<void>& done) {
    auto stream = co_await connect(shard, transport, to, kForever);
    const std::string text(100 * static_cast<std::size_t>(in_flight), 'x');
    std::array<std::byte, 65536> buffer;
    for (int i = 0; stream && i < rounds; ++i) {
        const std::array pieces{as_bytes(text)};
        (void)(*stream)->write(pieces);
        for (std::size_t got = 0; got < text.size();) {
            const IoResult read = (*stream)->read(buffer);
            got += read.bytes;
            if (read.status == IoStatus::would_block) co_await readable(shard, **stream);
        }
    }
    done.set_value();
}

Task<> pong(Shard& shard, Transport& transport, Acceptor& acceptor) {
    std::unique_ptr<ByteStream> stream;
    while (stream == nullptr) {
        auto accepted = acceptor.accept();
        if (accepted && *accepted != nullptr)
            stream = transport.adopt(std::move(*accepted));
        else if (co_await acceptable(shard, acceptor) != Waited::ready)
            co_return;
    }
    std::array<std::byte, 65536> buffer;
    for (;;) {
        const IoResult read = stream->read(buffer);
        if (read.status == IoStatus::would_block) {
            if (co_await readable(shard, *stream, shard.now() + std::chrono::minutes(10)) !=
                Waited::ready)
                co_return;
            continue;
        }
        if (read.status != IoStatus::ok) co_return;
        const std::array pieces{BytesView(buffer).first(read.bytes)};
        (void)stream->write(pieces);
    }
}

// 100 bytes there and back over loopback, N in flight; cpu_us is of both sides together.
void request_over_loopback(benchmark::State& state) {
    support::SteadyClock clock;
    support::LinesSink sink;
    Shards shards({.count = 2}, clock, make_random, sink);
    auto client = net::make_asio_transport(shards[0]);
    auto server = net::make_asio_transport(shards[1]);
    std::unique_ptr<Acceptor> acceptor;
    (void)shards.run_on(1, [&] {
        auto listening = server->listen({"127.0.0.1", 0});
        if (listening) acceptor = std::move(*listening);
    });
    constexpr int kRounds = 2000;
    const int in_flight = static_cast<int>(state.range(0));
    const double before = cpu_seconds();
    for (auto _ : state) {
        std::promise<void> done;
        (void)shards.run_on(1,
                            [&] { spawn(shards[1], "pong", pong(shards[1], *server, *acceptor)); });
        (void)shards.run_on(0, [&] {
            spawn(shards[0], "ping",
                  ping(shards[0], *client, acceptor->local(), kRounds, in_flight, done));
        });
        done.get_future().wait();
    }
    const auto requests = static_cast<double>(state.iterations()) * kRounds * in_flight;
    state.SetItemsProcessed(static_cast<std::int64_t>(requests));
    state.counters["cpu_us"] = (cpu_seconds() - before) * 1e6 / requests;
    shards.stop();
}
BENCHMARK(request_over_loopback)->Arg(1)->Arg(5)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace moldau::runtime
