#pragma once

#include "request_context.hpp"

#include "moldau/base/result.hpp"

namespace moldau::broker {

Result<net::Answer> handle_alter_replica_log_dirs(const RequestContext& context,
                                                  protocol::Reader& body);

}  // namespace moldau::broker
