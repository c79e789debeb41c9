#include "moldau/sim/world.hpp"

#include "process.hpp"

#include "moldau/base/check.hpp"

#include <algorithm>
#include <utility>

namespace moldau::sim {

struct World::State {
    struct Slot {
        Slot(const Engine& engine, ProcessId id, std::string name, const Options& options,
             std::size_t shard_count, Boot make)
            : host(engine, id, std::move(name)),
              clock(engine, host, options),
              medium(engine, host.name),
              shards(shard_count),
              boot(std::move(make)) {}
        Host host;
        HostClock clock;
        Medium medium;
        std::size_t shards;
        Boot boot;
        std::uint64_t incarnation = 0;
        std::unique_ptr<RunningProcess> process;
    };

    explicit State(Options given) : options(given), engine(given.seed), network(engine) {
        engine.disk_faults = options.disk;
        engine.network_faults = options.network;
    }

    void settle(Slot& slot) {
        while (slot.process != nullptr && !slot.host.dying && slot.process->run_round()) {
        }
        if (slot.process != nullptr && slot.host.dying) end(slot, slot.host.crash_kind);
    }

    void end(Slot& slot, CrashKind kind) {
        engine.trace(What::crash, slot.host.id, static_cast<std::uint64_t>(kind));
        slot.host.dying = true;  // the ports do nothing for what destructors still call
        slot.process.reset();
        network.crash(slot.host, kind == CrashKind::process);
        slot.medium.crash(kind);
        slot.host.powered = kind == CrashKind::process;
        slot.host.running = false;
        slot.host.dying = false;
        slot.host.calls_left = 0;
    }

    Options options;
    Engine engine;
    Network network;
    std::vector<std::unique_ptr<Slot>> slots;
};

World::World(Options options) : state_(std::make_unique<State>(options)) {}

World::~World() {
    for (auto& slot : state_->slots) {
        slot->host.dying = true;
        slot->process.reset();
    }
}

MonoTime World::now() const {
    return state_->engine.now;
}
std::uint64_t World::digest() const {
    return state_->engine.digest.value();
}
std::uint64_t World::events() const {
    return state_->engine.happened;
}
SeededRandom World::random(std::string_view name) const {
    return SeededRandom(state_->options.seed, name);
}

ProcessId World::add_process(std::string name, std::size_t shards, Boot boot) {
    const ProcessId id = state_->slots.size();
    state_->slots.push_back(std::make_unique<State::Slot>(
        state_->engine, id, std::move(name), state_->options, shards, std::move(boot)));
    state_->network.add(state_->slots.back()->host);
    return id;
}

void World::start(ProcessId process) {
    State::Slot& slot = *state_->slots[process];
    MOLDAU_CHECK(slot.process == nullptr, "process {} runs already", slot.host.name);
    state_->engine.trace(What::start, process, ++slot.incarnation);
    if (!slot.host.powered) slot.clock.restart(slot.host);
    slot.host.powered = true;
    slot.host.running = true;
    state_->network.restarted(slot.host);
    slot.process = std::make_unique<RunningProcess>(state_->engine, slot.host, slot.clock,
                                                    state_->network, slot.medium, slot.shards,
                                                    slot.incarnation, state_->options.sink);
    slot.process->program = slot.boot(*slot.process);
    // Its first step is one of the world's: who starts a process need not stand outside of it.
    state_->engine.after(Duration(0), process, What::start, [] {});
}

void World::crash(ProcessId process, CrashKind kind) {
    State::Slot& slot = *state_->slots[process];
    if (slot.process != nullptr) state_->end(slot, kind);
}

void World::crash_at_call(ProcessId process, std::uint64_t calls, CrashKind kind) {
    Host& host = state_->slots[process]->host;
    if (!host.running) return;
    host.calls_left = calls;
    host.crash_kind = kind;
}

void World::pause(ProcessId process, Duration time) {
    state_->engine.trace(What::happening, process, static_cast<std::uint64_t>(time.count()));
    if (running(process)) state_->engine.pause(process, state_->engine.now + time);
}

std::size_t World::open_files(ProcessId process) const {
    return state_->slots[process]->host.open_files;
}

bool World::running(ProcessId process) const {
    return state_->slots[process]->process != nullptr;
}

void World::jump_wall_clock(ProcessId process, Duration by) {
    state_->engine.trace(What::happening, process, static_cast<std::uint64_t>(by.count()));
    state_->slots[process]->clock.jump_wall(by);
}

void World::cut(ProcessId from, ProcessId to) {
    state_->network.cut(from, to);
}
void World::heal(ProcessId from, ProcessId to) {
    state_->network.heal(from, to);
}
void World::heal_all() {
    state_->network.heal_all();
}

void World::set_faults(const DiskFaults& faults) {
    state_->engine.disk_faults = faults;
}
void World::set_faults(const NetworkFaults& faults) {
    state_->engine.network_faults = faults;
}

void World::after(Duration delay, std::function<void()> happening) {
    state_->engine.after(delay, kNoProcess, What::happening, std::move(happening));
}

void World::note(std::string_view what, std::uint64_t value) {
    state_->engine.trace(What::note, crc32c(as_bytes(what)), value);
}

bool World::run_for(Duration time, const std::function<bool()>& stop_when) {
    Engine& engine = state_->engine;
    const MonoTime end = engine.now + time;
    while (engine.due(end)) {
        const ProcessId process = engine.happen();
        // Processes touch each other through the world only: no other has become ready.
        if (process != kNoProcess) state_->settle(*state_->slots[process]);
        if (stop_when && stop_when()) return false;
    }
    engine.now = end;
    return true;
}

}  // namespace moldau::sim
