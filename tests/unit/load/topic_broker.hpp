// A broker of the simulated world that makes and deletes topics.
#pragma once

#include "worker_life.hpp"

#include "moldau/protocol/messages/create_topics.hpp"
#include "moldau/protocol/messages/delete_topics.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace moldau::load {

/// A broker that has topics, by their names.
struct TopicBroker {
    std::set<std::string> topics;
    std::size_t created = 0;
    std::vector<std::size_t> batches;  // how many a request made
    std::int32_t partitions = 0;
    std::string refused;  // the topic that is not made
    int connections = 0;  // as many asked for versions

    std::optional<Bytes> answer(const client::Received& request) {
        using protocol::ApiKey;
        switch (request.api()) {
            case ApiKey::api_versions:
                ++connections;
                return client::api_versions(request, {{ApiKey::api_versions, {0, 4}},
                                                      {ApiKey::metadata, {0, 12}},
                                                      {ApiKey::create_topics, {2, 7}},
                                                      {ApiKey::delete_topics, {1, 6}}});
            case ApiKey::create_topics: {
                const auto creation = request.as<protocol::CreateTopicsRequest>();
                protocol::CreateTopicsResponse response;
                batches.push_back(creation.topics.size());
                for (const auto& each : creation.topics) {
                    auto& topic = response.topics.emplace_back();
                    topic.name = each.name;
                    partitions = each.num_partitions;
                    if (each.name == refused) {
                        topic.error_code = ErrorCode::policy_violation;
                        continue;
                    }
                    EXPECT_TRUE(topics.insert(each.name).second);
                    ++created;
                }
                return request.answer(response);
            }
            default: {
                const auto deletion = request.as<protocol::DeleteTopicsRequest>();
                for (const auto& each : deletion.topic_names) topics.erase(each);
                return request.answer(protocol::DeleteTopicsResponse{});
            }
        }
    }
};

template <class Make>
Outcome run(TopicBroker& broker, Make make, sim::NetworkFaults network = {}) {
    client::ScriptedCluster cluster(
        {[&](const client::Received& request) { return broker.answer(request); }}, network);
    return life_of(cluster, make);
}

}  // namespace moldau::load
