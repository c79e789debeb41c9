// OffsetForLeaderEpoch: api key 23, versions 2..4                  KIP-101, KIP-320
// The end of an epoch, or of the nearest before it; -1 and -1 where neither is known.
#include "handlers/data/offset_for_leader_epoch.hpp"

#include "ask_owners.hpp"

#include "moldau/protocol/messages/offset_for_leader_epoch.hpp"

#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

using EpochEnd = protocol::OffsetForLeaderEpochResponse::EpochEndOffset;

struct Question {
    std::int32_t current_leader_epoch = -1;
    std::int32_t leader_epoch = -1;
};

EpochEnd error(ErrorCode code) {
    EpochEnd result;
    result.error_code = code;
    return result;
}

/// `here` outlives the task.
runtime::Task<EpochEnd> find(BrokerShard* here, TopicPartition id, Question question) {
    Partition* partition = nullptr;
    const ErrorCode refused = here->find_leader(id, question.current_leader_epoch, partition);
    if (refused != ErrorCode::none) co_return error(refused);
    EpochEnd result;
    const log::Log& log = partition->log();
    if (question.leader_epoch == partition->leader_epoch().value) {
        result.leader_epoch = question.leader_epoch;  // also when nothing was written in it yet
        result.end_offset = log.end_offset().value;
    } else if (const auto end = log.leader_epochs().end_of(LeaderEpoch{question.leader_epoch},
                                                           log.end_offset())) {
        result.leader_epoch = end->epoch.value;
        result.end_offset = end->end_offset.value;
    }
    co_return result;
}

using Places = std::vector<std::pair<std::size_t, std::size_t>>;  // topic, partition

runtime::Task<net::Reply> wait_and_reply(RequestContext context,
                                         protocol::OffsetForLeaderEpochResponse response,
                                         Places places, std::vector<Directed<Question>> questions) {
    const auto take = [&response, &places](std::size_t index, EpochEnd result) {
        EpochEnd& into = response.topics[places[index].first].partitions[places[index].second];
        result.partition = into.partition;
        into = std::move(result);
    };
    co_await ask_owners<EpochEnd, Question>(context, "epoch ends", std::move(questions), find,
                                            error(ErrorCode::leader_not_available), take);
    co_return final_reply(context, response);
}

}  // namespace

Result<net::Answer> handle_offset_for_leader_epoch(const RequestContext& context,
                                                   protocol::Reader& body) {
    protocol::OffsetForLeaderEpochRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    protocol::OffsetForLeaderEpochResponse response;
    std::vector<Directed<Question>> questions;
    Places places;
    for (const auto& topic : request.topics) {
        auto& told = response.topics.emplace_back();
        told.topic = topic.topic;
        for (const auto& partition : topic.partitions) {
            const Located located = locate(context.image(), topic.topic, partition.partition);
            if (located.error == ErrorCode::none) {
                questions.push_back({places.size(),
                                     located.partition,
                                     {partition.current_leader_epoch, partition.leader_epoch}});
            }
            EpochEnd result = error(located.error);
            result.partition = partition.partition;
            places.emplace_back(response.topics.size() - 1, told.partitions.size());
            told.partitions.push_back(std::move(result));
        }
    }
    if (questions.empty()) return net::Answer(final_reply(context, response));
    return net::Answer(
        wait_and_reply(context, std::move(response), std::move(places), std::move(questions)));
}

}  // namespace moldau::broker
