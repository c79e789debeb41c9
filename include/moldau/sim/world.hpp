// A seeded world: processes that run the same code as the real ones, on virtual time, a simulated
// network and simulated disks. One seed, one history: everything that happens is hashed into a
// digest.
#pragma once

#include "moldau/base/ports/clock.hpp"
#include "moldau/base/ports/disk.hpp"
#include "moldau/base/ports/log.hpp"
#include "moldau/base/ports/random.hpp"
#include "moldau/base/ports/transport.hpp"
#include "moldau/base/xoshiro.hpp"
#include "moldau/runtime/shard.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::sim {

/// One stream of random numbers: the same for one seed and one name, unrelated to all others.
class SeededRandom final : public Random {
public:
    SeededRandom(std::uint64_t seed, std::string_view name);
    std::uint64_t next() override { return generator_.next(); }

    bool chance(std::uint32_t per_million) { return below(1'000'000) < per_million; }
    /// Uniform in [least, most].
    std::uint64_t between(std::uint64_t least, std::uint64_t most) {
        return least + below(most - least + 1);
    }
    Duration between(Duration least, Duration most) {
        return Duration(static_cast<std::int64_t>(between(
            static_cast<std::uint64_t>(least.count()), static_cast<std::uint64_t>(most.count()))));
    }

private:
    Xoshiro256 generator_;
};

/// Chances are per million operations.
struct DiskFaults {
    Duration latency_min = std::chrono::microseconds(50);
    Duration latency_max = std::chrono::milliseconds(2);
    std::uint64_t bytes_max = 1ULL << 30U;
    std::uint32_t write_error = 0;  // EIO; any part of the write may have happened
    std::uint32_t read_error = 0;
    std::uint32_t sync_error = 0;  // EIO once, what was to be synced is gone, the next one says OK
    std::uint32_t open_error = 0;  // out of descriptors
    std::uint32_t cold_read = 0;   // try_read would block
    std::uint32_t flip = 0;        // a bit of what is read has turned, on the medium, for good
    std::string_view below =
        "/";  // where writes, reads, syncs and opening fail, and where it is full
};

struct NetworkFaults {
    Duration delay_min = std::chrono::microseconds(100);
    Duration delay_max = std::chrono::milliseconds(5);
    std::uint32_t piecemeal = 0;  // a read or a write moves only a part of what it could
    std::uint32_t reset = 0;      // a segment brings a reset to both ends instead of bytes
    std::uint32_t refuse = 0;     // of a connection
};

enum class CrashKind : std::uint8_t {
    process,  // kill -9: the page cache survives, peers are told by a reset
    power,    // what was not synced is lost, wholly or in part; peers are told nothing
};

/// What runs in a process; it is made when the process starts and destroyed when it dies, after
/// its tasks.
class Program {
public:
    virtual ~Program() = default;
};

using ProcessId = std::size_t;

/// A running process as its program sees it. The address of process N is 10.0.0.(N + 1); its name
/// is a host name.
class Process {
public:
    virtual ~Process() = default;
    virtual const std::string& host() const = 0;
    virtual std::size_t shards() const = 0;
    virtual runtime::Shard& shard(std::size_t index) = 0;
    virtual Transport& transport(std::size_t index) = 0;
    virtual Disk& disk(std::size_t index) = 0;
};

class World {
public:
    struct Options {
        std::uint64_t seed = 1;
        DiskFaults disk;
        NetworkFaults network;
        Duration clock_skew_max{0};         // of wall clocks, either way
        std::uint32_t clock_drift_max = 0;  // of both clocks, per million, either way
        LogSink* sink = nullptr;            // also gets the lines of all processes
    };
    using Boot = std::function<std::unique_ptr<Program>(Process&)>;

    explicit World(Options options);
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World();

    MonoTime now() const;
    std::uint64_t digest() const;
    std::uint64_t events() const;  // that have happened
    SeededRandom random(std::string_view name) const;

    ProcessId add_process(std::string name, std::size_t shards, Boot boot);
    void start(ProcessId process);
    void crash(ProcessId process, CrashKind kind);
    /// Crashes at the `calls`-th call of a port from now on, before or after its effect;
    /// 0: after all not.
    void crash_at_call(ProcessId process, std::uint64_t calls, CrashKind kind);
    bool running(ProcessId process) const;
    /// Files that it has not closed.
    std::size_t open_files(ProcessId process) const;
    /// SIGSTOP, and SIGCONT after `time`: the machine goes on, the process does nothing.
    void pause(ProcessId process, Duration time);
    void jump_wall_clock(ProcessId process, Duration by);

    /// From here on, what `from` sends does not reach `to`, or does again.
    void cut(ProcessId from, ProcessId to);
    void heal(ProcessId from, ProcessId to);
    void heal_all();

    void set_faults(const DiskFaults& faults);
    void set_faults(const NetworkFaults& faults);

    /// Something that happens to the world, not in a process.
    void after(Duration delay, std::function<void()> happening);
    /// Puts something that a test saw into the digest.
    void note(std::string_view what, std::uint64_t value);

    /// Lets time pass. Returns early, false, when stop_when says so after an event.
    bool run_for(Duration time, const std::function<bool()>& stop_when = nullptr);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace moldau::sim
