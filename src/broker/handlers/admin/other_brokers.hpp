#pragma once

#include "moldau/base/ids.hpp"
#include "moldau/protocol/messages/alter_configs.hpp"
#include "moldau/protocol/messages/incremental_alter_configs.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace moldau::broker {

/// Why a resource of this name is not this broker's own. Empty: it is. Brokers are named by their
/// numbers, in their plain form.
std::string why_not_ours(BrokerId self, std::string_view name);

/// A broker's own configs are altered by asking that broker: it alone knows what it can take up.
/// Takes those of others out of the request, before it goes to the controller, and gives their
/// refusals, which belong behind the controller's results.
/// Errors in them: invalid_request.
std::vector<protocol::IncrementalAlterConfigsResponse::AlterConfigsResourceResponse>
refuse_other_brokers(BrokerId self, protocol::IncrementalAlterConfigsRequest& request);
std::vector<protocol::AlterConfigsResponse::AlterConfigsResourceResponse> refuse_other_brokers(
    BrokerId self, protocol::AlterConfigsRequest& request);

}  // namespace moldau::broker
