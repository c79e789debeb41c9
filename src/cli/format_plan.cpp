#include "format_plan.hpp"

#include "disk_tasks.hpp"

#include "moldau/base/topic_name.hpp"
#include "moldau/raft/snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace moldau::cli {
namespace {

constexpr config::Key<std::optional<std::string>> kMetadataLogDir{"metadata.log.dir"};
constexpr config::Key<std::optional<std::vector<std::string>>> kAdvertised{"advertised.listeners"};
constexpr config::Key<std::vector<std::string>> kVoters{"controller.quorum.voters"};
// Kafka keeps the first ids for itself, and gives out none that looks like an option.
constexpr std::uint64_t kReservedIds = 100;

Error refuse(std::string what) {
    return {ErrorCode::invalid_request, std::move(what)};
}

Uuid new_directory_id(Random& random) {
    for (;;) {
        const std::uint64_t high = random.next();
        const Uuid id{high, random.next()};
        if (id.high == 0 && id.low < kReservedIds) continue;
        if (!id.to_string().starts_with('-')) return id;
    }
}

Bytes joined(const std::vector<Bytes>& pieces) {
    std::size_t size = 0;
    for (const Bytes& each : pieces) size += each.size();
    BytesBuilder room(size);
    std::byte* to = room.data();
    for (const Bytes& each : pieces) to = std::ranges::copy(each.view(), to).out;
    return std::move(room).publish(size);
}

/// The address of the first controller listener, as it is advertised.
Result<metadata::Endpoint> controller_endpoint(const config::Settings& settings) {
    const config::Node& node = settings.node();
    const std::string& name = node.controller_listener_names.front();
    std::optional<config::Listener> chosen;
    for (const std::string& item : settings.get(kAdvertised).value_or(std::vector<std::string>())) {
        Result<config::Listener> listener = config::parse_listener(item);
        if (listener && listener->name == name) chosen = std::move(*listener);
    }
    if (!chosen) {
        const auto listens =
            std::ranges::find(node.controller_listeners, name, &config::Listener::name);
        if (listens == node.controller_listeners.end())
            return Error{ErrorCode::invalid_config,
                         fmt::format("listeners: there is none for the name {}", name)};
        chosen = *listens;
        if (chosen->host == "0.0.0.0" || chosen->host == "::") chosen->host.clear();
    }
    if (chosen->port == 0)
        return Error{ErrorCode::invalid_config,
                     fmt::format("listeners: {} has port 0: a voter's port is written down, so it "
                                 "has to be a fixed one",
                                 name)};
    return metadata::Endpoint{.name = name,
                              .host = chosen->host.empty() ? "localhost" : chosen->host,
                              .port = chosen->port};
}

Result<> check_voters(const FormatNode& node, const FormatRequest& request) {
    const FirstVoters voters = request.voters;
    if (voters == FirstVoters::standalone && !node.is_controller)
        return refuse("--standalone is for a controller; process.roles says that this is none");
    if (node.has_static_voters && voters != FirstVoters::unsaid)
        return refuse(
            "controller.quorum.voters is set, so the voters are known: leave out "
            "--standalone and --no-initial-controllers, or set "
            "controller.quorum.bootstrap.servers in its place");
    if (node.is_controller && !node.has_static_voters && voters == FirstVoters::unsaid)
        return refuse(
            "controller.quorum.voters is not set on this controller: say --standalone "
            "(it begins a cluster) or --no-initial-controllers (it will join one)");
    const auto kraft = request.levels.kraft_version;
    if (kraft && *kraft == 0 && !node.has_static_voters)
        return refuse(
            "--feature kraft.version=0: without controller.quorum.voters the voters "
            "stand in the metadata log, which needs kraft.version 1");
    if (kraft && *kraft == 1 && node.has_static_voters)
        return refuse("--feature kraft.version=1: with controller.quorum.voters it is 0");
    return {};
}

Result<> check_found(const std::string& path, const FoundDirectory& found, const FormatNode& node,
                     const FormatRequest& request) {
    const auto is_other = [&](std::string_view what, std::string_view theirs,
                              std::string_view ours) {
        return Error{ErrorCode::kafka_storage_error,
                     fmt::format("{} is formatted for {} {}, not {}", path, what, theirs, ours)};
    };
    if (!found.meta) {
        if (!found.has_metadata_log) return {};
        return Error{ErrorCode::kafka_storage_error,
                     fmt::format("{} holds a metadata log but no meta.properties: formatting it "
                                 "would make a voter that has forgotten what it promised (remove "
                                 "{} if it is of no use)",
                                 path, kMetadataLogDirectory)};
    }
    if (!request.ignores_formatted)
        return Error{ErrorCode::kafka_storage_error,
                     fmt::format("{} is formatted already (--ignore-formatted leaves such "
                                 "directories as they are)",
                                 path)};
    if (found.meta->cluster_id != request.cluster_id)
        return is_other("cluster", found.meta->cluster_id, request.cluster_id);
    if (found.meta->node_id && *found.meta->node_id != node.id)
        return is_other("node", fmt::format("{}", *found.meta->node_id),
                        fmt::format("{}", node.id));
    return {};
}

}  // namespace

Result<FormatNode> node_of(const config::Settings& settings) {
    const config::Node& from = settings.node();
    if (from.is_implicit)
        return Error{ErrorCode::invalid_config,
                     "process.roles is not set: such a single node formats its directory by itself "
                     "when it starts"};
    FormatNode node{.id = from.id.value,
                    .is_controller = from.is_controller,
                    .has_static_voters = !settings.get(kVoters).empty()};
    const std::optional<std::string> metadata_dir = settings.get(kMetadataLogDir);
    if (metadata_dir && !metadata_dir->empty())
        node.directories.push_back(absolute_path(*metadata_dir));
    for (const std::string& each : from.log_dirs) {
        std::string path = absolute_path(each);
        if (std::ranges::find(node.directories, path) == node.directories.end())
            node.directories.push_back(std::move(path));
    }
    if (from.is_controller && !node.has_static_voters) {
        Result<metadata::Endpoint> endpoint = controller_endpoint(settings);
        if (!endpoint) return endpoint.error();
        node.controller_endpoint = std::move(*endpoint);
    }
    return node;
}

Result<FormatPlan> plan_format(const FormatNode& node, const FormatRequest& request,
                               const std::vector<FoundDirectory>& found, Timestamp now,
                               Random& random) {
    if (request.cluster_id.empty()) return refuse("--cluster-id is empty");
    if (Result<> ok = check_voters(node, request); !ok) return ok.error();
    FormatPlan plan;
    std::vector<FormatPlan::File> last;
    for (std::size_t i = 0; i < node.directories.size(); ++i) {
        const std::string& path = node.directories[i];
        if (Result<> ok = check_found(path, found[i], node, request); !ok) return ok.error();
        if (found[i].meta) continue;
        const Uuid id = new_directory_id(random);
        const bool has_voter = i == 0 && request.voters == FirstVoters::standalone;
        protocol::VotersRecord voters;
        if (has_voter) voters = controller::lone_voter(node.id, id, {*node.controller_endpoint});
        const controller::FormatFiles files =
            controller::format_files(now, request.levels.finalized, voters);
        plan.directories.push_back(path);
        plan.files.push_back({.path = fmt::format("{}/{}", path, raft::kBootstrapFile),
                              .content = joined(files.bootstrap)});
        if (has_voter) {
            plan.has_lone_voter = true;
            plan.files.push_back({.path = fmt::format("{}/{}/{}", path, kMetadataLogDirectory,
                                                      raft::file_name(raft::kFirstSnapshot)),
                                  .content = joined(files.first_snapshot)});
        }
        const std::string meta = log::write_meta_properties({.version = 1,
                                                             .node_id = node.id,
                                                             .cluster_id = request.cluster_id,
                                                             .directory_id = id});
        last.push_back(
            {.path = path + "/meta.properties", .content = Bytes::copy_of(as_bytes(meta))});
    }
    std::ranges::move(last, std::back_inserter(plan.files));
    return plan;
}

}  // namespace moldau::cli
