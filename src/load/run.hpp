// One load on one cluster, from its first connection to its last: workers on shards of their own.
#pragma once

#include "hdr_log.hpp"
#include "key_space.hpp"
#include "results.hpp"
#include "worker.hpp"

#include "moldau/cli/talk_sink.hpp"
#include "moldau/client/cluster.hpp"
#include "moldau/io/system_clock.hpp"
#include "moldau/runtime/shards.hpp"

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <vector>

namespace moldau::load {

/// What is noted while a load runs, each second.
struct Watch {
    bool has_samples = false;
    HdrLog* log = nullptr;
    std::string tag;  // of its lines; empty: none
};

/// Used from main.
class Run {
public:
    Run(const Work& what, const Side& side);
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    /// Stops the workers; what they made beside the load (groups, topics) is removed.
    ~Run();

    Result<> prepare();
    /// What the brokers' processes have used so far.
    Result<> begin_report(Report& report);
    /// The report holds also after an error.
    Result<> measure(Report& report, const Watch& watch);

private:
    struct Place {
        std::size_t shard = 0;
        bool consumes = false;
        std::unique_ptr<client::Cluster> cluster;
        std::unique_ptr<Worker> worker;
    };
    struct Totals {
        Figures figures;
        Figures consumed;
        double broker_cpu_seconds = 0;
        std::uint64_t broker_rss_bytes = 0;
        double client_cpu_seconds = 0;
        MonoTime at;
    };

    std::size_t count_workers() const;
    void open(Place& place);
    void make_worker(Place& place, std::size_t index, std::size_t count);
    void destroy_on(std::size_t shard);
    Result<std::int32_t> find_topic();

    template <class R>
    std::future<R> begin(std::size_t shard, runtime::Task<R> task);
    template <class Step>
    std::vector<std::future<Result<>>> begin_all(const Step& step);
    template <class Step>
    Result<> all(const Step& step);
    static Result<> outcome_of(std::vector<std::future<Result<>>>& steps);
    runtime::Task<Result<>> run_worker(Place& place, MonoTime start);

    Result<ProcessUsage> ask_usage(const BrokerUsage& broker);
    void gather(Figures& figures, Figures& consumed);
    Totals totals(const Report& report);
    void note(const Totals& before, const Totals& now, MonoTime start, const Watch& watch,
              Report& report);

    const Work& what_;
    const Side& side_;
    io::SystemClock clock_;
    cli::TalkSink sink_;
    runtime::Shards shards_;
    std::vector<std::unique_ptr<Transport>> transports_;
    std::vector<std::unique_ptr<Place>> places_;
    std::shared_ptr<std::atomic<std::size_t>> producers_left_;
    std::shared_ptr<const KeySpace> keys_;
    std::uint64_t id_;  // of this run
};

}  // namespace moldau::load
