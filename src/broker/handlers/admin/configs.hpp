#pragma once

#include "request_context.hpp"

#include "moldau/base/result.hpp"

namespace moldau::broker {

Result<net::Answer> handle_describe_configs(const RequestContext& context, protocol::Reader& body);

Result<net::Answer> handle_alter_configs(const RequestContext& context, protocol::Reader& body);

Result<net::Answer> handle_incremental_alter_configs(const RequestContext& context,
                                                     protocol::Reader& body);

}  // namespace moldau::broker
