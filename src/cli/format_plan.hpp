// What `storage format` writes: decided from settings, options and what the directories hold.
#pragma once

#include "feature_levels.hpp"

#include "moldau/base/ports/random.hpp"
#include "moldau/base/time.hpp"
#include "moldau/config/settings.hpp"
#include "moldau/log/files/meta_properties.hpp"

#include <optional>
#include <string>
#include <vector>

namespace moldau::cli {

/// What the command was told of the quorum.
enum class FirstVoters : std::uint8_t {
    unsaid,
    standalone,  // this controller alone, by directory id: others may join (KIP-853)
    none,        // they are, or will be, elsewhere
};

struct FormatRequest {
    std::string cluster_id;
    FirstVoters voters = FirstVoters::unsaid;
    bool ignores_formatted = false;
    StartLevels levels;
};

/// The node that the settings describe, as far as formatting needs it.
struct FormatNode {
    std::int32_t id = 0;
    bool is_controller = false;
    bool has_static_voters = false;        // controller.quorum.voters is set
    std::vector<std::string> directories;  // absolute; the one of the metadata log first
    std::optional<metadata::Endpoint> controller_endpoint;  // that others are to be told
};
/// Errors: invalid_config: it describes no node that is formatted by hand, or a controller that
/// nobody could find
Result<FormatNode> node_of(const config::Settings& settings);

/// What one of these directories holds now.
struct FoundDirectory {
    std::optional<log::MetaProperties> meta;  // nothing: it is not formatted
    bool has_metadata_log = false;
};

struct FormatPlan {
    struct File {
        std::string path;
        Bytes content;
    };
    std::vector<std::string> directories;  // that are to be formatted
    /// In the order in which they are to be written: `meta.properties`, which make a directory a
    /// formatted one, come last.
    std::vector<File> files;
    bool has_lone_voter = false;
};

/// `found` has an entry for each of the node's directories. An empty plan: all is done already.
/// Errors: invalid_request: options that do not fit the node · kafka_storage_error: a directory is
/// formatted already, for another cluster or node, or holds a metadata log without that
Result<FormatPlan> plan_format(const FormatNode& node, const FormatRequest& request,
                               const std::vector<FoundDirectory>& found, Timestamp now,
                               Random& random);

}  // namespace moldau::cli
