// Brings every committed image to all shards, in order: on each of them requests are answered by
// it, and its partitions are open, when published() says so.
#pragma once

#include "broker_shard.hpp"
#include "metadata_log.hpp"

#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"
#include "moldau/runtime/wait.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace moldau::config {
class Settings;
}

namespace moldau::broker {

/// On the home shard.
class Publisher {
public:
    Publisher(runtime::Shard& home, const config::Settings& settings,
              const std::vector<std::unique_ptr<BrokerShard>>& shards)
        : home_(home),
          settings_(settings),
          shards_(shards),
          committed_(home),
          published_signal_(home) {}
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    /// Takes an image; those that come while one is on its way are brought as one.
    void take(CommittedImage image);
    /// Until it is cancelled.
    runtime::Task<> run();
    /// Until all shards stand at `end` or behind it. Errors: broker_not_available: cancelled.
    runtime::Task<Result<>> published(Offset end);

private:
    void warn_of_idle_configs(const CommittedImage& image) const;
    runtime::Task<> bring(CommittedImage image);
    runtime::Task<> on_all_shards(std::function<runtime::Task<>(BrokerShard&)> step);

    runtime::Shard& home_;
    const config::Settings& settings_;
    const std::vector<std::unique_ptr<BrokerShard>>& shards_;
    std::optional<CommittedImage> waiting_;
    bool is_start_ = true;
    Offset published_{-1};
    runtime::Signal committed_;
    runtime::Signal published_signal_;
};

}  // namespace moldau::broker
