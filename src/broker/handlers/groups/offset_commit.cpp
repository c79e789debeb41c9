// OffsetCommit: api key 8, versions 2..10, and OffsetDelete: 47, version 0. What the coordinator
// does is in coordinator/groups.hpp; here partitions that do not exist are sorted out before, and
// topics that are named by ids get their names.
#include "handlers/groups/ask_group.hpp"
#include "handlers/groups/offsets.hpp"

#include <algorithm>
#include <utility>

namespace moldau::broker {
namespace {

using protocol::OffsetCommitRequest;
using protocol::OffsetCommitResponse;
using protocol::OffsetDeleteRequest;
using protocol::OffsetDeleteResponse;

constexpr std::int16_t kTopicsById = 10;

/// Takes out of `asked` the partitions that are not there, and tells them in `topic_of(topic)`, a
/// new topic of the response.
template <class Topic, class Told>
void sort_out(const metadata::ClusterImage& image, std::vector<Topic>& asked, Told topic_of) {
    for (Topic& topic : asked) {
        const Uuid* id = image.topic_ids.find(topic.name);
        auto* told = static_cast<decltype(topic_of(topic))>(nullptr);
        std::erase_if(topic.partitions, [&](const auto& partition) {
            if (id != nullptr && image.find_partition(*id, partition.partition_index) != nullptr)
                return false;
            if (told == nullptr) told = topic_of(topic);
            auto& one = told->partitions.emplace_back();
            one.partition_index = partition.partition_index;
            one.error_code = ErrorCode::unknown_topic_or_partition;
            return true;
        });
    }
    std::erase_if(asked, [](const Topic& topic) { return topic.partitions.empty(); });
}

/// Adds the coordinator's answer to what was refused before, a topic's partitions together.
template <class Response>
void merge(Response& refused, const Response& decided) {
    if (refused.topics.empty()) {
        refused.topics = decided.topics;
        return;
    }
    for (const auto& topic : decided.topics) {
        const auto same = std::ranges::find(refused.topics, topic.name,
                                            [](const auto& each) { return each.name; });
        if (same == refused.topics.end()) {
            refused.topics.push_back(topic);
        } else {
            same->partitions.insert(same->partitions.end(), topic.partitions.begin(),
                                    topic.partitions.end());
        }
    }
}

OffsetCommitResponse all_refused(const OffsetCommitRequest& request, ErrorCode error) {
    OffsetCommitResponse response;
    for (const auto& topic : request.topics) {
        auto& told = response.topics.emplace_back();
        told.name = topic.name;
        told.topic_id = topic.topic_id;
        for (const auto& partition : topic.partitions) {
            auto& one = told.partitions.emplace_back();
            one.partition_index = partition.partition_index;
            one.error_code = error;
        }
    }
    return response;
}

/// Names for ids; an id that nobody has is answered with UNKNOWN_TOPIC_ID.
void resolve_ids(const metadata::ClusterImage& image, OffsetCommitRequest& request,
                 OffsetCommitResponse& response) {
    OffsetCommitRequest unknown;
    std::erase_if(request.topics, [&](auto& topic) {
        const metadata::Topic* found = image.topics.find(topic.topic_id);
        if (found == nullptr) {
            unknown.topics.push_back(std::move(topic));
            return true;
        }
        topic.name = found->name;
        return false;
    });
    response = all_refused(unknown, ErrorCode::unknown_topic_id);
}

runtime::Task<net::Reply> commit(RequestContext context, OffsetCommitRequest request,
                                 OffsetCommitResponse response) {
    auto decide = [request = request](const GroupTurn& turn) {
        return turn.groups.commit_offsets(turn.now, turn.caller, request);
    };
    const Result<coordinator::Reply> reply = co_await ask_group(
        context, request.group_id, caller_of(context), "commit offsets", std::move(decide));
    merge(response, reply ? std::get<OffsetCommitResponse>(reply->response)
                          : all_refused(request, as_told(reply.error())));
    co_return final_reply(context, response);
}

runtime::Task<net::Reply> remove(RequestContext context, OffsetDeleteRequest request,
                                 OffsetDeleteResponse response) {
    std::string group = request.group_id;
    auto decide = [request = std::move(request)](const GroupTurn& turn) {
        return turn.groups.delete_offsets(turn.caller, request);
    };
    const Result<coordinator::Reply> reply = co_await ask_group(
        context, std::move(group), caller_of(context), "delete offsets", std::move(decide));
    OffsetDeleteResponse decided;
    if (reply) {
        decided = std::get<OffsetDeleteResponse>(reply->response);
    } else {
        decided.error_code = as_told(reply.error());
    }
    // An error of the group is the whole answer.
    if (decided.error_code != ErrorCode::none) co_return final_reply(context, decided);
    merge(response, decided);
    co_return final_reply(context, response);
}

}  // namespace

Result<net::Answer> handle_offset_commit(const RequestContext& context, protocol::Reader& body) {
    OffsetCommitRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    OffsetCommitResponse response;
    if (context.version >= kTopicsById) resolve_ids(context.image(), request, response);
    sort_out(context.image(), request.topics, [&response](const auto& topic) {
        auto* told = &response.topics.emplace_back();
        told->name = topic.name;
        told->topic_id = topic.topic_id;
        return told;
    });
    if (request.topics.empty()) return net::Answer(final_reply(context, response));
    return net::Answer(commit(context, std::move(request), std::move(response)));
}

Result<net::Answer> handle_offset_delete(const RequestContext& context, protocol::Reader& body) {
    OffsetDeleteRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    OffsetDeleteResponse response;
    sort_out(context.image(), request.topics, [&response](const auto& topic) {
        auto* told = &response.topics.emplace_back();
        told->name = topic.name;
        return told;
    });
    return net::Answer(remove(context, std::move(request), std::move(response)));
}

}  // namespace moldau::broker
