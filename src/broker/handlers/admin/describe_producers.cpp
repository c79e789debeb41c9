// DescribeProducers: api key 61, version 0                         KIP-664
// The producers whose batches a partition's log remembers, and where their open transactions begin.
#include "handlers/admin/describe_producers.hpp"

#include "ask_owners.hpp"

#include "moldau/base/topic_name.hpp"
#include "moldau/protocol/messages/describe_producers.hpp"

#include <set>
#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

using Request = protocol::DescribeProducersRequest;
using Response = protocol::DescribeProducersResponse;
using Described = Response::PartitionResponse;

Described refused(ErrorCode code, std::string why) {
    Described described;
    described.error_code = code;
    described.error_message = std::move(why);
    return described;
}

struct Nothing {};

/// `here` outlives the task.
runtime::Task<Described> describe(BrokerShard* here, TopicPartition id, Nothing /*item*/) {
    Partition* partition = nullptr;
    const ErrorCode error = here->find_leader(id, -1, partition);
    if (error != ErrorCode::none) co_return refused(error, "this broker does not lead it");
    Described described;
    described.error_message = std::nullopt;
    for (const log::ProducerSnapshotEntry& entry : partition->log().producers().snapshot()) {
        // An entry for each batch, the newest last, which alone is told of.
        auto& producers = described.active_producers;
        if (producers.empty() || producers.back().producer_id != entry.producer_id.value)
            producers.emplace_back();
        auto& told = producers.back();
        told.producer_id = entry.producer_id.value;
        told.producer_epoch = entry.producer_epoch.value;
        told.last_sequence = entry.last_sequence;
        told.last_timestamp = entry.timestamp.ms;
        told.coordinator_epoch = entry.coordinator_epoch;
        told.current_txn_start_offset =
            entry.current_transaction_first_offset.value_or(Offset{-1}).value;
    }
    co_return described;
}

using Places = std::vector<std::pair<std::size_t, std::size_t>>;  // topic, partition

runtime::Task<net::Reply> wait_and_reply(RequestContext context, Response response, Places places,
                                         std::vector<Directed<Nothing>> wanted) {
    const auto take = [&response, &places](std::size_t index, Described described) {
        Described& into = response.topics[places[index].first].partitions[places[index].second];
        described.partition_index = into.partition_index;
        into = std::move(described);
    };
    co_await ask_owners<Described, Nothing>(
        context, "describe producers", std::move(wanted), describe,
        refused(ErrorCode::not_leader_or_follower, "the partition's shard did not answer"), take);
    co_return final_reply(context, response);
}

Described located(const RequestContext& context, const std::string& topic, std::int32_t number,
                  TopicPartition& partition) {
    if (Result<> ok = check_topic_name(topic); !ok)
        return refused(ok.error().code, ok.error().detail);
    const Located located = locate(context.image(), topic, number);
    if (located.error != ErrorCode::none)
        return refused(located.error, "there is no such partition");
    partition = located.partition;
    return {};
}

}  // namespace

Result<net::Answer> handle_describe_producers(const RequestContext& context,
                                              protocol::Reader& body) {
    Request request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    Response response;
    std::vector<Directed<Nothing>> wanted;
    Places places;
    // Each once: what is answered is to be no more than what the logs remember.
    std::set<TopicPartition> seen;
    for (const auto& topic : request.topics) {
        auto& told = response.topics.emplace_back();
        told.name = topic.name;
        for (const std::int32_t number : topic.partition_indexes) {
            TopicPartition partition;
            Described described = located(context, topic.name, number, partition);
            if (described.error_code == ErrorCode::none && !seen.insert(partition).second)
                described = refused(ErrorCode::invalid_request, "a partition is named twice");
            described.partition_index = number;
            if (described.error_code == ErrorCode::none)
                wanted.push_back({places.size(), partition, {}});
            places.emplace_back(response.topics.size() - 1, told.partitions.size());
            told.partitions.push_back(std::move(described));
        }
    }
    if (wanted.empty()) return net::Answer(final_reply(context, response));
    return net::Answer(
        wait_and_reply(context, std::move(response), std::move(places), std::move(wanted)));
}

}  // namespace moldau::broker
