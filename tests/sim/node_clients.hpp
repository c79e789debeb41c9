// Clients of one node in the simulator. Each is a process of its own that is never killed.
#pragma once

#include "node_model.hpp"

#include "moldau/base/ports/transport.hpp"
#include "moldau/client/connection.hpp"
#include "moldau/runtime/wait.hpp"
#include "moldau/sim/world.hpp"

#include <memory>

namespace moldau::sim {

/// What the clients are to do; said by the test.
struct Orders {
    bool makes_new = true;    // else they only bring to its end what they have begun
    bool checks_all = false;  // the consumer reads everything once more
};

struct ClientState {
    bool is_idle = false;  // nothing is left that it has begun
    bool has_checked = false;
};

/// A program with one connection to the node, made anew whenever it broke.
class NodeClient : public Program {
public:
    NodeClient(Process& process, NodeModel& model, const Orders& orders, ClientState& state,
               SeededRandom random)
        : shard_(process.shard(0)),
          transport_(process.transport(0)),
          model_(model),
          orders_(orders),
          state_(state),
          random_(std::move(random)) {}

protected:
    runtime::Task<bool> connected() {
        if (connection_ != nullptr && connection_->is_open()) co_return true;
        losses_ = model_.losses();
        life_ = model_.life;
        auto opened = co_await client::Connection::open(shard_, transport_, {"10.0.0.1", 9092}, {},
                                                        deadline());
        if (!opened) {
            connection_.reset();
            co_return false;
        }
        connection_ = std::move(*opened);
        co_return true;
    }
    MonoTime deadline() const { return shard_.now() + std::chrono::seconds(2); }
    /// False: the world ends.
    runtime::Task<bool> pause(Duration time) {
        co_return co_await runtime::sleep_until(shard_, shard_.now() + time) !=
            runtime::Waited::cancelled;
    }
    bool holds(const TopicModel& topic) const { return model_.holds(topic, losses_); }

    runtime::Shard& shard_;
    Transport& transport_;
    NodeModel& model_;
    const Orders& orders_;
    ClientState& state_;
    SeededRandom random_;
    std::shared_ptr<client::Connection> connection_;
    std::uint64_t losses_ = 0;  // when the connection was made
    std::uint64_t life_ = 0;    // likewise: the node's, or an earlier one
};

std::unique_ptr<Program> make_admin(Process& process, NodeModel& model, const Orders& orders,
                                    ClientState& state, SeededRandom random);
std::unique_ptr<Program> make_producer(Process& process, NodeModel& model, const Orders& orders,
                                       ClientState& state, SeededRandom random);
std::unique_ptr<Program> make_mover(Process& process, NodeModel& model, const Orders& orders,
                                    ClientState& state, SeededRandom random);
std::unique_ptr<Program> make_consumer(Process& process, NodeModel& model, const Orders& orders,
                                       ClientState& state, SeededRandom random);

}  // namespace moldau::sim
