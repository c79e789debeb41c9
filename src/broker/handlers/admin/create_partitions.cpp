// CreatePartitions: api key 37, versions 0..3                      KIP-195
//   v3   may be refused with THROTTLING_QUOTA_EXCEEDED             KIP-599
// Decided by controller/create_partitions.cpp. The reply leaves when the partitions are open.
#include "handlers/admin/create_partitions.hpp"

#include "handlers/admin/ask_controller.hpp"

namespace moldau::broker {
namespace {

constexpr std::int16_t kStrictSince = 3;  // KIP-599

void refuse(protocol::CreatePartitionsResponse& response,
            const protocol::CreatePartitionsRequest& request, const Error& error) {
    for (const auto& topic : request.topics) {
        auto& told = response.results.emplace_back();
        told.name = topic.name;
        told.error_code = error.code;
        told.error_message = error.detail;
    }
}

}  // namespace

Result<net::Answer> handle_create_partitions(const RequestContext& context,
                                             protocol::Reader& body) {
    protocol::CreatePartitionsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    return net::Answer(
        ask_and_reply<protocol::CreatePartitionsRequest, protocol::CreatePartitionsResponse>(
            context, std::move(request),
            charged(&ControllerDriver::create_partitions, mutation_asker(context, kStrictSince)),
            refuse));
}

}  // namespace moldau::broker
