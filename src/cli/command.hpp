// What all commands share: global options, and how a command comes to run.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/result.hpp"
#include "moldau/client/cluster.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): its name
class App;
}

namespace moldau::cli {

enum class Output : std::uint8_t { table, json };

struct Global {
    std::string brokers;
    Output output = Output::table;
    bool yes = false;  // do what cannot be undone without asking
};

/// What a command works with: a handle on what outlives it.
struct Context {
    runtime::Shard& shard;
    client::Cluster& cluster;
    const Global& global;
};

/// What a command works with that needs no broker, only files: a handle as well.
struct Offline {
    runtime::Shard& shard;
    Disk& disk;
    const Global& global;
};

/// The command that the arguments chose: `work` or `offline`. `check` looks at them before anything
/// is asked of a broker: its error is a misuse.
struct Choice {
    std::function<Result<>(const Global&)> check;
    std::function<runtime::Task<Result<>>(Context)> work;
    std::function<runtime::Task<Result<>>(Offline)> offline;
};

// One function a command, each in the file of its name: adds it to `parent` and fills `choice` when
// it is the one.
void add_topic_list(CLI::App& parent, Choice& choice);
void add_topic_create(CLI::App& parent, Choice& choice);
void add_topic_describe(CLI::App& parent, Choice& choice);
void add_topic_delete(CLI::App& parent, Choice& choice);
void add_topic_offsets(CLI::App& parent, Choice& choice);
void add_topic_alter(CLI::App& parent, Choice& choice);
void add_topic_add_partitions(CLI::App& parent, Choice& choice);
void add_topic_trim(CLI::App& parent, Choice& choice);
void add_config_get(CLI::App& parent, Choice& choice);
void add_config_explain(CLI::App& parent, Choice& choice);
void add_config_set(CLI::App& parent, Choice& choice);
void add_config_unset(CLI::App& parent, Choice& choice);
void add_cluster_info(CLI::App& parent, Choice& choice);
void add_broker_list(CLI::App& parent, Choice& choice);
void add_broker_describe(CLI::App& parent, Choice& choice);
void add_quota_list(CLI::App& parent, Choice& choice);
void add_quota_set(CLI::App& parent, Choice& choice);
void add_quota_unset(CLI::App& parent, Choice& choice);
void add_group_list(CLI::App& parent, Choice& choice);
void add_group_describe(CLI::App& parent, Choice& choice);
void add_group_lag(CLI::App& parent, Choice& choice);
void add_group_seek(CLI::App& parent, Choice& choice);
void add_group_delete(CLI::App& parent, Choice& choice);
void add_produce(CLI::App& parent, Choice& choice);
void add_consume(CLI::App& parent, Choice& choice);
void add_storage_format(CLI::App& parent, Choice& choice);
void add_storage_dump(CLI::App& parent, Choice& choice);
void add_completion(CLI::App& parent, Choice& choice);

/// `error` said of the topic: what to do next, where we know it.
Error topic_error(const std::string& topic, ErrorCode code, std::string_view message = {});

}  // namespace moldau::cli
