// Bits of the "authorized operations" fields (KIP-430): bit n is AclOperation n. Without an
// authorizer, everything that makes sense for the resource is allowed.
#pragma once

#include <cstdint>

namespace moldau::broker {

enum class AclOperation : std::uint8_t {
    read = 3,
    write = 4,
    create = 5,
    remove = 6,
    alter = 7,
    describe = 8,
    cluster_action = 9,
    describe_configs = 10,
    alter_configs = 11,
    idempotent_write = 12,
};

template <class... Operations>
constexpr std::int32_t operation_bits(Operations... operations) {
    return ((std::int32_t{1} << static_cast<int>(operations)) | ...);
}

inline constexpr std::int32_t kAllClusterOperations = operation_bits(
    AclOperation::create, AclOperation::alter, AclOperation::describe, AclOperation::cluster_action,
    AclOperation::describe_configs, AclOperation::alter_configs, AclOperation::idempotent_write);

inline constexpr std::int32_t kAllTopicOperations =
    operation_bits(AclOperation::read, AclOperation::write, AclOperation::create,
                   AclOperation::remove, AclOperation::alter, AclOperation::describe,
                   AclOperation::describe_configs, AclOperation::alter_configs);

inline constexpr std::int32_t kAllGroupOperations =
    operation_bits(AclOperation::read, AclOperation::remove, AclOperation::describe,
                   AclOperation::describe_configs, AclOperation::alter_configs);

}  // namespace moldau::broker
