// ListGroups, DescribeGroups, DeleteGroups: groups as an administrator sees them.
#pragma once

#include "api_table.hpp"

namespace moldau::broker {

Result<net::Answer> handle_list_groups(const RequestContext& context, protocol::Reader& body);
Result<net::Answer> handle_describe_groups(const RequestContext& context, protocol::Reader& body);
Result<net::Answer> handle_delete_groups(const RequestContext& context, protocol::Reader& body);

}  // namespace moldau::broker
