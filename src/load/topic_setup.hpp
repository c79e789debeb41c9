// Makes sure that the topic of a load is there.
#pragma once

#include "options.hpp"

#include "moldau/client/cluster.hpp"

namespace moldau::load {

/// With `creates_topic` it is created when it does not exist; when it does, it must have as many
/// partitions as were asked for. Errors: unknown_topic_or_partition · invalid_partitions · what the
/// broker says
runtime::Task<Result<>> find_or_create(client::Cluster& cluster, ProduceOptions options);

}  // namespace moldau::load
