// OffsetCommit, OffsetFetch, OffsetDelete: what groups have committed.
#pragma once

#include "api_table.hpp"

namespace moldau::broker {

Result<net::Answer> handle_offset_commit(const RequestContext& context, protocol::Reader& body);
Result<net::Answer> handle_offset_fetch(const RequestContext& context, protocol::Reader& body);
Result<net::Answer> handle_offset_delete(const RequestContext& context, protocol::Reader& body);

}  // namespace moldau::broker
