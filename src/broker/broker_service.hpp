// From a frame to a handler: header, API table, body; and from its answer back to a frame.
#pragma once

#include "moldau/net/session.hpp"

#include <memory>

namespace moldau::broker {

struct NodeServices;

/// Answers the clients of all listeners; a controller's listener has other APIs than a broker's.
class BrokerService : public net::Service {
public:
    explicit BrokerService(NodeServices& node) : node_(node) {}
    std::unique_ptr<net::Session> open(runtime::Shard& shard,
                                       const net::ConnectionInfo& connection) override;

private:
    NodeServices& node_;
};

}  // namespace moldau::broker
