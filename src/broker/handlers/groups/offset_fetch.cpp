// OffsetFetch: api key 9, versions 1..10
//   v8   several groups                                            KIP-709
//   v10  topics by their ids                                       KIP-848
// What is committed is in coordinator/groups.hpp; each group is asked where it lives.
#include "handlers/groups/ask_group.hpp"
#include "handlers/groups/offsets.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

using protocol::OffsetFetchRequest;
using protocol::OffsetFetchResponse;
using AskedGroup = OffsetFetchRequest::OffsetFetchRequestGroup;
using ToldGroup = OffsetFetchResponse::OffsetFetchResponseGroup;
using ToldTopic = OffsetFetchResponse::OffsetFetchResponseTopics;

constexpr std::int16_t kGroupError = 2;
constexpr std::int16_t kManyGroups = 8;
constexpr std::int16_t kTopicsById = 10;

ToldTopic refused_topic(const OffsetFetchRequest::OffsetFetchRequestTopics& topic,
                        ErrorCode error) {
    ToldTopic told;
    told.name = topic.name;
    told.topic_id = topic.topic_id;
    for (const std::int32_t number : topic.partition_indexes) {
        auto& one = told.partitions.emplace_back();
        one.partition_index = number;
        one.committed_offset = -1;
        one.error_code = error;
    }
    return told;
}

/// Names for ids, in `asked`; the answer for topics whose ids nobody has.
std::vector<ToldTopic> resolve_ids(const metadata::ClusterImage& image, AskedGroup& asked) {
    std::vector<ToldTopic> unknown;
    if (!asked.topics) return unknown;
    std::erase_if(*asked.topics, [&](auto& topic) {
        const metadata::Topic* found = image.topics.find(topic.topic_id);
        if (found != nullptr) {
            topic.name = found->name;
            return false;
        }
        unknown.push_back(refused_topic(topic, ErrorCode::unknown_topic_id));
        return true;
    });
    return unknown;
}

/// All that a group has committed, told by ids: of topics that are gone nothing can be said.
void tell_ids(const metadata::ClusterImage& image, ToldGroup& told) {
    std::erase_if(told.topics, [&image](ToldTopic& topic) {
        const Uuid* id = image.topic_ids.find(topic.name);
        if (id != nullptr) topic.topic_id = *id;
        return id == nullptr;
    });
}

runtime::Task<ToldGroup> fetch(RequestContext context, AskedGroup asked, bool require_stable) {
    const bool by_id = context.version >= kTopicsById;
    std::vector<ToldTopic> unknown;
    if (by_id) unknown = resolve_ids(context.image(), asked);
    const bool wants_all = !asked.topics;
    std::string group = asked.group_id;
    auto look = [asked = std::move(asked), require_stable](GroupPartition& partition) {
        return partition.groups().fetch_offsets(asked, require_stable);
    };
    Result<ToldGroup> told = co_await look_at_group(context, group, std::move(look));
    if (!told) {
        ToldGroup refused;
        refused.group_id = std::move(group);
        refused.error_code = as_told(told.error());
        co_return refused;
    }
    if (by_id && wants_all) tell_ids(context.image(), *told);
    std::ranges::move(unknown, std::back_inserter(told->topics));
    co_return std::move(*told);
}

runtime::Task<net::Reply> fetch_one(RequestContext context, AskedGroup asked, bool require_stable) {
    ToldGroup told = co_await fetch(context, asked, require_stable);
    // Version 1 has errors in partitions only.
    if (told.error_code != ErrorCode::none && context.version < kGroupError && asked.topics) {
        for (const auto& topic : *asked.topics)
            told.topics.push_back(refused_topic(topic, told.error_code));
    }
    co_return final_reply(context, coordinator::response_of_one_group(std::move(told)));
}

runtime::Task<net::Reply> fetch_many(RequestContext context, OffsetFetchRequest request) {
    OffsetFetchResponse response;
    for (AskedGroup& asked : request.groups) {
        ToldGroup told = co_await fetch(context, std::move(asked), request.require_stable);
        response.groups.push_back(std::move(told));
    }
    co_return final_reply(context, response);
}

}  // namespace

Result<net::Answer> handle_offset_fetch(const RequestContext& context, protocol::Reader& body) {
    OffsetFetchRequest request;
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    if (context.version >= kManyGroups) return net::Answer(fetch_many(context, std::move(request)));
    return net::Answer(
        fetch_one(context, coordinator::the_one_group(request), request.require_stable));
}

}  // namespace moldau::broker
