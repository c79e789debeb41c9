// The simulator's network: byte streams between hosts, with delay, loss of connections and cuts.
#pragma once

#include "engine.hpp"

#include "moldau/base/ports/transport.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace moldau::sim {

// What travels one way, in order.
struct Segment {
    enum class Kind : std::uint8_t { bytes, finish, reset };
    Kind kind = Kind::bytes;
    std::vector<std::byte> bytes;
};

struct End {
    Host* host = nullptr;
    Endpoint address;
    bool open = true;     // somebody holds it
    bool broken = false;  // reset or given up
    std::vector<std::byte> arrived;
    std::size_t taken = 0;  // of `arrived`
    bool finished = false;  // the peer has sent all
    Wake reader;
    Wake writer;
    bool reader_woken = false;  // a wake is on its way
    bool writer_woken = false;

    std::size_t unread() const { return arrived.size() - taken; }
};

struct Connection {
    std::uint64_t id = 0;
    std::size_t window = 0;  // bytes sent and not read, at most
    std::array<End, 2> ends;
    struct Direction {
        std::size_t in_flight = 0;
        MonoTime last_arrival;
        std::deque<Segment> held;  // by a cut
        bool giving_up = false;
    };
    std::array<Direction, 2> from;  // what end N sends
};

struct Listener {
    Host* host = nullptr;
    Endpoint address;
    std::deque<std::shared_ptr<Connection>> backlog;
    Wake waiting;
    bool woken = false;  // a wake is on its way
};

inline std::size_t index(int end) {
    return static_cast<std::size_t>(end);
}

class Network {
public:
    explicit Network(Engine& engine);
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;
    ~Network();

    void add(Host& host);
    /// The host's process has died: its sockets are gone; `told`: peers get a reset.
    void crash(Host& host, bool told);
    void cut(ProcessId from, ProcessId to);
    void heal(ProcessId from, ProcessId to);
    void heal_all();
    void restarted(Host& host);

    std::unique_ptr<Transport> make_transport(Host& host);

private:
    friend class SimTransport;
    friend class SimStream;
    friend class SimAcceptor;

    Result<std::shared_ptr<Listener>> listen(Host& host, const Endpoint& at);
    void stop_listening(const std::shared_ptr<Listener>& listener);
    void wait_for_connection(const std::shared_ptr<Listener>& listener, Wake waker);
    void wake_listener(const std::shared_ptr<Listener>& listener);
    void connect(Host& host, const Endpoint& to, Transport::Connected done);
    void arrive_at_listener(const std::shared_ptr<Connection>& connection, const Endpoint& to,
                            Transport::Connected done);

    std::unique_ptr<ByteStream> make_stream(std::shared_ptr<Connection> connection, int end);
    std::size_t room(const Connection& connection, int end) const;
    IoResult read(const std::shared_ptr<Connection>& connection, int end, MutableBytes into);
    IoResult write(const std::shared_ptr<Connection>& connection, int end,
                   std::span<const BytesView> pieces);
    void wait(const std::shared_ptr<Connection>& connection, int end, bool to_read, Wake waker);
    void close(const std::shared_ptr<Connection>& connection, int end);
    void finish_sending(const std::shared_ptr<Connection>& connection, int end);

    void send(const std::shared_ptr<Connection>& connection, int from, Segment segment);
    void deliver(const std::shared_ptr<Connection>& connection, int from, Segment segment);
    void hold(const std::shared_ptr<Connection>& connection, int from, Segment segment);
    void break_end(const std::shared_ptr<Connection>& connection, int end);
    void heal_held(ProcessId from, ProcessId to);
    void wake(const std::shared_ptr<Connection>& connection, int end, bool reader);
    bool is_cut(ProcessId from, ProcessId to) const { return cuts_.contains({from, to}); }
    Duration delay() {
        return random_.between(engine_.network_faults.delay_min, engine_.network_faults.delay_max);
    }

    Engine& engine_;
    SeededRandom random_;
    std::map<std::string, Host*> by_name_;  // names and addresses
    std::vector<Host*> hosts_;
    std::set<std::pair<ProcessId, ProcessId>> cuts_;
    std::map<std::pair<std::string, std::uint16_t>, std::shared_ptr<Listener>> listeners_;
    std::map<std::uint64_t, std::shared_ptr<Connection>> connections_;  // those with an open end
    std::uint64_t next_connection_ = 1;
    std::map<ProcessId, std::uint16_t> next_port_;
};

}  // namespace moldau::sim
