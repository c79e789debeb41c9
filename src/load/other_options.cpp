// Commands that ask for anything but records: commits, join, topics, connections.
#include "raw_options.hpp"

#include <fmt/format.h>

namespace moldau::load {
namespace {

void describe_group(Command command, RawGroup& raw) {
    GroupOptions& to = raw.options;
    command.option("--groups", to.groups, "consumer groups of the classic protocol")
        .within(std::uint64_t{1}, kClientsMax)
        .shows_default();
    command.option("--members", to.members, "of each group, with a connection each")
        .within(std::uint64_t{1}, kClientsMax)
        .shows_default();
    command
        .option("--session-timeout-ms", raw.session_ms, "after which a silent member is left out")
        .within(1, 3'600'000)
        .shows_default();
    command
        .option("--rebalance-timeout-ms", raw.rebalance_ms, "that members are given to join again")
        .within(1, 3'600'000)
        .shows_default();
    command
        .option("--heartbeat-ms", raw.heartbeat_ms,
                "between two heartbeats of a member, by which it also hears that it must join "
                "again")
        .within(1, 3'600'000)
        .shows_default();
    describe_threads(command, to.threads, "groups");
}

Result<GroupOptions> checked(const RawGroup& raw) {
    GroupOptions options = raw.options;
    if (options.groups * options.members > kClientsMax)
        return misuse(fmt::format("--groups {} of --members {}: at most {} members in all",
                                  options.groups, options.members, kClientsMax));
    if (raw.heartbeat_ms >= raw.session_ms)
        return misuse(fmt::format("--heartbeat-ms {} is not below --session-timeout-ms {}",
                                  raw.heartbeat_ms, raw.session_ms));
    options.session_timeout = std::chrono::milliseconds(raw.session_ms);
    options.rebalance_timeout = std::chrono::milliseconds(raw.rebalance_ms);
    options.heartbeat = std::chrono::milliseconds(raw.heartbeat_ms);
    return options;
}

}  // namespace

void describe_commits(Command command, RawCommit& raw) {
    CommitOptions& to = raw.options;
    command.option("topic", to.topic, "topic whose offsets are committed; it is not read")
        .required();
    command
        .option("--rate", to.rate,
                "commits a second over all members; latency then counts from the moment that "
                "the rate gives a commit. Without it: each member commits again at once")
        .within(std::uint64_t{1}, kRateMax);
    command.option("--commits", raw.commits, "end after so many, over all members")
        .within(std::uint64_t{1}, kCountMax);
    command.option("--duration-s", raw.seconds, "end after so many seconds; 10 without --commits")
        .within(0.001, kSecondsMax);
    command.option("--offsets", to.partitions, "partitions in each commit")
        .within(1, 100'000)
        .shows_default();
    describe_group(command, raw.group);
    describe_topic_shape(command, to.topic_shape);
}

void describe_join(Command command, RawJoin& raw) {
    describe_group(command, raw.group);
    command.option("--patience-s", raw.patience_s, "what is not at rest by then has failed")
        .within(0.001, kSecondsMax)
        .shows_default();
}

void describe_topics(Command command, TopicsOptions& to) {
    constexpr std::uint64_t kTopicsMax = 1'000'000;
    command.option("--count", to.count, "topics, over all clients")
        .within(std::uint64_t{1}, kTopicsMax)
        .shows_default();
    command.option("--batch", to.batch, "topics in a request").within(1, 10'000).shows_default();
    command.option("--clients", to.clients, "each asks with one request at a time")
        .within(std::uint64_t{1}, kClientsMax)
        .shows_default();
    describe_threads(command, to.threads, "clients");
    command.option("--partitions", to.shape.partitions, "of each topic")
        .within(1, 1'000'000)
        .default_text("the broker's");
    command.option("--replication-factor", to.shape.replication_factor, "of each topic")
        .within(1, 32767)
        .default_text("the broker's");
    command.option("--config", to.shape.configs, "a setting of each topic; repeatable")
        .type_name("KEY=VALUE")
        .repeats_name();
    command.flag("--keep", to.keeps, "do not delete them afterwards");
}

void describe_connections(Command command, ConnectOptions& to) {
    command.option("--count", to.count, "connections that are open together in the end")
        .within(std::uint64_t{1}, std::uint64_t{1'000'000})
        .shows_default();
    command
        .option("--rate", to.rate,
                "a second over all clients; latency then counts from the moment that the rate "
                "gives a connection. Without it: flat out")
        .within(std::uint64_t{1}, kRateMax);
    command.option("--clients", to.clients, "each opens one connection at a time")
        .within(std::uint64_t{1}, kClientsMax)
        .shows_default();
    describe_threads(command, to.threads, "clients");
}

Result<CommitOptions> checked(const RawCommit& raw) {
    CommitOptions options = raw.options;
    Result<GroupOptions> group = checked(raw.group);
    if (!group) return group.error();
    options.group = *group;
    if (raw.commits != 0) options.commits = raw.commits;
    if (raw.seconds != 0) options.duration = seconds_of(raw.seconds);
    if (!options.commits && !options.duration) options.duration = std::chrono::seconds(10);
    if (Result<> ok = check_topic_shape(options.topic_shape); !ok) return ok.error();
    return options;
}

Result<JoinOptions> checked(const RawJoin& raw) {
    Result<GroupOptions> group = checked(raw.group);
    if (!group) return group.error();
    return JoinOptions{.group = *group, .patience = seconds_of(raw.patience_s)};
}

Result<TopicsOptions> checked(const TopicsOptions& options) {
    if (Result<> ok = check_configs(options.shape.configs); !ok) return ok.error();
    return options;
}

}  // namespace moldau::load
