// A topic's configs as its partitions use them.
#pragma once

#include "effective_configs.hpp"

#include "moldau/config/settings.hpp"
#include "moldau/log/log.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/record/append_validator.hpp"

#include <cstdint>
#include <string_view>

namespace moldau::broker {

struct TopicConfigs {
    /// segment_jitter_ms is 0: what each log is to draw lies in [0, segment_jitter_ms_end).
    log::LogConfig log;
    record::AppendRules append;  // for what clients send
    std::int64_t segment_jitter_ms_end = 0;
    std::int64_t flush_messages = 0;       // the largest number: never by their number
    std::int64_t flush_ms = 0;             // the largest number: never by their age
    std::int32_t min_insync_replicas = 1;  // of a partition with fewer replicas: all of them
    bool is_unclean_election_allowed = false;
};

/// Of many topics: what those without configs of their own have is found out once. Holds references
/// to image and settings.
class TopicConfigsOf {
public:
    TopicConfigsOf(const metadata::ClusterImage& image, const config::Settings& settings);
    /// As resolve_topic_configs().
    TopicConfigs topic(std::string_view name) const;

private:
    const metadata::ClusterImage& image_;
    BrokerLayers layers_;
    TopicConfigs inherited_;
};

/// What holds for the topic: its own configs over the dynamic ones of this broker, those of all
/// brokers, the file and the defaults. A topic that is not there has what a new one would have.
TopicConfigs resolve_topic_configs(const metadata::ClusterImage& image,
                                   const config::Settings& settings, std::string_view topic);

}  // namespace moldau::broker
