// ListOffsets: api key 2, versions 1..11
//   a time     the first record that is not older
//   -1         the end: the high watermark, or the last stable offset
//   -2         the start
//   -3         the first record with the largest timestamp      v7   KIP-734
//   -4         the start of what is on local disks              v8   KIP-405
//   -5         the end of what is in tiered storage             v9   KIP-1005
//   -6         the start of what is not there yet               v11  KIP-1023
// There is no tiered storage: -4 is the start, -5 and -6 have no answer.
#include "handlers/data/list_offsets.hpp"

#include "ask_owners.hpp"

#include "moldau/protocol/messages/list_offsets.hpp"
#include "moldau/runtime/ending.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

using Result1 = protocol::ListOffsetsResponse::ListOffsetsPartitionResponse;

constexpr std::int64_t kLatest = -1;
constexpr std::int64_t kEarliest = -2;
constexpr std::int64_t kMaxTimestamp = -3;
constexpr std::int64_t kEarliestLocal = -4;
constexpr std::int64_t kLatestTiered = -5;
constexpr std::int64_t kEarliestPendingUpload = -6;

constexpr std::int16_t kLeaderEpochVersion = 4;

struct Question {
    std::int32_t current_leader_epoch = -1;
    std::int64_t timestamp = 0;
    Isolation isolation = Isolation::read_uncommitted;
};

bool is_known(std::int64_t timestamp, std::int16_t version) {
    if (timestamp >= kEarliest) return true;
    switch (timestamp) {
        case kMaxTimestamp:
            return version >= 7;
        case kEarliestLocal:
            return version >= 8;
        case kLatestTiered:
            return version >= 9;
        case kEarliestPendingUpload:
            return version >= 11;
        default:
            return false;
    }
}

Result1 error(ErrorCode code) {
    Result1 result;
    result.error_code = code;
    return result;
}

Result1 at_end(const Partition& partition, Isolation isolation) {
    Result1 result;
    result.offset = partition.readable_end(isolation).value;
    result.leader_epoch = partition.leader_epoch().value;
    return result;
}

Result1 at_start(const Partition& partition) {
    Result1 result;
    const Offset start = partition.log().log_start_offset();
    result.offset = start.value;
    if (const auto epoch = partition.log().leader_epochs().epoch_at(start))
        result.leader_epoch = epoch->value;
    return result;
}

/// `here` outlives the task.
runtime::Task<Result1> find(BrokerShard* here, TopicPartition id, Question question) {
    Partition* partition = nullptr;
    const ErrorCode refused = here->find_leader(id, question.current_leader_epoch, partition);
    if (refused != ErrorCode::none) co_return error(refused);
    if (question.timestamp == kLatest) co_return at_end(*partition, question.isolation);
    if (question.timestamp == kEarliest || question.timestamp == kEarliestLocal)
        co_return at_start(*partition);
    if (question.timestamp < kMaxTimestamp) co_return Result1();  // nothing is tiered

    runtime::Ending<Result<std::optional<log::TimedOffset>>> found(here->shard());
    if (question.timestamp == kMaxTimestamp) {
        partition->log().offset_of_max_timestamp(found.done());
    } else {
        partition->log().offset_for_time(Timestamp{question.timestamp}, found.done());
    }
    auto place = co_await found.wait();
    if (!place) co_return error(place.error().code);
    partition = here->find(id);
    if (partition == nullptr) co_return error(ErrorCode::not_leader_or_follower);
    Result1 result;
    if (!*place || (*place)->offset >= partition->readable_end(question.isolation))
        co_return result;
    result.timestamp = (*place)->timestamp.ms;
    result.offset = (*place)->offset.value;
    result.leader_epoch = (*place)->leader_epoch.value;
    co_return result;
}

using Places = std::vector<std::pair<std::size_t, std::size_t>>;  // topic, partition

runtime::Task<net::Reply> wait_and_reply(RequestContext context,
                                         protocol::ListOffsetsResponse response, Places places,
                                         std::vector<Directed<Question>> questions) {
    const auto take = [&response, &places, version = context.version](std::size_t index,
                                                                      Result1 result) {
        Result1& into = response.topics[places[index].first].partitions[places[index].second];
        result.partition_index = into.partition_index;
        if (version < kLeaderEpochVersion) result.leader_epoch = -1;
        into = std::move(result);
    };
    co_await ask_owners<Result1, Question>(context, "list offsets", std::move(questions), find,
                                           error(ErrorCode::leader_not_available), take);
    co_return final_reply(context, response);
}

}  // namespace

Result<net::Answer> handle_list_offsets(const RequestContext& context, protocol::Reader& body) {
    protocol::ListOffsetsRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    const Isolation isolation =
        request.isolation_level == 1 ? Isolation::read_committed : Isolation::read_uncommitted;
    std::map<std::pair<std::string_view, std::int32_t>, int> times;
    for (const auto& topic : request.topics) {
        for (const auto& partition : topic.partitions)
            ++times[{topic.name, partition.partition_index}];
    }
    protocol::ListOffsetsResponse response;
    std::vector<Directed<Question>> questions;
    Places places;
    for (const auto& topic : request.topics) {
        auto& told = response.topics.emplace_back();
        told.name = topic.name;
        for (const auto& partition : topic.partitions) {
            Result1 result;
            const Located located = locate(context.image(), topic.name, partition.partition_index);
            if (times[{topic.name, partition.partition_index}] > 1) {
                result.error_code = ErrorCode::invalid_request;
            } else if (!is_known(partition.timestamp, context.version)) {
                result.error_code = ErrorCode::unsupported_version;
            } else if (located.error != ErrorCode::none) {
                result.error_code = located.error;
            } else {
                questions.push_back(
                    {places.size(),
                     located.partition,
                     {partition.current_leader_epoch, partition.timestamp, isolation}});
            }
            result.partition_index = partition.partition_index;
            places.emplace_back(response.topics.size() - 1, told.partitions.size());
            told.partitions.push_back(std::move(result));
        }
    }
    if (questions.empty()) return net::Answer(final_reply(context, response));
    return net::Answer(
        wait_and_reply(context, std::move(response), std::move(places), std::move(questions)));
}

}  // namespace moldau::broker
