#include "moldau/controller/producer_ids.hpp"

#include <limits>

namespace moldau::controller {

Decision<protocol::AllocateProducerIdsResponse> allocate_producer_ids(
    const metadata::ClusterImage& image, const protocol::AllocateProducerIdsRequest& request) {
    Decision<protocol::AllocateProducerIdsResponse> decision;
    const auto* broker = image.brokers.find(BrokerId{request.broker_id});
    if (broker == nullptr || broker->epoch != request.broker_epoch) {
        decision.reply.error_code = ErrorCode::stale_broker_epoch;
        return decision;
    }
    const std::int64_t first = image.next_producer_id.value_or(ProducerId{0}).value;
    if (first > std::numeric_limits<std::int64_t>::max() - kProducerIdBlock) {
        decision.reply.error_code = ErrorCode::unknown_server_error;
        return decision;
    }
    protocol::ProducerIdsRecord record;
    record.broker_id = request.broker_id;
    record.broker_epoch = request.broker_epoch;
    record.next_producer_id = first + kProducerIdBlock;
    add(decision.records, std::move(record));
    decision.reply.producer_id_start = first;
    decision.reply.producer_id_len = kProducerIdBlock;
    return decision;
}

}  // namespace moldau::controller
