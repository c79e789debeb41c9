#pragma once

#include "moldau/base/ids.hpp"
#include "moldau/protocol/messages/incremental_alter_configs.hpp"

#include <vector>

namespace moldau::broker {

/// A broker's own configs are altered by asking that broker: it alone knows what it can take up.
/// Takes those of others out of the request, before it goes to the controller, and gives their
/// refusals, which belong behind the controller's results.
/// Errors in them: invalid_request.
std::vector<protocol::IncrementalAlterConfigsResponse::AlterConfigsResourceResponse>
refuse_other_brokers(BrokerId self, protocol::IncrementalAlterConfigsRequest& request);

}  // namespace moldau::broker
