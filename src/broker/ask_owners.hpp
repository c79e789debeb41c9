// Asking the owners of several partitions, each on its shard, all of an owner's in one call.
#pragma once

#include "request_context.hpp"

#include "moldau/runtime/wait.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace moldau::broker {

template <class Item>
struct Directed {
    std::size_t index = 0;  // in the request
    TopicPartition partition;
    Item item;
};

namespace detail {

template <class Answer, class Item>
runtime::Task<Result<std::vector<std::pair<std::size_t, Answer>>>> answer_all(
    BrokerShard* there, std::vector<Directed<Item>> items,
    runtime::Task<Answer> (*answer)(BrokerShard*, TopicPartition, Item)) {
    std::vector<std::pair<std::size_t, Answer>> answers;
    for (Directed<Item>& each : items) {
        Answer one = co_await answer(there, each.partition, std::move(each.item));
        answers.emplace_back(each.index, std::move(one));
    }
    co_return answers;
}

}  // namespace detail

/// Calls `take(index, answer)` for each of `items`; `unanswered` stands for those whose shard did
/// not answer. `name`: the tasks' on the other shards.
template <class Answer, class Item, class Take>
runtime::Task<> ask_owners(RequestContext context, const char* name,
                           std::vector<Directed<Item>> items,
                           runtime::Task<Answer> (*answer)(BrokerShard*, TopicPartition, Item),
                           Answer unanswered, Take take) {
    std::vector<std::vector<Directed<Item>>> by_owner(context.node.shards.size());
    for (Directed<Item>& each : items)
        by_owner[context.here.owner_of(each.partition)].push_back(std::move(each));
    for (std::size_t owner = 0; owner < by_owner.size(); ++owner) {
        if (by_owner[owner].empty()) continue;
        std::vector<std::size_t> asked;
        for (const Directed<Item>& each : by_owner[owner]) asked.push_back(each.index);
        BrokerShard* there = context.node.shards[owner].get();
        auto ask = [there, group = std::move(by_owner[owner]), answer]() mutable {
            return detail::answer_all<Answer, Item>(there, std::move(group), answer);
        };
        auto answers =
            co_await runtime::call_task(context.here.shard(), there->shard(), name, std::move(ask));
        if (!answers) {
            for (const std::size_t index : asked) take(index, unanswered);
            continue;
        }
        for (auto& [index, one] : *answers) take(index, std::move(one));
    }
}

/// The partition that a request names, on this node; or why it cannot be served.
struct Located {
    ErrorCode error = ErrorCode::none;
    TopicPartition partition;
};
inline Located locate(const metadata::ClusterImage& image, std::string_view topic,
                      std::int32_t partition) {
    const Uuid* id = image.topic_ids.find(topic);
    if (id == nullptr || image.find_partition(*id, partition) == nullptr)
        return {.error = ErrorCode::unknown_topic_or_partition};
    return {.partition = {*id, partition}};
}

}  // namespace moldau::broker
