#include "moldau/quota/client_quotas.hpp"

#include "moldau/base/endian.hpp"

#include <algorithm>

namespace moldau::quota {

std::optional<Kind> kind_of(std::string_view key) {
    const auto found = std::ranges::find(kKeys, key);
    if (found == kKeys.end()) return std::nullopt;
    return static_cast<Kind>(found - kKeys.begin());
}

MeterKey meter_key(const HashSecret& secret, Kind kind, const Holding& holding,
                   std::string_view user, std::string_view client_id) {
    // Of a fixed length, so that no other user and client id are written alike.
    std::array<std::byte, 3 + 2 * sizeof(Hash128)> whole{};
    std::byte* at = whole.data();
    for (const int flag :
         {int{holding.is_by_user}, int{holding.is_by_client_id}, static_cast<int>(kind)})
        *at++ = static_cast<std::byte>(flag);
    for (const std::string_view name : {holding.is_by_user ? user : std::string_view(),
                                        holding.is_by_client_id ? client_id : std::string_view()}) {
        const Hash128 hash = siphash(secret, as_bytes(name));
        for (const std::uint64_t half : {hash.low, hash.high}) {
            store_be(at, half);
            at += sizeof half;
        }
    }
    return siphash(secret, whole);
}

ClientQuotas::Bounds* ClientQuotas::Clients::at(const Entity::Name& name) {
    return name ? &named[*name] : &any;
}

std::optional<double> ClientQuotas::Clients::find(Kind kind, std::string_view client_id) const {
    if (client_id.empty()) return std::nullopt;
    const auto index = static_cast<std::size_t>(kind);
    const auto found = named.find(client_id);
    if (found != named.end() && found->second[index]) return found->second[index];
    return any[index];
}

std::optional<Holding> ClientQuotas::User::find(Kind kind, std::string_view client_id) const {
    if (const auto bound = clients.find(kind, client_id))
        return Holding{.bound = *bound, .is_by_user = true, .is_by_client_id = true};
    if (const auto bound = own[static_cast<std::size_t>(kind)])
        return Holding{.bound = *bound, .is_by_user = true, .is_by_client_id = false};
    return std::nullopt;
}

void ClientQuotas::set(const Entity& entity, Kind kind, double bound) {
    Bounds* bounds = nullptr;
    if (entity.user) {
        User& user = *entity.user ? users_[**entity.user] : any_user_;
        bounds = entity.client_id ? user.clients.at(*entity.client_id) : &user.own;
    } else if (entity.client_id) {
        bounds = clients_.at(*entity.client_id);
    }
    if (bounds == nullptr) return;
    (*bounds)[static_cast<std::size_t>(kind)] = bound;
    has_[static_cast<std::size_t>(kind)] = true;
}

std::optional<Holding> ClientQuotas::find(Kind kind, std::string_view user,
                                          std::string_view client_id) const {
    if (!has(kind)) return std::nullopt;
    if (const auto known = users_.find(user); known != users_.end()) {
        if (const auto found = known->second.find(kind, client_id)) return found;
    }
    if (const auto found = any_user_.find(kind, client_id)) return found;
    if (const auto bound = clients_.find(kind, client_id))
        return Holding{.bound = *bound, .is_by_user = false, .is_by_client_id = true};
    return std::nullopt;
}

}  // namespace moldau::quota
