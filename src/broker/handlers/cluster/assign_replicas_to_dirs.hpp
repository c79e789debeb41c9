#pragma once

#include "request_context.hpp"

#include "moldau/base/result.hpp"

namespace moldau::broker {

Result<net::Answer> handle_assign_replicas_to_dirs(const RequestContext& context,
                                                   protocol::Reader& body);

}  // namespace moldau::broker
