// From a frame to a handler: header, API table, body; and from its answer back to a frame.
#pragma once

#include "cluster_view.hpp"

#include "moldau/net/session.hpp"

#include <memory>

namespace moldau::broker {

/// Answers the clients of the brokers' listeners from one immutable view.
class BrokerService : public net::Service {
public:
    explicit BrokerService(ClusterView view) : view_(std::move(view)) {}
    std::unique_ptr<net::Session> open(runtime::Shard& shard,
                                       const net::ConnectionInfo& connection) override;

private:
    ClusterView view_;
};

}  // namespace moldau::broker
