// DescribeClientQuotas and AlterClientQuotas.
#pragma once

#include "request_context.hpp"

namespace moldau::broker {

Result<net::Answer> handle_describe_client_quotas(const RequestContext& context,
                                                  protocol::Reader& body);
Result<net::Answer> handle_alter_client_quotas(const RequestContext& context,
                                               protocol::Reader& body);

}  // namespace moldau::broker
