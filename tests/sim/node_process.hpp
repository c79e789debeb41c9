// The process of a node in the simulator, and what it tells the test.
#pragma once

#include "moldau/broker/node.hpp"
#include "moldau/config/load.hpp"
#include "moldau/sim/world.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace moldau::sim {

class NodeProgram;

struct NodeLife {
    bool is_serving = false;
    bool has_stopped = false;
    std::string gave_up;             // why
    std::int64_t broker_epoch = -1;  // when it began to serve
    std::string audit;               // what is wrong with its metadata; "-": not looked at yet
    Process* process = nullptr;
    NodeProgram* program = nullptr;
};

class NodeProgram final : public Program {
public:
    /// `more`: settings beside those that every test has.
    NodeProgram(Process& process, NodeLife& life, std::span<const config::Overlay> more = {});
    NodeProgram(const NodeProgram&) = delete;
    NodeProgram& operator=(const NodeProgram&) = delete;
    ~NodeProgram() override { life_.program = nullptr; }

    /// nullptr when it has stopped.
    const broker::Node* node() const { return node_.get(); }
    /// In order; of the node nothing is left then.
    void stop();
    /// Compares the image that is served with the one that the metadata log makes, read from its
    /// first record, and from each snapshot on: life.audit says.
    void audit();

private:
    static runtime::Task<> start(NodeProgram& self);
    static runtime::Task<> stop_node(NodeProgram& self);
    static runtime::Task<> audit_node(NodeProgram& self);

    NodeLife& life_;
    std::unique_ptr<broker::Node> node_;
};

/// S1: after a stop in order nothing is left of the node. What is, in words; "": nothing.
std::string left_of(World& world, ProcessId node, const NodeLife& life);

}  // namespace moldau::sim
