// Producer ids are given out in blocks that the metadata log remembers: never twice.
#pragma once

#include "moldau/controller/decision.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/protocol/messages/allocate_producer_ids.hpp"

#include <cstdint>

namespace moldau::controller {

inline constexpr std::int32_t kProducerIdBlock = 1000;

/// Errors in the reply: stale_broker_epoch · unknown_server_error: none is left.
Decision<protocol::AllocateProducerIdsResponse> allocate_producer_ids(
    const metadata::ClusterImage& image, const protocol::AllocateProducerIdsRequest& request);

}  // namespace moldau::controller
