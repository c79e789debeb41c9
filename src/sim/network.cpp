#include "network.hpp"

#include "moldau/base/check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace moldau::sim {

namespace {
// A sender that hears nothing gives up after a time in this range, as TCP does with a user timeout.
constexpr Duration kGiveUpMin = std::chrono::seconds(5);
constexpr Duration kGiveUpMax = std::chrono::seconds(30);
constexpr std::size_t kBacklogMax = 128;
}  // namespace

Network::Network(Engine& engine) : engine_(engine), random_(engine.seed, "network") {}
Network::~Network() = default;

void Network::add(Host& host) {
    hosts_.push_back(&host);
    by_name_[host.name] = &host;
    by_name_[host.address] = &host;
    next_port_[host.id] = 32768;
}

void Network::crash(Host& host, bool told) {
    std::erase_if(listeners_, [&host](const auto& each) { return each.second->host == &host; });
    // Closing changes the map: its entries are looked at one by one.
    std::vector<std::shared_ptr<Connection>> its;
    for (const auto& [_, connection] : connections_) {
        if (connection->ends[0].host == &host || connection->ends[1].host == &host)
            its.push_back(connection);
    }
    for (const auto& connection : its) {
        for (int end : {0, 1}) {
            End& mine = connection->ends[index(end)];
            if (mine.host != &host || !mine.open) continue;
            mine.reader = nullptr;
            mine.writer = nullptr;
            mine.open = false;
            mine.broken = true;
            if (told) send(connection, end, {.kind = Segment::Kind::reset, .bytes = {}});
        }
        if (!connection->ends[0].open && !connection->ends[1].open)
            connections_.erase(connection->id);
    }
}

void Network::cut(ProcessId from, ProcessId to) {
    engine_.trace(What::cut, from, to);
    cuts_.insert({from, to});
}

void Network::heal(ProcessId from, ProcessId to) {
    engine_.trace(What::heal, from, to);
    cuts_.erase({from, to});
    heal_held(from, to);
}

void Network::heal_held(ProcessId from, ProcessId to) {
    for (const auto& [_, connection] : connections_) {
        for (int end : {0, 1}) {
            if (connection->ends[index(end)].host->id != from ||
                connection->ends[index(1 - end)].host->id != to)
                continue;
            auto held = std::exchange(connection->from[index(end)].held, {});
            for (Segment& segment : held) send(connection, end, std::move(segment));
        }
    }
}

void Network::heal_all() {
    const auto cuts = cuts_;
    for (const auto& [from, to] : cuts) heal(from, to);
}

Result<std::shared_ptr<Listener>> Network::listen(Host& host, const Endpoint& at) {
    const auto found = by_name_.find(at.host);
    const bool any = at.host.empty() || at.host == "0.0.0.0" || at.host == "::";
    if (!any && (found == by_name_.end() || found->second != &host))
        return Error{ErrorCode::network_exception,
                     fmt::format("listen {}:{}: not an address of this host", at.host, at.port)};
    const std::uint16_t port = at.port == 0 ? next_port_[host.id]++ : at.port;
    if (listeners_.contains({host.address, port}))
        return Error{ErrorCode::network_exception,
                     fmt::format("listen {}:{}: address in use", at.host, port)};
    auto listener = std::make_shared<Listener>();
    listener->host = &host;
    listener->address = {host.address, port};
    listeners_[{host.address, port}] = listener;
    engine_.trace(What::listen, host.id, port);
    return listener;
}

void Network::stop_listening(const std::shared_ptr<Listener>& listener) {
    listener->waiting = nullptr;
    listeners_.erase({listener->address.host, listener->address.port});
    for (const auto& connection : std::exchange(listener->backlog, {})) close(connection, 1);
}

void Network::wait_for_connection(const std::shared_ptr<Listener>& listener, Wake waker) {
    listener->waiting = std::move(waker);
    if (!listener->backlog.empty()) wake_listener(listener);
}

void Network::wake_listener(const std::shared_ptr<Listener>& listener) {
    if (!listener->waiting || std::exchange(listener->woken, true)) return;
    engine_.after(Duration(0), listener->host->id, What::wake, [listener] {
        listener->woken = false;
        if (Wake waker = std::exchange(listener->waiting, nullptr)) waker();
    });
}

void Network::connect(Host& host, const Endpoint& to, Transport::Connected done) {
    const auto fail = [&](Duration after, std::string_view reason) {
        engine_.after(after, host.id, What::connect,
                      [done = std::move(done), detail = fmt::format("connect {}:{}: {}", to.host,
                                                                    to.port, reason)]() mutable {
                          done(Error{ErrorCode::network_exception, std::move(detail)});
                      });
    };
    const auto found = by_name_.find(to.host);
    if (found == by_name_.end()) return fail(delay(), "unknown name");
    Host& other = *found->second;
    if (!other.powered || is_cut(host.id, other.id) || is_cut(other.id, host.id))
        return fail(random_.between(kGiveUpMin, kGiveUpMax), "timed out");
    if (random_.chance(engine_.network_faults.refuse)) return fail(delay(), "refused");

    auto connection = std::make_shared<Connection>();
    connection->id = next_connection_++;
    connection->window = random_.between(1000, 100'000);
    connection->ends[0].host = &host;
    connection->ends[0].address = {host.address, next_port_[host.id]++};
    connection->ends[1].host = &other;
    connection->ends[1].address = {other.address, to.port};
    connection->ends[1].open = false;
    connections_[connection->id] = connection;
    engine_.after(delay(), kNoProcess, What::connect,
                  [this, connection, to, done = std::move(done)]() mutable {
                      arrive_at_listener(connection, to, std::move(done));
                  });
}

void Network::arrive_at_listener(const std::shared_ptr<Connection>& connection, const Endpoint& to,
                                 Transport::Connected done) {
    End& client = connection->ends[0];
    End& server = connection->ends[1];
    const auto found = listeners_.find({server.address.host, server.address.port});
    const bool accepted =
        found != listeners_.end() && found->second->backlog.size() < kBacklogMax && client.open;
    if (accepted) {
        server.open = true;
        found->second->backlog.push_back(connection);
        wake_listener(found->second);
    } else {
        connections_.erase(connection->id);
    }
    engine_.after(delay(), client.host->id, What::connect,
                  [this, connection, to, accepted, done = std::move(done)]() mutable {
                      if (accepted) return done(make_stream(connection, 0));
                      done(Error{ErrorCode::network_exception,
                                 fmt::format("connect {}:{}: refused", to.host, to.port)});
                  });
}

IoResult Network::read(const std::shared_ptr<Connection>& connection, int end, MutableBytes into) {
    End& mine = connection->ends[index(end)];
    if (mine.broken || !mine.open) return {.status = IoStatus::failed};
    if (into.empty()) return {.status = IoStatus::ok};
    if (mine.unread() == 0)
        return {.status = mine.finished ? IoStatus::end : IoStatus::would_block};
    std::size_t count = std::min(into.size(), mine.unread());
    if (random_.chance(engine_.network_faults.piecemeal)) count = random_.between(1, count);
    std::copy_n(mine.arrived.begin() + static_cast<std::ptrdiff_t>(mine.taken), count,
                into.begin());
    engine_.trace(What::read, connection->id * 2 + index(end), count);
    mine.taken += count;
    if (mine.unread() == 0) {
        mine.arrived.clear();
        mine.taken = 0;
    }
    wake(connection, 1 - end, false);  // there is room in the window again
    return {.status = IoStatus::ok, .bytes = count};
}

std::size_t Network::room(const Connection& connection, int end) const {
    const std::size_t used =
        connection.from[index(end)].in_flight + connection.ends[index(1 - end)].unread();
    return used < connection.window ? connection.window - used : 0;
}

IoResult Network::write(const std::shared_ptr<Connection>& connection, int end,
                        std::span<const BytesView> pieces) {
    const End& mine = connection->ends[index(end)];
    if (mine.broken || !mine.open) return {.status = IoStatus::failed};
    std::vector<std::byte> bytes;
    for (const BytesView piece : pieces) bytes.insert(bytes.end(), piece.begin(), piece.end());
    if (bytes.empty()) return {.status = IoStatus::ok};
    std::size_t count = std::min(bytes.size(), room(*connection, end));
    if (count == 0) return {.status = IoStatus::would_block};
    const bool piecemeal = random_.chance(engine_.network_faults.piecemeal);
    if (piecemeal) count = random_.between(1, count);
    bytes.resize(count);
    engine_.trace(What::segment, connection->id * 2 + index(end), count);
    engine_.digest.add(bytes);
    connection->from[index(end)].in_flight += count;
    const std::size_t first = piecemeal ? random_.between(1, count) : count;
    std::vector<std::byte> rest(bytes.begin() + static_cast<std::ptrdiff_t>(first), bytes.end());
    bytes.resize(first);
    send(connection, end, {.kind = Segment::Kind::bytes, .bytes = std::move(bytes)});
    if (!rest.empty())
        send(connection, end, {.kind = Segment::Kind::bytes, .bytes = std::move(rest)});
    return {.status = IoStatus::ok, .bytes = count};
}

void Network::wait(const std::shared_ptr<Connection>& connection, int end, bool to_read,
                   Wake waker) {
    End& mine = connection->ends[index(end)];
    (to_read ? mine.reader : mine.writer) = std::move(waker);
    const bool over = mine.broken || !mine.open;
    const bool ready = to_read ? mine.unread() > 0 || mine.finished : room(*connection, end) > 0;
    if (over || ready) wake(connection, end, to_read);
}

void Network::wake(const std::shared_ptr<Connection>& connection, int end, bool reader) {
    End& mine = connection->ends[index(end)];
    if (!(reader ? mine.reader : mine.writer)) return;
    // As an event: from the loop, and only if it has not been taken back by then.
    auto& pending = reader ? mine.reader_woken : mine.writer_woken;
    if (std::exchange(pending, true)) return;
    engine_.after(Duration(0), mine.host->id, What::wake, [connection, end, reader] {
        End& woken = connection->ends[index(end)];
        (reader ? woken.reader_woken : woken.writer_woken) = false;
        Wake waker = std::exchange(reader ? woken.reader : woken.writer, nullptr);
        if (waker) waker();
    });
}

void Network::send(const std::shared_ptr<Connection>& connection, int from, Segment segment) {
    Connection::Direction& way = connection->from[index(from)];
    way.last_arrival = std::max(way.last_arrival, engine_.now + delay());
    engine_.at(way.last_arrival, kNoProcess, What::segment,
               [this, connection, from, segment = std::move(segment)]() mutable {
                   deliver(connection, from, std::move(segment));
               });
}

void Network::deliver(const std::shared_ptr<Connection>& connection, int from, Segment segment) {
    End& sender = connection->ends[index(from)];
    End& receiver = connection->ends[index(1 - from)];
    Connection::Direction& way = connection->from[index(from)];
    // A way that is cut, a host that is down, or what comes behind such a segment: it waits.
    if (is_cut(sender.host->id, receiver.host->id) || !receiver.host->powered || !way.held.empty())
        return hold(connection, from, std::move(segment));
    if (segment.kind == Segment::Kind::reset) return break_end(connection, 1 - from);
    if (segment.kind == Segment::Kind::bytes) way.in_flight -= segment.bytes.size();
    if (!receiver.open) {
        // Nobody is there (any more): the host says so.
        if (sender.open && !sender.broken)
            send(connection, 1 - from, {.kind = Segment::Kind::reset, .bytes = {}});
        return;
    }
    if (random_.chance(engine_.network_faults.reset)) {
        engine_.trace(What::reset, connection->id);
        break_end(connection, from);
        break_end(connection, 1 - from);
        return;
    }
    if (segment.kind == Segment::Kind::finish) {
        receiver.finished = true;
    } else {
        receiver.arrived.insert(receiver.arrived.end(), segment.bytes.begin(), segment.bytes.end());
    }
    wake(connection, 1 - from, true);
}

void Network::hold(const std::shared_ptr<Connection>& connection, int from, Segment segment) {
    Connection::Direction& way = connection->from[index(from)];
    way.held.push_back(std::move(segment));
    if (std::exchange(way.giving_up, true)) return;
    engine_.after(random_.between(kGiveUpMin, kGiveUpMax), kNoProcess, What::segment,
                  [this, connection, from] {
                      Connection::Direction& held_way = connection->from[index(from)];
                      held_way.giving_up = false;
                      // The sender alone learns it: the other end stays half open.
                      if (!held_way.held.empty()) break_end(connection, from);
                  });
}

void Network::break_end(const std::shared_ptr<Connection>& connection, int end) {
    End& broken = connection->ends[index(end)];
    if (!broken.open || broken.broken) return;
    engine_.trace(What::reset, connection->id * 2 + index(end));
    broken.broken = true;
    wake(connection, end, true);
    wake(connection, end, false);
}

void Network::finish_sending(const std::shared_ptr<Connection>& connection, int end) {
    const End& mine = connection->ends[index(end)];
    if (mine.broken || !mine.open) return;
    send(connection, end, {.kind = Segment::Kind::finish, .bytes = {}});
}

void Network::close(const std::shared_ptr<Connection>& connection, int end) {
    End& mine = connection->ends[index(end)];
    if (!mine.open) return;
    mine.open = false;
    if (!mine.broken)
        send(connection, end,
             {.kind = mine.unread() > 0 ? Segment::Kind::reset : Segment::Kind::finish,
              .bytes = {}});
    // Waiting wakes are called, unless they are taken back before.
    wake(connection, end, true);
    wake(connection, end, false);
    if (!connection->ends[0].open && !connection->ends[1].open) connections_.erase(connection->id);
}

void Network::restarted(Host& host) {
    // What waited for the host while it was down meets no socket now: a reset comes back.
    for (const Host* other : hosts_) heal_held(other->id, host.id);
}

}  // namespace moldau::sim
