// DeleteRecords: api key 21, versions 0..2                         KIP-107
// Raises the log start; -1 stands for the high watermark. Segments that lie wholly below it go with
// the next round of retention. The new start is durable before it is seen or told. Refused with
// POLICY_VIOLATION where cleanup.policy is compact alone.
#include "handlers/data/delete_records.hpp"

#include "ask_owners.hpp"

#include "moldau/protocol/messages/delete_records.hpp"

#include <algorithm>
#include <set>
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

/// Where a partition's log is to start, and the log directories whose checkpoints say so first.
struct Promise {
    ErrorCode error = ErrorCode::none;
    Offset to;
    std::vector<std::size_t> directories;  // none: it starts there already
};

/// `here` outlives the task.
runtime::Task<Promise> promise(BrokerShard* here, TopicPartition id, std::int64_t offset) {
    Partition* partition = nullptr;
    const ErrorCode refused = here->find_leader(id, -1, partition);
    if (refused != ErrorCode::none) co_return Promise{.error = refused};
    if (!partition->log().config().deletes) co_return Promise{.error = ErrorCode::policy_violation};
    const Offset to = offset == kAll ? partition->high_watermark() : Offset{offset};
    if (to < Offset{0} || to > partition->high_watermark())
        co_return Promise{.error = ErrorCode::offset_out_of_range};
    if (to <= partition->log().log_start_offset()) co_return Promise{.to = to};
    // Durable before anybody can see it: a crash does not bring deleted records back.
    partition->promise_log_start(to);
    co_return Promise{.to = to, .directories = here->directories_of(id)};
}

/// `here` outlives the task.
runtime::Task<Deleted> keep_promise(BrokerShard* here, TopicPartition id, Promise promised) {
    Partition* partition = here->find(id);
    if (partition == nullptr) co_return error(ErrorCode::not_leader_or_follower);
    if (here->facts().directories->is_failed(here->directory_of(id)))
        co_return error(ErrorCode::kafka_storage_error);
    const Result<> raised =
        partition->log().raise_log_start(promised.to, partition->high_watermark());
    if (!raised) co_return error(raised.error().code);
    Deleted result;
    result.low_watermark = partition->log().log_start_offset().value;
    co_return result;
}

/// Makes durable what has been promised of partitions in these log directories; those of which it
/// could not be.
runtime::Task<std::set<std::size_t>> write_log_starts(RequestContext context,
                                                      std::set<std::size_t> directories) {
    std::set<std::size_t> failed;
    Checkpoints* checkpoints = &context.here.checkpoints();
    for (const std::size_t directory : directories) {
        const Result<> written = co_await runtime::call_task(
            context.here.shard(), checkpoints->home(), "keep log starts",
            [checkpoints, directory] { return checkpoints->write(directory); });
        if (!written) failed.insert(directory);
    }
    co_return failed;
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
    std::vector<TopicPartition> partitions(places.size());
    for (const Directed<std::int64_t>& each : wanted) partitions[each.index] = each.partition;
    std::vector<Directed<Promise>> promised;
    std::set<std::size_t> directories;
    const auto note = [&](std::size_t index, const Promise& one) {
        if (one.error != ErrorCode::none) return take(index, error(one.error));
        promised.push_back({index, partitions[index], one});
        directories.insert(one.directories.begin(), one.directories.end());
    };
    const Promise unanswered{.error = ErrorCode::leader_not_available};
    co_await ask_owners<Promise, std::int64_t>(context, "promise log starts", std::move(wanted),
                                               promise, unanswered, note);
    const std::set<std::size_t> failed = co_await write_log_starts(context, std::move(directories));
    std::erase_if(promised, [&](const Directed<Promise>& each) {
        const bool is_lost = std::ranges::any_of(
            each.item.directories, [&](std::size_t one) { return failed.contains(one); });
        if (is_lost) take(each.index, error(ErrorCode::kafka_storage_error));
        return is_lost;
    });
    co_await ask_owners<Deleted, Promise>(context, "delete records", std::move(promised),
                                          keep_promise, error(ErrorCode::leader_not_available),
                                          take);
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
