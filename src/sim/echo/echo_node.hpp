// An echo service: what a client sends is appended to the log here and at the next node of the
// ring, made durable at both, and sent back, in order. Written over the ports: the simulator and
// the real adapters run the same code.
#pragma once

#include "echo_log.hpp"

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/ports/transport.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"
#include "moldau/sim/world.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace moldau::sim {

/// A shard with its ports.
struct EchoSite {
    runtime::Shard* shard = nullptr;
    Transport* transport = nullptr;
    Disk* disk = nullptr;
};

/// What those who watch are told; from several shards in real life.
struct EchoWatch {
    std::function<void(std::uint64_t client, std::uint64_t sequence)> promised;  // before a reply
    std::function<void(const EchoMessage& message)> replayed;  // found in the log at the start
    std::function<void(const std::map<std::uint64_t, std::uint64_t>& last)> recovered;
    std::function<void(Endpoint at)> listening;
    std::function<void()> failed;  // the log: serves no more until the machine restarts
};

class EchoNode final : public Program {
public:
    struct Options {
        std::string directory;
        Endpoint listen;
        std::function<std::optional<Endpoint>()> peer;  // asked for each connection
        EchoBug bug = EchoBug::none;
    };

    /// On the thread of the first site, which has the log; connections go round all sites.
    EchoNode(std::vector<EchoSite> sites, Options options, EchoWatch watch);

private:
    runtime::Task<> run();
    runtime::Task<> accept_all(std::unique_ptr<Acceptor> acceptor);
    runtime::Task<> serve(EchoSite site, std::unique_ptr<ByteStream> stream);
    runtime::Task<Result<>> process(EchoSite site, std::vector<EchoMessage> batch,
                                    std::unique_ptr<ByteStream>& peer);
    runtime::Task<Result<>> forward(EchoSite site, std::vector<EchoMessage> batch,
                                    std::unique_ptr<ByteStream>& peer);
    runtime::Task<Result<>> make_durable(EchoSite site, std::vector<EchoMessage> batch);
    runtime::Task<Result<>> append_here(std::vector<EchoMessage> batch);

    std::vector<EchoSite> sites_;
    Options options_;
    EchoWatch watch_;
    EchoLog log_;
};

/// Sends all of `text`. Errors: network_exception · request_timed_out · broker_not_available
runtime::Task<Result<>> send_all(runtime::Shard& shard, ByteStream& stream, std::string text,
                                 MonoTime deadline);
/// More bytes into `frames`. Errors: as send_all; the end of the stream is a network_exception.
runtime::Task<Result<>> receive_some(runtime::Shard& shard, ByteStream& stream, EchoFrames& frames,
                                     MonoTime deadline);

}  // namespace moldau::sim
