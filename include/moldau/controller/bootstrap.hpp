// How a cluster begins: the files that formatting writes, and the first records of its log.
#pragma once

#include "moldau/base/bytes.hpp"
#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"
#include "moldau/base/uuid.hpp"
#include "moldau/controller/decision.hpp"
#include "moldau/metadata/cluster_image.hpp"
#include "moldau/protocol/messages/control_records.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace moldau::controller {

/// Levels that a new cluster begins with; metadata.version is one of them, level 0 says nothing.
using FeatureLevels = std::map<std::string, std::int16_t>;

/// One voter as its directory and listeners say. Kafka's name for a controller's listener is part
/// of it.
protocol::VotersRecord lone_voter(std::int32_t node_id, const Uuid& directory,
                                  const std::vector<metadata::Endpoint>& controller_listeners);

/// The two files of a formatted controller, as Kafka 4.3 writes them. `features` has
/// metadata.version.
struct FormatFiles {
    std::vector<Bytes> bootstrap;       // bootstrap.checkpoint
    std::vector<Bytes> first_snapshot;  // 00000000000000000000-0000000000.checkpoint
};
FormatFiles format_files(Timestamp now, const FeatureLevels& features,
                         const protocol::VotersRecord& voters);

/// The framed records that a new log is to begin with, in 4.3's layout (their own file) or 4.4's
/// (KIP-1170: behind the voters in the first snapshot).
/// Errors: corrupt_message and the like: a file that is no snapshot · invalid_record: a record that
/// is none, or no metadata.version among them.
Result<std::vector<Bytes>> read_bootstrap(const std::optional<Bytes>& bootstrap_file,
                                          const std::optional<Bytes>& first_snapshot);

/// What an active controller writes first. Into an empty log: the bootstrap's records in one
/// transaction, and with ELR the cluster's min.insync.replicas (KIP-966: with it the static
/// settings of brokers no longer decide). Else: the end of a transaction that was left open.
/// Errors: invalid_record: a record of the bootstrap that cannot be read.
Result<Records> activation_records(const metadata::ClusterImage& newest, bool is_log_empty,
                                   bool is_in_transaction, const std::vector<Bytes>& bootstrap,
                                   std::int32_t min_insync_replicas);

}  // namespace moldau::controller
