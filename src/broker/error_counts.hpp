// The errors that a response tells, wherever it tells them: as a whole, for each of its things, or
// for each partition of those.
#pragma once

#include "shard_counters.hpp"

#include "moldau/base/error_code.hpp"
#include "moldau/protocol/api_keys.hpp"

#include <concepts>
#include <optional>

namespace moldau::broker {
namespace detail {

template <class T>
const T* if_there(const T& value) {
    return &value;
}
template <class T>
const T* if_there(const std::optional<T>& value) {
    return value ? &*value : nullptr;
}

template <class Message, class Note>
void note_own(const Message& message, Note note) {
    if constexpr (requires {
                      { message.error_code } -> std::convertible_to<ErrorCode>;
                  })
        note(message.error_code);
}

template <class List, class Visit>
void each_of(const List& list, Visit visit) {
    if (const auto* there = if_there(list)) {
        for (const auto& each : *there) visit(each);
    }
}

}  // namespace detail

template <class Response>
void count_errors(ShardCounters& counters, protocol::ApiKey api, const Response& response) {
    const auto note = [&](ErrorCode code) { counters.count_error(api, code); };
    const auto note_item = [&note](const auto& item) {
        const auto note_own = [&note](const auto& each) { detail::note_own(each, note); };
        note_own(item);
        if constexpr (requires { item.partitions; }) detail::each_of(item.partitions, note_own);
        if constexpr (requires { item.partition_responses; })
            detail::each_of(item.partition_responses, note_own);
        if constexpr (requires { item.topics; }) {
            detail::each_of(item.topics, [&note_own](const auto& topic) {
                note_own(topic);
                if constexpr (requires { topic.partitions; })
                    detail::each_of(topic.partitions, note_own);
            });
        }
        if constexpr (requires { item.members; }) detail::each_of(item.members, note_own);
    };
    note_item(response);
    if constexpr (requires { response.responses; }) detail::each_of(response.responses, note_item);
    if constexpr (requires { response.results; }) detail::each_of(response.results, note_item);
    if constexpr (requires { response.entries; }) detail::each_of(response.entries, note_item);
    if constexpr (requires { response.groups; }) detail::each_of(response.groups, note_item);
    if constexpr (requires { response.coordinators; })
        detail::each_of(response.coordinators, note_item);
}

}  // namespace moldau::broker
