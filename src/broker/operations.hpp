// What people and their tools watch a running node by, on a thread of its own that still answers
// when the node's do not: /metrics, /health and /ready, the service manager, and counts that the
// log has held back.
#pragma once

#include "moldau/base/ports/transport.hpp"
#include "moldau/base/result.hpp"
#include "moldau/broker/node.hpp"
#include "moldau/io/service_manager.hpp"
#include "moldau/io/system_disk.hpp"
#include "moldau/metrics/http_server.hpp"
#include "moldau/metrics/log_sink.hpp"
#include "moldau/metrics/samples.hpp"
#include "moldau/runtime/shards.hpp"
#include "moldau/runtime/worker_pool.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace moldau::broker {

class Operations {
public:
    /// What is watched; all of it outlives stop().
    struct Watched {
        runtime::Shards& shards;
        Node& node;
        runtime::WorkerPool& pool;
        std::vector<std::shared_ptr<io::DiskCounters>> disks;  // of the shards
    };

    /// `clock` and `sink` outlive it.
    Operations(const Clock& clock, metrics::StreamLogSink& sink);
    Operations(const Operations&) = delete;
    Operations& operator=(const Operations&) = delete;
    ~Operations() { stop(); }

    /// Opens the listener, if there is one to be. Before the node starts, which is then seen.
    /// Errors: network_exception, naming the listener
    Result<> start(Watched watched, const std::optional<config::Listener>& http);
    /// `http://127.0.0.1:9644`; nothing without a listener.
    const std::optional<std::string>& address() const { return address_; }

    /// To the service manager.
    void tell_ready(const std::string& listeners);
    void tell_stopping();

    /// On return nobody asks the node any more.
    void stop();

private:
    struct Pulse {
        MonoTime asked;
        bool is_answered = true;
        Duration took{0};
    };

    runtime::Shard& here() { return shards_[0]; }
    Duration lag_of(const Pulse& pulse) const;
    /// The shards that have not turned for too long, in words.
    std::vector<std::string> reasons_unhealthy() const;
    std::string status_page(std::string_view status, const std::vector<std::string>& reasons) const;

    runtime::Task<> feel_pulse(std::size_t shard);
    runtime::Task<> please_watchdog();
    runtime::Task<> write_counts();
    runtime::Task<metrics::HttpReply> answer(std::string path, std::string accept);
    runtime::Task<metrics::HttpReply> ready();
    runtime::Task<metrics::HttpReply> scrape(metrics::PageFormat format);
    void sample_process(metrics::Samples& to) const;

    const Clock& clock_;
    metrics::StreamLogSink& sink_;
    io::ServiceManager manager_;
    std::optional<Watched> watched_;
    std::vector<Pulse> pulses_;
    Timestamp begun_;
    std::optional<std::string> address_;
    runtime::Shards shards_;  // one
    std::unique_ptr<Transport> transport_;
    std::unique_ptr<metrics::HttpServer> http_;
};

}  // namespace moldau::broker
