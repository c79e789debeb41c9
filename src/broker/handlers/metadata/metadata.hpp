#pragma once

#include "api_table.hpp"

#include "moldau/protocol/messages/metadata.hpp"

namespace moldau::broker {

protocol::MetadataResponse handle_metadata(const RequestContext& context,
                                           const protocol::MetadataRequest& request);

}  // namespace moldau::broker
