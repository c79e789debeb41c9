#include "moldau/cli/cli.hpp"

#include "report.hpp"

#include "moldau/base/version.hpp"
#include "moldau/cli/talk_sink.hpp"
#include "moldau/io/system_clock.hpp"
#include "moldau/io/system_disk.hpp"
#include "moldau/io/system_random.hpp"
#include "moldau/net/asio_transport.hpp"
#include "moldau/runtime/wait.hpp"
#include "moldau/runtime/worker_pool.hpp"

#include <fmt/format.h>

#include <csignal>
#include <span>
#include <string_view>

namespace moldau::cli {

using runtime::Shard;
using runtime::Task;

namespace {

constexpr int kFailed = 1;
constexpr int kMisused = 2;

Task<Result<>> connect_and_work(Context context, Choice choice) {
    Result<client::ConnectionPtr> reached = co_await context.cluster.any();
    if (!reached)
        co_return Error{reached.error().code,
                        fmt::format("no broker answers: {} (is one running? --brokers or "
                                    "MOLDAU_BROKERS names others)",
                                    reached.error().detail)};
    Result<> done = co_await choice.work(context);
    co_return done;
}

// What runs the shard holds `outcome` until the end.
// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters)
Task<> work_and_stop(Context context, Choice choice, Result<>& outcome) {
    outcome = co_await connect_and_work(context, std::move(choice));
    context.cluster.close();
    context.shard.stop();
}

Task<> work_offline_and_stop(Offline offline, Choice choice, Result<>& outcome) {
    outcome = co_await choice.offline(offline);
    offline.shard.stop();
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

void run_online(Shard& shard, std::vector<Endpoint> brokers, const Global& global,
                const Choice& choice, Result<>& outcome) {
    const std::unique_ptr<Transport> transport = net::make_asio_transport(shard);
    client::Cluster cluster(
        shard, *transport,
        {.bootstrap = std::move(brokers), .connection = {.client_id = "moldau"}});
    Context context{.shard = shard, .cluster = cluster, .global = global};
    runtime::spawn(shard, "command", work_and_stop(context, choice, outcome));
    shard.run();
}

void run_offline(Shard& shard, const Global& global, const Choice& choice, Result<>& outcome) {
    runtime::WorkerPool pool({.name = "disk", .threads = 1});
    const std::unique_ptr<Disk> disk = io::make_system_disk(shard, pool);
    Offline offline{.shard = shard, .disk = *disk, .global = global};
    runtime::spawn(shard, "command", work_offline_and_stop(offline, choice, outcome));
    shard.run();
    pool.stop();
}

int carry_out(const Global& global, const Choice& choice) {
    Result<std::vector<Endpoint>> brokers = client::parse_brokers(global.brokers);
    if (!brokers) {
        say_error(global.output, {brokers.error().code, "--brokers: " + brokers.error().detail});
        return kMisused;
    }
    if (choice.check) {
        if (Result<> ok = choice.check(global); !ok) {
            say_error(global.output, ok.error());
            return kMisused;
        }
    }
    // A reader of stdout that has left is an error of the write, not a death by a signal.
    std::signal(SIGPIPE, SIG_IGN);
    const io::SystemClock clock;
    io::SystemRandom random;
    TalkSink sink;
    Shard shard({}, clock, random, sink);
    Result<> outcome = Error{ErrorCode::unknown_server_error, "the command ended unexpectedly"};
    if (choice.offline) {
        run_offline(shard, global, choice, outcome);
    } else {
        run_online(shard, std::move(*brokers), global, choice, outcome);
    }
    if (outcome) return 0;
    say_error(global.output, outcome.error());
    return kFailed;
}

/// For arguments that could not be read as a whole: errors take the shape that was asked for.
bool wants_json(std::span<const char* const> arguments) {
    std::string_view before;
    for (const std::string_view each : arguments) {
        if (each == "-ojson" || each == "-o=json" || each == "--output=json") return true;
        if (each == "json" && (before == "-o" || before == "--output")) return true;
        before = each;
    }
    return false;
}

Command add_noun(Command& above, const char* noun, const char* meaning) {
    Command added = above.command(noun, meaning);
    added.requires_command();
    return added;
}

void describe(CommandLine& app, Global& global, Choice& choice) {
    app.version(fmt::format("moldau {} ({})", version(), commit()));
    global.brokers = "127.0.0.1:9092";
    app.option("--brokers", global.brokers, "brokers to begin with; the others are found")
        .from_environment("MOLDAU_BROKERS")
        .type_name("HOST:PORT,…")
        .shows_default();
    app.words("-o,--output",
              [&global](const std::string& word) {
                  global.output = word == "json" ? Output::json : Output::table;
              },
              "how data is written", {"table", "json"});
    app.flag("--yes", global.yes, "do not ask before what cannot be undone");
    app.requires_command();
    Command topic = add_noun(app, "topic",
                             "topics: create, list, describe, offsets, alter, add-partitions, "
                             "trim, delete");
    add_topic_create(topic, choice);
    add_topic_list(topic, choice);
    add_topic_describe(topic, choice);
    add_topic_offsets(topic, choice);
    add_topic_alter(topic, choice);
    add_topic_add_partitions(topic, choice);
    add_topic_trim(topic, choice);
    add_topic_delete(topic, choice);
    Command group = add_noun(app, "group", "consumer groups: list, describe, lag, seek, delete");
    add_group_list(group, choice);
    add_group_describe(group, choice);
    add_group_lag(group, choice);
    add_group_seek(group, choice);
    add_group_delete(group, choice);
    Command config = add_noun(app, "config", "settings: get, explain, set, unset");
    add_config_get(config, choice);
    add_config_explain(config, choice);
    add_config_set(config, choice);
    add_config_unset(config, choice);
    add_cluster_info(add_noun(app, "cluster", "the cluster as a whole: info"), choice);
    Command broker = add_noun(app, "broker", "brokers: list, describe");
    add_broker_list(broker, choice);
    add_broker_describe(broker, choice);
    Command quota = add_noun(app, "quota", "quotas of clients: list, set, unset");
    add_quota_list(quota, choice);
    add_quota_set(quota, choice);
    add_quota_unset(quota, choice);
    add_produce(app, choice);
    add_consume(app, choice);
    Command storage =
        add_noun(app, "storage", "data directories of a node that does not run: format, dump");
    add_storage_format(storage, choice);
    add_storage_dump(storage, choice);
    add_completion(app, choice);
}

}  // namespace

Error topic_error(const std::string& topic, ErrorCode code, std::string_view message) {
    const auto said = [&](std::string_view what) {
        return Error{code, fmt::format("topic '{}' {}", topic, what)};
    };
    if (code == ErrorCode::unknown_topic_or_partition)
        return said("does not exist ('moldau topic list' shows those that do)");
    if (code == ErrorCode::topic_already_exists)
        return said(
            fmt::format("exists already ('moldau topic describe {}' shows it; with "
                        "--if-not-exists that is no error)",
                        topic));
    if (code == ErrorCode::topic_authorization_failed)
        return said("is not allowed to this user (TOPIC_AUTHORIZATION_FAILED)");
    if (message.empty() || message == name(code))
        return said(fmt::format("was refused by the broker: {}", name(code)));
    return said(fmt::format("was refused by the broker: {} ({})", message, name(code)));
}

int run(int argc, const char* const* argv) {
    Global global;
    Choice choice;
    CommandLine line("moldau: the tool for Kafka-compatible clusters", "moldau");
    describe(line, global, choice);
    if (const std::optional<Ended> ended = line.parse(argc, argv)) {
        if (!ended->is_misuse) {
            fmt::print("{}", ended->text);
            return 0;
        }
        say_error(wants_json({argv, static_cast<std::size_t>(argc)}) ? Output::json : Output::table,
                  {ErrorCode::invalid_request,
                   fmt::format("{} ('moldau --help', or --help behind a command, shows how)",
                               ended->text)});
        return kMisused;
    }
    return carry_out(global, choice);
}

}  // namespace moldau::cli
