#pragma once

#include "request_context.hpp"

#include "moldau/base/result.hpp"

namespace moldau::broker {

Result<net::Answer> handle_alter_partition_reassignments(const RequestContext& context,
                                                         protocol::Reader& body);

Result<net::Answer> handle_list_partition_reassignments(const RequestContext& context,
                                                        protocol::Reader& body);

}  // namespace moldau::broker
