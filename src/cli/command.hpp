// What all commands share: global options, and how a command comes to run.
#pragma once

#include "moldau/base/ports/disk.hpp"
#include "moldau/base/result.hpp"
#include "moldau/cli/arguments.hpp"
#include "moldau/client/cluster.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

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
void add_topic_list(Command parent, Choice& choice);
void add_topic_create(Command parent, Choice& choice);
void add_topic_describe(Command parent, Choice& choice);
void add_topic_delete(Command parent, Choice& choice);
void add_topic_offsets(Command parent, Choice& choice);
void add_topic_alter(Command parent, Choice& choice);
void add_topic_add_partitions(Command parent, Choice& choice);
void add_topic_trim(Command parent, Choice& choice);
void add_config_get(Command parent, Choice& choice);
void add_config_explain(Command parent, Choice& choice);
void add_config_set(Command parent, Choice& choice);
void add_config_unset(Command parent, Choice& choice);
void add_cluster_info(Command parent, Choice& choice);
void add_broker_list(Command parent, Choice& choice);
void add_broker_describe(Command parent, Choice& choice);
void add_quota_list(Command parent, Choice& choice);
void add_quota_set(Command parent, Choice& choice);
void add_quota_unset(Command parent, Choice& choice);
void add_group_list(Command parent, Choice& choice);
void add_group_describe(Command parent, Choice& choice);
void add_group_lag(Command parent, Choice& choice);
void add_group_seek(Command parent, Choice& choice);
void add_group_delete(Command parent, Choice& choice);
void add_produce(Command parent, Choice& choice);
void add_consume(Command parent, Choice& choice);
void add_storage_format(Command parent, Choice& choice);
void add_storage_dump(Command parent, Choice& choice);
void add_completion(Command parent, Choice& choice);

/// `error` said of the topic: what to do next, where we know it.
Error topic_error(const std::string& topic, ErrorCode code, std::string_view message = {});

}  // namespace moldau::cli
