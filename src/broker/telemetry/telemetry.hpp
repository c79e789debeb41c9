// The node's part in its clients' metrics (KIP-714): subscriptions from the cluster's configs, what
// clients may do, and what they have pushed.
#pragma once

#include "telemetry/client_metrics.hpp"

#include "moldau/config/settings.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/telemetry/client_instances.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace moldau::broker {

/// On the home shard. It has no timer: what is over is seen when somebody asks.
class Telemetry {
public:
    Telemetry(runtime::Shard& home, const config::Settings& settings);

    using Image = std::shared_ptr<const metadata::ClusterImage>;

    struct Asked {
        telemetry::Wanted wanted;
        Uuid instance;  // a new one, where the client had none
    };
    /// Errors: those of ClientInstances::subscribe()
    Result<Asked> subscribe(const Image& image, telemetry::Client client);

    /// A client's push, but for what it says: how long until the next.
    /// Errors: those of ClientInstances::push()
    Result<Duration> push(const Image& image, const telemetry::Client& client,
                          const telemetry::ClientInstances::Push& push);
    /// What it said; `last`: it ends and is forgotten.
    void keep(const telemetry::Client& client, Duration interval, bool is_last,
              const telemetry::Decoded& pushed);

    void sample(metrics::Samples& to) const { metrics_.sample(home_.now(), to); }

private:
    void learn(const Image& image);

    runtime::Shard& home_;
    telemetry::ClientInstances instances_;
    ClientMetrics metrics_;
    metadata::PersistentMap<metadata::ConfigResource, metadata::Configs> configs_;  // learned
};

/// Of all resources of the type client_metrics, by name; those that cannot be read are left out
/// and named in the log.
std::vector<telemetry::Subscription> subscriptions_of(const metadata::ClusterImage& image,
                                                      const Logger& log);

}  // namespace moldau::broker
