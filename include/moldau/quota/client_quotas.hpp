// The quotas that are set, and which of them holds for a client (KIP-13, KIP-55).
#pragma once

#include "moldau/base/siphash.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace moldau::quota {

/// What quotas of users and clients bound.
enum class Kind : std::uint8_t {
    produce,              // bytes of requests a second
    fetch,                // bytes of responses a second
    request,              // percent of one shard's time
    controller_mutation,  // partitions made and removed a second
};
inline constexpr std::size_t kKinds = 4;

// The keys of quotas, as records and requests name them.
inline constexpr std::array<std::string_view, kKinds> kKeys = {
    "producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate"};
inline constexpr std::string_view kConnectionRateKey = "connection_creation_rate";

// The types of an entity's parts, as records and requests name them.
inline constexpr std::string_view kUserType = "user";
inline constexpr std::string_view kClientIdType = "client-id";
inline constexpr std::string_view kIpType = "ip";

std::optional<Kind> kind_of(std::string_view key);

/// Who a quota is for: users, client ids or pairs of them.
struct Entity {
    /// One of that name; nothing: all that have no quota by their name.
    using Name = std::optional<std::string>;
    std::optional<Name> user;
    std::optional<Name> client_id;
};

/// A quota that holds for a client, and whose use counts against it: what all connections of that
/// user and client id do counts as one, or, where the quota is by one of the two only, of that one.
struct Holding {
    double bound = 0;
    bool is_by_user = false;
    bool is_by_client_id = false;
};

/// Names those whose use of a quota counts as one. It is short, however long their names are, which
/// come from outside.
using MeterKey = Hash128;
MeterKey meter_key(const HashSecret& secret, Kind kind, const Holding& holding,
                   std::string_view user, std::string_view client_id);

class ClientQuotas {
public:
    /// An entity without a user and a client id has no quota here.
    void set(const Entity& entity, Kind kind, double bound);
    bool has(Kind kind) const { return has_[static_cast<std::size_t>(kind)]; }

    /// The first that is set of: user and client id · user, any client id · user · any user, client
    /// id · any user, any client id · any user · client id · any client id. An empty client id is
    /// none: quotas by client id do not hold for it.
    std::optional<Holding> find(Kind kind, std::string_view user, std::string_view client_id) const;

private:
    using Bounds = std::array<std::optional<double>, kKinds>;
    struct Clients {
        Bounds* at(const Entity::Name& name);
        std::optional<double> find(Kind kind, std::string_view client_id) const;
        std::map<std::string, Bounds, std::less<>> named;
        Bounds any;
    };
    struct User {
        std::optional<Holding> find(Kind kind, std::string_view client_id) const;
        Bounds own;
        Clients clients;
    };

    std::map<std::string, User, std::less<>> users_;
    User any_user_;
    Clients clients_;
    std::array<bool, kKinds> has_{};
};

}  // namespace moldau::quota
