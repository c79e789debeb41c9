// DeleteRecords: api key 21, versions 0..2                         KIP-107
// Raises the log start; -1 stands for the high watermark. Segments that lie wholly below it go with
// the next round of retention. The new start is durable before it is seen or told. Refused with
// POLICY_VIOLATION where cleanup.policy is compact alone.
#include "handlers/data/delete_records.hpp"

#include "ask_owners.hpp"

#include "moldau/protocol/messages/delete_records.hpp"

#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

using Deleted = protocol::DeleteRecordsResponse::DeleteRecordsPartitionResult;

constexpr std::int64_t kAll = -1;

Deleted error(ErrorCode code) {
    Deleted result;
    result.error_code = code;
    result.low_watermark = -1;
    return result;
}

/// `here` outlives the task.
runtime::Task<Deleted> raise(BrokerShard* here, TopicPartition id, std::int64_t offset) {
    Partition* partition = nullptr;
    const ErrorCode refused = here->find_leader(id, -1, partition);
    if (refused != ErrorCode::none) co_return error(refused);
    log::Log& log = partition->log();
    if (!log.config().deletes) co_return error(ErrorCode::policy_violation);
    const Offset to = offset == kAll ? partition->high_watermark() : Offset{offset};
    if (to < Offset{0}) co_return error(ErrorCode::offset_out_of_range);
    if (to > partition->high_watermark()) co_return error(ErrorCode::offset_out_of_range);
    if (to > log.log_start_offset()) {
        // Durable before anybody can see it: a crash does not bring deleted records back.
        partition->promise_log_start(to);
        Checkpoints* checkpoints = &here->checkpoints();
        const Result<> written =
            co_await runtime::call_task(here->shard(), checkpoints->home(), "keep log starts",
                                        [checkpoints] { return checkpoints->write(); });
        if (!written || here->has_failed_directory(id))
            co_return error(ErrorCode::kafka_storage_error);
        partition = here->find(id);
        if (partition == nullptr) co_return error(ErrorCode::not_leader_or_follower);
        const Result<> raised = partition->log().raise_log_start(to, partition->high_watermark());
        if (!raised) co_return error(raised.error().code);
    }
    Deleted result;
    result.low_watermark = partition->log().log_start_offset().value;
    co_return result;
}

using Places = std::vector<std::pair<std::size_t, std::size_t>>;  // topic, partition

runtime::Task<net::Reply> wait_and_reply(RequestContext context,
                                         protocol::DeleteRecordsResponse response, Places places,
                                         std::vector<Directed<std::int64_t>> wanted) {
    const auto take = [&response, &places](std::size_t index, Deleted result) {
        Deleted& into = response.topics[places[index].first].partitions[places[index].second];
        result.partition_index = into.partition_index;
        into = std::move(result);
    };
    co_await ask_owners<Deleted, std::int64_t>(context, "delete records", std::move(wanted), raise,
                                               error(ErrorCode::leader_not_available), take);
    co_return final_reply(context, response);
}

}  // namespace

Result<net::Answer> handle_delete_records(const RequestContext& context, protocol::Reader& body) {
    protocol::DeleteRecordsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    protocol::DeleteRecordsResponse response;
    std::vector<Directed<std::int64_t>> wanted;
    Places places;
    for (const auto& topic : request.topics) {
        auto& told = response.topics.emplace_back();
        told.name = topic.name;
        for (const auto& partition : topic.partitions) {
            const Located located = locate(context.image(), topic.name, partition.partition_index);
            ErrorCode refused = located.error;
            if (refused == ErrorCode::none && is_internal_topic(topic.name))
                refused = ErrorCode::invalid_topic_exception;
            if (refused == ErrorCode::none)
                wanted.push_back({places.size(), located.partition, partition.offset});
            Deleted result = error(refused);
            result.partition_index = partition.partition_index;
            places.emplace_back(response.topics.size() - 1, told.partitions.size());
            told.partitions.push_back(std::move(result));
        }
    }
    if (wanted.empty()) return net::Answer(final_reply(context, response));
    return net::Answer(
        wait_and_reply(context, std::move(response), std::move(places), std::move(wanted)));
}

}  // namespace moldau::broker
