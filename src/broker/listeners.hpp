// Where the node listens: as its file says, and from the metadata log on as its dynamic `listeners`
// say (KIP-226). On the home shard.
#pragma once

#include "effective_configs.hpp"

#include "moldau/base/result.hpp"
#include "moldau/config/settings.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/net/server.hpp"
#include "moldau/protocol/messages/broker_registration.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"

#include <functional>
#include <string>
#include <vector>

namespace moldau::broker {

class Listeners {
public:
    /// `server` outlives it. `host_name` is asked where a listener is on every interface.
    Listeners(runtime::Shard& home, const config::Node& by_file, net::Server& server,
              std::function<std::string()> host_name);

    /// Those of the file. Errors: as net::Server::bind().
    Result<> bind();

    /// Takes what the layers say as what is wanted; whether that differs from what was wanted
    /// before. What cannot be is logged, and what was wanted stays.
    bool want(const BrokerLayers& layers);
    /// Opens what is wanted and not open, elsewhere where the address has changed; one that cannot
    /// be opened is logged and stays where it was.
    runtime::Task<> open_wanted();
    /// Closes what is not wanted, and the connections that came by it.
    runtime::Task<> close_others();

    /// Those that clients connect to, with the ports they have.
    std::vector<config::Listener> of_broker() const;
    std::vector<metadata::Endpoint> of_controller() const;
    /// What clients and other nodes are told of those that are wanted.
    std::vector<protocol::BrokerRegistrationRequest::Listener> advertised() const;

private:
    Result<> open(const config::Listener& listener);
    config::Listener as_advertised(config::Listener bound) const;
    std::string host_to_tell(const std::string& host) const;
    std::vector<config::Listener> bound(const std::vector<config::Listener>& among) const;

    runtime::Shard& home_;
    net::Server& server_;
    std::function<std::string()> host_name_;
    config::Node wanted_;
    std::vector<config::Listener> open_;  // the broker's, as they were asked for
};

}  // namespace moldau::broker
