// Quotas of users, client ids and addresses are set and told of (KIP-546, KIP-612).
#pragma once

#include "moldau/controller/decision.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/protocol/messages/alter_client_quotas.hpp"
#include "moldau/protocol/messages/describe_client_quotas.hpp"

namespace moldau::controller {

/// Each entity succeeds or fails for itself, with all of its quotas; one that comes twice has one
/// result, an error, and stays as it was. With validate_only there are no records.
/// Errors in the reply: invalid_request: no entity, an unknown or doubled part of one, an empty
/// name, an address together with something else or one that is none, a quota that such an entity
/// does not have, a value that is not above 0 or not whole where it must be, a quota twice.
Decision<protocol::AlterClientQuotasResponse> alter_client_quotas(
    const metadata::ClusterImage& image, const protocol::AlterClientQuotasRequest& request);

/// The entities that have quotas and that the request's filter lets through.
/// Errors in the response: invalid_request: a part of the filter that is empty, doubled or
/// contradicts itself, an address together with something else · unsupported_version: an unknown
/// part of an entity.
protocol::DescribeClientQuotasResponse describe_client_quotas(
    const metadata::ClusterImage& image, const protocol::DescribeClientQuotasRequest& request);

}  // namespace moldau::controller
