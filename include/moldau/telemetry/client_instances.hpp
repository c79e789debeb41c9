// What a broker remembers of the clients that push metrics, and what it lets them do: KIP-714, with
// the rules of Apache Kafka's broker.
#pragma once

#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"
#include "moldau/base/uuid.hpp"
#include "moldau/telemetry/subscriptions.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

namespace moldau::telemetry {

class ClientInstances {
public:
    static constexpr std::size_t kInstancesMax = 16'384;

    explicit ClientInstances(std::size_t push_bytes_max) : push_bytes_max_(push_bytes_max) {}

    /// From now on. What was known of clients is decided anew when they are heard of next.
    void set_subscriptions(std::vector<Subscription> subscriptions);

    /// `client` asks what it is to push; its instance id is not zero. Errors:
    /// throttling_quota_exceeded: before its interval has passed
    Result<Wanted> subscribe(MonoTime now, const Client& client);

    struct Push {
        std::int32_t subscription_id = 0;
        bool is_terminating = false;
        std::int8_t compression = 0;  // the number of a codec
        std::size_t bytes = 0;
    };
    /// `client` pushes; how long after this it is to push again. Errors: invalid_request: the id is
    /// reserved, or it has said that it ends · throttling_quota_exceeded · unknown_subscription_id
    /// · unsupported_compression_type · telemetry_too_large
    Result<Duration> push(MonoTime now, const Client& client, const Push& push);

    bool knows(const Uuid& instance) const { return by_id_.contains(instance); }
    std::size_t size() const { return by_id_.size(); }

private:
    static constexpr std::uint64_t kUndecided = 0;
    struct Instance {
        explicit Instance(const Uuid& instance) : id(instance) {}
        Uuid id;
        std::uint64_t subscriptions = kUndecided;  // their version that this rests on
        std::int32_t subscription_id = 0;
        Duration interval{0};
        std::optional<MonoTime> last_get;
        std::optional<MonoTime> last_push;
        ErrorCode last_error = ErrorCode::none;
        bool is_terminating = false;
        MonoTime forgotten_at;
    };
    using Instances = std::list<Instance>;

    /// As it is known; else a new one, for which nothing is decided.
    Instance& find(MonoTime now, const Client& client);
    Wanted decide(MonoTime now, Instance& instance, const Client& client) const;
    static void remember(MonoTime now, Instance& instance);
    ErrorCode check_push(MonoTime now, Instance& instance, const Push& push) const;

    std::size_t push_bytes_max_;
    std::vector<Subscription> subscriptions_;
    std::uint64_t version_ = kUndecided + 1;
    Instances instances_;  // the one heard of last in front
    std::unordered_map<Uuid, Instances::iterator> by_id_;
};

/// Ids that no client may have.
bool is_reserved(const Uuid& instance);

}  // namespace moldau::telemetry
