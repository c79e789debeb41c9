// Brokers and controllers as members of the cluster: registration, heartbeats, fencing. What is
// remembered is in the image; who spoke when is in BrokerLiveness.
#pragma once

#include "moldau/base/time.hpp"
#include "moldau/controller/decision.hpp"
#include "moldau/controller/partition_change.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/protocol/messages/broker_heartbeat.hpp"
#include "moldau/protocol/messages/broker_registration.hpp"
#include "moldau/protocol/messages/unregister_broker.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace moldau::controller {

/// When each broker was last heard of by this controller, and what it said. Lost with the process:
/// after a start every unfenced broker has one session's time to speak.
class BrokerLiveness {
public:
    explicit BrokerLiveness(Duration session_timeout) : session_timeout_(session_timeout) {}

    void heard(MonoTime now, BrokerId broker) { heard_[broker] = now; }
    /// Its registration stands at `record`: it is unfenced when it has read that far.
    void registered(MonoTime now, BrokerId broker, Offset record);
    void forget(BrokerId broker);

    /// Whether it was heard of within the session timeout.
    bool has_session(MonoTime now, BrokerId broker) const;
    std::optional<Offset> registration_of(BrokerId broker) const;
    /// Unfenced brokers of the image whose session is over; those never heard of begin one now.
    std::vector<BrokerId> expired(MonoTime now, const metadata::ClusterImage& image);
    /// When expired() may have an answer.
    std::optional<MonoTime> next_expiry(const metadata::ClusterImage& image) const;

private:
    Duration session_timeout_;
    std::map<BrokerId, MonoTime> heard_;
    std::map<BrokerId, Offset> registrations_;
};

/// What a registration is judged by.
struct RegistrationContext {
    std::string cluster_id;
    Offset next_offset;        // where the decision's first record will stand: the broker's epoch
    bool has_session = false;  // of the broker that has this id now
    /// The broker in this process. Its former incarnation is surely dead, so that its session needs
    /// not expire; and it may lack features that the cluster has finalized, which was said at
    /// start.
    bool is_own_node = false;
    StaticTopicDefaults defaults;
};

/// Errors in the reply: inconsistent_cluster_id · duplicate_broker_registration: its id belongs to
/// a broker that is alive, or a directory to another broker · unsupported_version: it lacks a
/// finalized feature · invalid_request: no directories, or one twice; a broker of ZooKeeper's time.
Decision<protocol::BrokerRegistrationResponse> register_broker(
    const metadata::ClusterImage& image, const RegistrationContext& context,
    const protocol::BrokerRegistrationRequest& request);

/// What a heartbeat is judged by.
struct HeartbeatContext {
    std::optional<Offset> registration;  // where the registration stands; nothing: at its epoch
    Offset end_offset;                   // of what is committed
    StaticTopicDefaults defaults;
};

/// Fences, unfences, begins and ends a controlled shutdown. Errors in the reply:
/// stale_broker_epoch: not registered, or anew since.
Decision<protocol::BrokerHeartbeatResponse> heartbeat(
    const metadata::ClusterImage& image, const HeartbeatContext& context,
    const protocol::BrokerHeartbeatRequest& request);

/// The session of `broker` is over.
Records fence(const metadata::ClusterImage& image, BrokerId broker,
              const StaticTopicDefaults& defaults);

/// The cluster forgets a broker; what it leads others lead. A broker that is alive must begin anew
/// to be known again. Errors in the reply: broker_id_not_registered.
Decision<protocol::UnregisterBrokerResponse> unregister_broker(
    const metadata::ClusterImage& image, const StaticTopicDefaults& defaults,
    const protocol::UnregisterBrokerRequest& request);

/// A controller says what it is; no record when that is known.
Records register_controller(const metadata::ClusterImage& image, std::int32_t id,
                            const metadata::ControllerRegistration& registration);

}  // namespace moldau::controller
