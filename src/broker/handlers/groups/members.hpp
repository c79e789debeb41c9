// JoinGroup, SyncGroup, Heartbeat, LeaveGroup: the members of classic groups.
#pragma once

#include "api_table.hpp"

namespace moldau::broker {

Result<net::Answer> handle_join_group(const RequestContext& context, protocol::Reader& body);
Result<net::Answer> handle_sync_group(const RequestContext& context, protocol::Reader& body);
Result<net::Answer> handle_heartbeat(const RequestContext& context, protocol::Reader& body);
Result<net::Answer> handle_leave_group(const RequestContext& context, protocol::Reader& body);

}  // namespace moldau::broker
