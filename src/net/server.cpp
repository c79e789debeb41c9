#include "moldau/net/server.hpp"

#include "connection.hpp"

#include "moldau/runtime/memory_budget.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

namespace moldau::net {
namespace {

// After accept() failed (out of descriptors, mostly) there is no point in trying at once.
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);
// Connections that were refused and are kept, unread, until it makes sense to try again.
constexpr std::size_t kRefusedKeptMax = 1000;

}  // namespace

/// The connections of one shard; touched there only.
struct ShardConnections {
    ShardConnections(ShardAndTransport where, runtime::MemoryBudget& budget,
                     const ConnectionSettings& settings, Service& service)
        : waiters(budget, *where.shard),
          shared{*where.shard, *where.transport, where.disk, budget, waiters, settings, service} {}

    /// Of one listener.
    struct Share {
        explicit Share(runtime::Shard& shard) : tasks(shard) {}
        ListenerCounters counters;
        runtime::TaskGroup tasks;
    };
    /// The listener's, which has that name.
    Share& share(std::size_t listener, const std::string& name) {
        // Those that have had no connection here yet have no name here either.
        while (shares.size() <= listener) shares.emplace_back(shared.shard);
        shares[listener].counters.listener = name;
        return shares[listener];
    }

    runtime::BudgetWaiters waiters;
    Connection::Shared shared;
    std::deque<Share> shares;  // by listener; connections hold on to theirs
    bool stopping = false;
};

struct Server::State : std::enable_shared_from_this<State> {
    State(Settings given, std::vector<ShardAndTransport> where, Service& service)
        : settings(std::move(given)),
          limits(settings.limits),
          rates(settings.rates),
          budget(settings.memory_budget_bytes),
          home(*where.front().shard),
          home_transport(*where.front().transport),
          refusing(home),
          closed(home) {
        for (const ShardAndTransport& each : where) {
            shards.push_back(
                std::make_unique<ShardConnections>(each, budget, settings.connection, service));
        }
        count_by_shard.resize(shards.size());
    }

    struct Listening {
        Listening(runtime::Shard& shard, std::size_t place, std::string of)
            : index(place), name(std::move(of)), accepting(shard) {}
        std::size_t index = 0;
        std::string name;
        std::unique_ptr<Acceptor> acceptor;  // null: it is closed
        runtime::TaskGroup accepting;
    };

    Result<std::unique_ptr<Acceptor>> open(const ListenerSettings& wanted);
    Listening* find(std::string_view name);
    Listening& take_up(const std::string& name, std::unique_ptr<Acceptor> acceptor);
    void start(Listening& listener);
    runtime::Task<> accept(Listening& listener);
    runtime::Task<runtime::Waited> room_for(const Listening& listener);
    runtime::Task<> refuse_later(std::unique_ptr<PendingStream> pending, MonoTime at);
    bool refuse_too_fast(const Listening& listener, std::unique_ptr<PendingStream>& pending);
    void hand_over(const Listening& listener, std::unique_ptr<PendingStream> pending);
    struct Arrival {
        std::size_t listener = 0;
        ConnectionInfo info;
        std::unique_ptr<PendingStream> pending;
    };
    runtime::Task<> serve(std::size_t shard, Arrival arrival);
    void adopt(std::size_t shard, Arrival arrival);
    /// What was counted when it came.
    struct Counted {
        std::string listener;
        std::string ip;
    };
    void gone(std::size_t shard, const Counted& connection);
    void report_gone(std::size_t shard, Counted connection);

    Settings settings;
    ConnectionLimits limits;  // on the home shard, as all below but `shards`
    ConnectionRates rates;
    runtime::MemoryBudget budget;
    runtime::Shard& home;
    Transport& home_transport;
    std::vector<std::unique_ptr<ShardConnections>> shards;
    std::vector<std::int32_t> count_by_shard;
    std::deque<Listening> listeners;  // each name that ever was open; tasks hold on to theirs
    bool is_accepting = false;
    bool is_stopping = false;
    runtime::TaskGroup refusing;
    runtime::Signal closed;  // a connection has gone
    std::uint64_t next_id = 1;
    std::uint64_t refused = 0;
    TooFast too_fast;
    std::size_t refused_kept = 0;
};

Server::Server(Settings settings, std::vector<ShardAndTransport> shards, Service& service)
    : state_(std::make_shared<State>(std::move(settings), std::move(shards), service)) {}

Server::~Server() = default;

Result<> Server::listen(const std::vector<ListenerSettings>& wanted) {
    if (Result<> ok = bind(wanted); !ok) return ok;
    accept_connections();
    return {};
}

Result<> Server::bind(const std::vector<ListenerSettings>& wanted) {
    std::vector<std::unique_ptr<Acceptor>> opened;
    for (const ListenerSettings& each : wanted) {
        auto acceptor = state_->open(each);
        if (!acceptor) return acceptor.error();
        opened.push_back(std::move(*acceptor));
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const State::Listening& taken = state_->take_up(wanted[i].name, std::move(opened[i]));
        // Nobody counts yet: connections come later, and by messages of this shard.
        for (auto& each : state_->shards) each->share(taken.index, taken.name);
    }
    return {};
}

void Server::accept_connections() {
    state_->is_accepting = true;
    for (State::Listening& each : state_->listeners) {
        if (each.acceptor) state_->start(each);
    }
}

Result<> Server::open(const ListenerSettings& wanted) {
    if (state_->is_stopping)
        return Error{ErrorCode::network_exception,
                     fmt::format("listener {}: the server stops", wanted.name)};
    auto acceptor = state_->open(wanted);
    if (!acceptor) return acceptor.error();
    State::Listening& listener = state_->take_up(wanted.name, std::move(*acceptor));
    if (state_->is_accepting) state_->start(listener);
    return {};
}

runtime::Task<> Server::close(std::string name) {
    const std::shared_ptr<State> state = state_;
    State::Listening* listener = state->find(name);
    if (listener == nullptr) co_return;
    listener->accepting.cancel();
    co_await listener->accepting.join();
    listener->acceptor.reset();
}

runtime::Task<> Server::disconnect(std::string name) {
    const std::shared_ptr<State> state = state_;
    const State::Listening* listener = state->find(name);
    if (listener == nullptr) co_return;
    for (const auto& each : state->shards) {
        ShardConnections* connections = each.get();
        const std::size_t index = listener->index;
        Result<> told =
            co_await runtime::call(state->home, connections->shared.shard, [connections, index] {
                if (index < connections->shares.size()) connections->shares[index].tasks.cancel();
            });
        if (!told)
            state->home.log().warn("a shard did not close a listener's connections reason={}",
                                   told.error().detail);
    }
}

std::vector<ListenerSettings> Server::listening() const {
    std::vector<ListenerSettings> found;
    for (const State::Listening& each : state_->listeners) {
        if (each.acceptor) found.push_back({.name = each.name, .endpoint = each.acceptor->local()});
    }
    return found;
}

void Server::set_limits(ConnectionLimits::Rules rules) {
    state_->limits.set_rules(std::move(rules));
    state_->closed.set();  // there may be room for who waits in the backlog
}

void Server::set_rates(ConnectionRates::Rules rules) {
    state_->rates.set_rules(std::move(rules));
}

std::int32_t Server::connections() const {
    return state_->limits.total();
}

std::uint64_t Server::refused() const {
    return state_->refused;
}

Server::TooFast Server::too_fast() const {
    return state_->too_fast;
}

std::vector<ListenerCounters> Server::counters(std::size_t shard) const {
    std::vector<ListenerCounters> all;
    for (const ShardConnections::Share& each : state_->shards[shard]->shares) {
        if (!each.counters.listener.empty()) all.push_back(each.counters);
    }
    return all;
}

std::uint64_t Server::bytes_in_flight() const {
    return state_->budget.bytes_used();
}

Result<std::unique_ptr<Acceptor>> Server::State::open(const ListenerSettings& wanted) {
    auto acceptor = home_transport.listen(wanted.endpoint);
    if (acceptor) return std::move(*acceptor);
    return Error{acceptor.error().code,
                 fmt::format("listener {} on {}:{}: {}", wanted.name, wanted.endpoint.host,
                             wanted.endpoint.port, acceptor.error().detail)};
}

Server::State::Listening* Server::State::find(std::string_view name) {
    const auto found = std::ranges::find(listeners, name, &Listening::name);
    return found == listeners.end() ? nullptr : &*found;
}

/// A name keeps its place, so that what is counted by it goes on.
Server::State::Listening& Server::State::take_up(const std::string& name,
                                                 std::unique_ptr<Acceptor> acceptor) {
    Listening* listener = find(name);
    if (listener == nullptr) listener = &listeners.emplace_back(home, listeners.size(), name);
    listener->acceptor = std::move(acceptor);
    return *listener;
}

void Server::State::start(Listening& listener) {
    listener.accepting.spawn("accept " + listener.name, accept(listener));
}

// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters): the listener outlives them.
runtime::Task<> Server::State::accept(Listening& listener) {
    while (true) {
        // Kafka, too, lets new connections wait in the backlog while there are max.connections.
        if (!limits.has_room(listener.name)) {
            if (co_await closed.wait() == runtime::Waited::cancelled) co_return;
            continue;
        }
        auto pending = listener.acceptor->accept();
        if (!pending) {
            home.log().warn("cannot accept connections listener={} reason={}", listener.name,
                            pending.error().detail);
            if (co_await runtime::sleep_until(home, home.now() + kAcceptPause) ==
                runtime::Waited::cancelled)
                co_return;
            continue;
        }
        if (*pending != nullptr) {
            if (co_await room_for(listener) == runtime::Waited::cancelled) co_return;
            hand_over(listener, std::move(*pending));
            continue;
        }
        if (co_await runtime::acceptable(home, *listener.acceptor) == runtime::Waited::cancelled)
            co_return;
    }
}

/// Until a connection that has just come by `listener` may be dealt with: connections that come too
/// fast wait, and those behind them in the kernel's queue.
runtime::Task<runtime::Waited> Server::State::room_for(const Listening& listener) {
    const Duration wait = rates.came(home.now(), listener.name);
    if (wait == Duration(0)) co_return runtime::Waited::ready;
    ++too_fast.delayed;
    const MonoTime until = home.now() + wait;
    while (home.now() < until || !limits.has_room(listener.name)) {
        const MonoTime deadline = home.now() < until ? until : runtime::kForever;
        if (co_await closed.wait(deadline) == runtime::Waited::cancelled)
            co_return runtime::Waited::cancelled;
    }
    co_return runtime::Waited::ready;
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

runtime::Task<> Server::State::refuse_later(std::unique_ptr<PendingStream> pending, MonoTime at) {
    (void)co_await runtime::sleep_until(home, at);
    pending.reset();
    --refused_kept;
}

/// An address that comes too fast is refused, but closed only when it may come again: who tries
/// anew at once would come faster still.
bool Server::State::refuse_too_fast(const Listening& listener,
                                    std::unique_ptr<PendingStream>& pending) {
    const Duration wait = rates.refusal(home.now(), pending->peer().host);
    if (wait == Duration(0)) return false;
    ++too_fast.refused;
    home.log().debug("refused a connection: its address comes too fast listener={} peer={}",
                     listener.name, pending->peer().host);
    if (refused_kept == kRefusedKeptMax) return true;
    ++refused_kept;
    refusing.spawn("refuse", refuse_later(std::move(pending), home.now() + wait));
    return true;
}

void Server::State::hand_over(const Listening& listener, std::unique_ptr<PendingStream> pending) {
    if (refuse_too_fast(listener, pending)) return;
    const Endpoint peer = pending->peer();
    if (!limits.admit(listener.name, peer.host)) {
        ++refused;
        home.log().debug(
            "refused a connection: its address has max.connections.per.ip already listener={} "
            "peer={}",
            listener.name, peer.host);
        return;  // closes it
    }
    const auto least = std::min_element(count_by_shard.begin(), count_by_shard.end());
    const auto shard = static_cast<std::size_t>(least - count_by_shard.begin());
    ++*least;
    Arrival arrival{.listener = listener.index,
                    .info = {.id = next_id++, .listener = listener.name, .local = {}, .peer = peer},
                    .pending = std::move(pending)};
    if (shards[shard]->shared.shard.index() == home.index()) {
        adopt(shard, std::move(arrival));
        return;
    }
    Result<> posted = shards[shard]->shared.shard.post(
        [self = shared_from_this(), shard, moved = std::move(arrival)]() mutable {
            self->adopt(shard, std::move(moved));
        });
    if (!posted) {
        home.log().warn("closed a new connection: its shard takes no more shard={} reason={}",
                        shard, posted.error().detail);
        gone(shard, {.listener = listener.name, .ip = peer.host});
    }
}

void Server::State::adopt(std::size_t shard, Arrival arrival) {
    ShardConnections& here = *shards[shard];
    if (here.stopping) {
        report_gone(shard, {.listener = arrival.info.listener, .ip = arrival.info.peer.host});
        return;
    }
    ShardConnections::Share& share = here.share(arrival.listener, arrival.info.listener);
    share.tasks.spawn("connection", serve(shard, std::move(arrival)));
}

runtime::Task<> Server::State::serve(std::size_t shard, Arrival arrival) {
    ShardConnections& here = *shards[shard];
    ListenerCounters& counters = here.shares[arrival.listener].counters;
    Counted counted{.listener = arrival.info.listener, .ip = arrival.info.peer.host};
    ++counters.opened;
    {
        auto stream = here.shared.transport.adopt(std::move(arrival.pending));
        arrival.info.local = stream->local();
        Connection connection(here.shared, std::move(arrival.info), std::move(stream), counters);
        co_await connection.run();
    }
    ++counters.closed;
    report_gone(shard, std::move(counted));
}

void Server::State::report_gone(std::size_t shard, Counted connection) {
    runtime::Shard& here = shards[shard]->shared.shard;
    if (here.index() == home.index()) {
        gone(shard, connection);
        return;
    }
    // As an answer, which is never refused for want of room: a lost count would never come back.
    (void)home.post_answer([self = shared_from_this(), shard, moved = std::move(connection)] {
        self->gone(shard, moved);
    });
}

void Server::State::gone(std::size_t shard, const Counted& connection) {
    --count_by_shard[shard];
    limits.release(connection.listener, connection.ip);
    closed.set();
}

runtime::Task<> Server::stop() {
    const std::shared_ptr<State> state = state_;
    state->is_stopping = true;
    for (State::Listening& each : state->listeners) each.accepting.cancel();
    state->refusing.cancel();
    co_await state->refusing.join();
    for (State::Listening& each : state->listeners) {
        co_await each.accepting.join();
        each.acceptor.reset();
    }
    for (auto each = state->shards.rbegin(); each != state->shards.rend(); ++each) {
        ShardConnections* connections = each->get();
        Result<> told =
            co_await runtime::call(state->home, connections->shared.shard, [connections] {
                connections->stopping = true;
                for (ShardConnections::Share& each : connections->shares) each.tasks.cancel();
            });
        if (!told)
            state->home.log().warn("a shard did not close its connections reason={}",
                                   told.error().detail);
    }
    while (state->limits.total() > 0) {
        if (co_await state->closed.wait() == runtime::Waited::cancelled) co_return;
    }
}

}  // namespace moldau::net
