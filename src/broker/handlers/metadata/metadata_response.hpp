#pragma once

#include "viewpoint.hpp"

#include "moldau/protocol/messages/metadata.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moldau::broker {

struct MetadataQuestion {
    const metadata::ClusterImage& image;
    std::string_view cluster_id;
    Asked asked;
    bool auto_create_topics = false;  // auto.create.topics.enable
    std::int16_t version = 0;
};

struct MetadataAnswer {
    protocol::MetadataResponse response;
    /// Topics that are to be made, each once: the response says that they are unknown, which
    /// clients try again.
    std::vector<std::string> to_create;
};

/// Errors in the response: unknown_topic_or_partition, unknown_topic_id, invalid_topic_exception:
/// of a topic · leader_not_available, listener_not_found, in version 0 replica_not_available: of a
/// partition · invalid_request: of all topics, when one is asked for in a way that the version
/// does not know.
MetadataAnswer metadata_response(const MetadataQuestion& question,
                                 const protocol::MetadataRequest& request);

}  // namespace moldau::broker
