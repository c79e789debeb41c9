#pragma once

#include "request_context.hpp"

namespace moldau::broker {

Result<net::Answer> handle_get_telemetry_subscriptions(const RequestContext& context,
                                                       protocol::Reader& body);
Result<net::Answer> handle_push_telemetry(const RequestContext& context, protocol::Reader& body);

}  // namespace moldau::broker
