#include "kinds.hpp"

#include "moldau/base/check.hpp"

#include <algorithm>
#include <array>

namespace moldau::cli {
namespace {

constexpr Field text(std::string_view key, Shown shown, std::string_view head,
                     std::string_view meaning) {
    return {.key = key, .type = Type::text, .shown = shown, .head = head, .meaning = meaning};
}
constexpr Field number(std::string_view key, Shown shown, std::string_view head,
                       std::string_view meaning) {
    return {.key = key, .type = Type::number, .shown = shown, .head = head, .meaning = meaning};
}
constexpr Field truth(std::string_view key, Shown shown, std::string_view head,
                      std::string_view meaning) {
    return {.key = key, .type = Type::truth, .shown = shown, .head = head, .meaning = meaning};
}
constexpr Field numbers(std::string_view key, std::string_view head, std::string_view meaning) {
    return {
        .key = key, .type = Type::numbers, .shown = Shown::cell, .head = head, .meaning = meaning};
}
constexpr Field map(std::string_view key, Shown shown, std::string_view head,
                    std::string_view meaning) {
    return {.key = key, .type = Type::map, .shown = shown, .head = head, .meaning = meaning};
}
constexpr Field rows(std::string_view key, std::string_view meaning,
                     std::span<const Field> fields) {
    return {.key = key,
            .type = Type::rows,
            .shown = Shown::below,
            .head = "",
            .meaning = meaning,
            .fields = fields};
}

/// What a kind has, and what another has beside it.
template <std::size_t M, std::size_t N>
constexpr std::array<Field, M + N> joined(const std::array<Field, M>& first,
                                          const std::array<Field, N>& more) {
    std::array<Field, M + N> all{};
    std::ranges::copy(first, all.begin());
    std::ranges::copy(more, all.begin() + M);
    return all;
}

using enum Shown;

constexpr Field kTopic = text("topic", cell, "TOPIC", "its topic");
constexpr Field kPartition = number("partition", cell, "PARTITION", "its number");
constexpr Field kGroup = text("group", cell, "GROUP", "the group");
constexpr Field kKey = text("key", no, "", "the setting");

constexpr std::array kTopicCreate = {
    text("name", no, "", "the topic"),
    text("id", no, "", "its id; all zero (`AAAAAAAAAAAAAAAAAAAAAA`) after a dry run"),
    number("partitions", no, "", "how many it has"),
    number("replication_factor", no, "", "replicas of each"),
};
constexpr std::array kTopicList = {
    text("name", cell, "TOPIC", "the topic"),
    text("id", no, "", "its id"),
    truth("internal", no, "", "it is Kafka's own"),
    number("partitions", cell, "PARTITIONS", "how many it has"),
    number("replication_factor", cell, "REPLICATION", "replicas of its first partition"),
};
constexpr std::array kTopicPartition = {
    kPartition,
    number("leader", cell, "LEADER", "broker that leads it, or null: none now"),
    number("leader_epoch", cell, "EPOCH", "how often that changed"),
    numbers("replicas", "REPLICAS", "brokers that hold it, the preferred one first"),
    numbers("isr", "ISR", "those in sync"),
    numbers("offline", "OFFLINE", "those that cannot serve it"),
};
constexpr std::array kTopicDescribe = {
    text("name", cell, "TOPIC", "the topic"),
    text("id", cell, "ID", "its id"),
    truth("internal", no, "", "it is Kafka's own"),
    map("configs", below, "", "settings that are set on it, by name"),
    rows("partitions", "its partitions", kTopicPartition),
};
constexpr std::array kTopicOffsets = {
    kTopic,
    kPartition,
    number("start", cell, "START", "first offset"),
    number("end", cell, "END", "offset that the next record gets"),
    number("at", cell_if_any, "AT", "what --at asked for, or null: it was not given"),
};
constexpr std::array kTopicAlter = {
    text("topic", no, "", "the topic"),
    kKey,
    text("value", no, "", "what it is now, or null: what is inherited"),
};
constexpr std::array kTopicAddPartitions = {
    text("name", no, "", "the topic"),
    number("partitions", no, "", "how many it has now"),
};
constexpr std::array kTopicTrim = {
    kTopic,
    kPartition,
    number("start", cell, "START", "first offset now"),
};
constexpr std::array kNameAlone = {
    text("name", no, "", "what is gone"),
};
constexpr std::array kGroupList = {
    text("name", cell, "GROUP", "the group"),
    text("type", cell, "TYPE", "`classic`, `consumer`, …; empty from brokers that do not tell"),
    text("protocol", cell, "PROTOCOL", "`consumer`, `connect`, …; empty: offsets alone"),
    text("state", cell, "STATE", "as Kafka names it"),
};
constexpr std::array kMember = {
    text("client_id", cell, "CLIENT", "what it calls itself"),
    text("host", cell, "HOST", "its address"),
    text("instance", cell, "INSTANCE", "`group.instance.id`, or null"),
    map("partitions", cell, "PARTITIONS", "numbers of the partitions it reads, by topic"),
    text("id", cell, "MEMBER", "its member id"),
};
constexpr std::array kGroupDescribe = {
    text("name", cell, "GROUP", "the group"),
    text("state", cell, "STATE", "as Kafka names it"),
    text("protocol_type", no, "", "`consumer`, `connect`, …"),
    text("protocol", cell, "PROTOCOL", "the assignor that was agreed on"),
    rows("members", "its members", kMember),
};
constexpr std::array kGroupLag = {
    kGroup,
    kTopic,
    kPartition,
    number("committed", cell, "COMMITTED", "offset that is read next"),
    number("end", cell, "END", "end of the partition, or null: it is not there, or nobody tells"),
    number("lag", cell, "LAG", "records between them, or null"),
    text("metadata", no, "", "what the client wrote beside the offset"),
};
constexpr std::array kGroupSeek = {
    kGroup,
    kTopic,
    kPartition,
    number("before", cell, "BEFORE", "what was committed, or null: nothing"),
    number("now", cell, "NOW", "what is"),
};
constexpr std::array kConfigGet = {
    text("name", cell, "KEY", "the setting"),
    text("value", cell, "VALUE", "what holds, or null: nothing, or it is hidden"),
    text("source", cell, "FROM",
         "`topic`, `broker`, `all brokers`, `file of the broker`, `default`, `broker logger`, "
         "`client`, `group`"),
    truth("set_here", no, "", "on what was asked about itself"),
    truth("read_only", no, "", "it cannot change while the broker runs"),
    truth("sensitive", no, "", "its value is hidden"),
};
constexpr auto kConfigExplain =
    joined(kConfigGet,
           std::array{
               text("type", cell, "TYPE", "`boolean`, `string`, `int`, …; empty from old brokers"),
               text("documentation", below, "", "the broker's own words"),
           });
constexpr std::array kConfigSet = {
    text("entity_type", no, "", "`topic`, `broker`, `group`, `client-metrics`, `broker-logger`"),
    text("entity", no, "", "its name"),
    kKey,
    text("value", no, "", "what it is now, or null: what is inherited"),
};
constexpr std::array kBroker = {
    number("id", cell, "BROKER", "its number"),
    text("host", no, "", "its address"),
    number("port", cell, "ADDRESS", "and port"),
    text("rack", cell, "RACK", "where it stands, or null"),
    truth("controller", cell, "CONTROLLER", "it answers for the controller"),
};
constexpr std::array kClusterInfo = {
    text("cluster_id", cell, "CLUSTER", "its id"),
    number("controller", no, "", "broker that answers for the controller"),
    number("topics", cell, "TOPICS", "how many there are"),
    number("partitions", cell, "PARTITIONS", "in all"),
    number("partitions_without_leader", cell, "", "that nobody can use now"),
    number("partitions_under_replicated", cell, "", "with replicas out of sync"),
    rows("brokers", "as `broker.list` has them", kBroker),
};
constexpr std::array kFeature = {
    text("name", cell, "FEATURE", "the feature"),
    number("min", cell, "MIN", "least level that the broker supports"),
    number("max", cell, "MAX", "highest"),
    number("finalized", cell, "FINALIZED", "level in use, or null"),
};
constexpr std::array kLogDirectory = {
    text("path", cell, "DIRECTORY", "where it is"),
    text("error", cell, "ERROR", "why it cannot be used, or null: it can"),
    number("replicas", cell, "REPLICAS", "partitions in it"),
    number("moving_in", cell, "MOVING-IN", "replicas that move here from another directory"),
    number("bytes", cell, "BYTES", "size of all of them"),
    number("total_bytes", cell, "VOLUME", "size of the volume, or null: not told"),
    number("usable_bytes", cell, "FREE", "what is free on it, or null"),
    truth("cordoned", cell, "CORDONED", "it takes no new replicas"),
};
constexpr auto kBrokerDescribe = joined(
    kBroker, std::array{
                 number("partitions_led", cell, "LEADS", "partitions that it leads"),
                 number("partitions_held", cell, "HOLDS", "partitions that it has a replica of"),
                 number("apis", cell, "APIS", "kinds of requests that it serves"),
                 map("configs", below, "", "settings that are set on it while it runs, by name"),
                 rows("features", "what it supports of the cluster's features", kFeature),
                 rows("log_dirs", "its log directories", kLogDirectory),
             });
constexpr std::array kQuotaList = {
    map("entity", cell, "ENTITY",
        "whom it holds for: names by `user`, `client-id`, `ip`; null: the default of all"),
    map("quotas", cell, "QUOTAS", "numbers by the quota's name"),
};
constexpr std::array kQuotaSet = {
    map("entity", no, "", "as in `quota.list`"),
    kKey,
    Field{.key = "value",
          .type = Type::decimal,
          .shown = no,
          .head = "",
          .meaning = "what it is now, or null: none"},
};
constexpr std::array kProduce = {
    text("topic", no, "", "the topic"),
    number("records", no, "", "that were acknowledged"),
};
constexpr std::array kStorageFormat = {
    text("cluster_id", no, "", "of the cluster"),
    number("node_id", no, "", "of the node"),
    Field{.key = "formatted",
          .type = Type::texts,
          .shown = no,
          .head = "",
          .meaning = "directories that were formatted now"},
    map("features", no, "", "levels by name"),
};

constexpr std::array kKinds = {
    Kind{"topic.create", "topics that were created", kTopicCreate},
    Kind{"topic.list", "topics", kTopicList},
    Kind{"topic.describe", "topics", kTopicDescribe},
    Kind{"topic.offsets", "partitions", kTopicOffsets},
    Kind{"topic.alter", "settings that were changed", kTopicAlter},
    Kind{"topic.add-partitions", "the topic", kTopicAddPartitions},
    Kind{"topic.trim", "partitions", kTopicTrim},
    Kind{"topic.delete", "topics that were deleted", kNameAlone},
    Kind{"group.list", "groups", kGroupList},
    Kind{"group.describe", "groups", kGroupDescribe},
    Kind{"group.lag", "partitions with an offset", kGroupLag},
    Kind{"group.seek", "partitions", kGroupSeek},
    Kind{"group.delete", "groups that were deleted", kNameAlone},
    Kind{"config.get", "settings", kConfigGet},
    Kind{"config.explain", "settings", kConfigExplain},
    Kind{"config.set", "settings that were changed", kConfigSet},
    Kind{"config.unset", "settings that were changed", kConfigSet},
    Kind{"cluster.info", "the cluster", kClusterInfo},
    Kind{"broker.list", "brokers", kBroker},
    Kind{"broker.describe", "brokers", kBrokerDescribe},
    Kind{"quota.list", "whoever has quotas", kQuotaList},
    Kind{"quota.set", "quotas that were changed", kQuotaSet},
    Kind{"quota.unset", "quotas that were changed", kQuotaSet},
    Kind{"produce", "the topic", kProduce},
    Kind{"storage.format", "the node", kStorageFormat},
};

}  // namespace

std::span<const Kind> kinds() {
    return kKinds;
}

const Kind& kind_named(std::string_view name) {
    const auto* found = std::ranges::find(kKinds, name, &Kind::name);
    MOLDAU_CHECK(found != kKinds.end(), "kind={}", name);
    return *found;
}

std::string_view to_text(Type type) {
    switch (type) {
        case Type::text:
            return "string";
        case Type::number:
            return "integer";
        case Type::decimal:
            return "number";
        case Type::truth:
            return "boolean";
        case Type::numbers:
            return "array of integers";
        case Type::texts:
            return "array of strings";
        case Type::map:
            return "object";
        case Type::rows:
            return "array of objects";
    }
    return "";
}

}  // namespace moldau::cli
