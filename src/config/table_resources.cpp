// Settings: topics, groups, client metrics, quotas. Facts of Kafka 4.3; the sentences are ours.
#include "rows.hpp"

namespace moldau::config::rows {

namespace {
constexpr Setting kTopic[] = {
    row("cleanup.policy", list, "delete", one_of("compact, delete"), medium, dynamic)
        .from_broker("log.cleanup.policy"),
    row("compression.gzip.level", int32, "-1", between_or_minus_one(1, 9), medium, dynamic)
        .from_broker("compression.gzip.level"),
    row("compression.lz4.level", int32, "9", between(1, 17), medium, dynamic)
        .from_broker("compression.lz4.level"),
    row("compression.type", string, "producer",
        one_of("uncompressed, zstd, lz4, snappy, gzip, producer"), medium, dynamic)
        .from_broker("compression.type"),
    row("compression.zstd.level", int32, "3", between(-131072, 22), medium, dynamic)
        .from_broker("compression.zstd.level"),
    row("delete.retention.ms", int64, "86400000", at_least(0), medium, dynamic)
        .from_broker("log.cleaner.delete.retention.ms"),
    row("file.delete.delay.ms", int64, "60000", at_least(0), medium, dynamic)
        .from_broker("log.segment.delete.delay.ms"),
    row("flush.messages", int64, "9223372036854775807", at_least(1), medium, dynamic)
        .from_broker("log.flush.interval.messages"),
    row("flush.ms", int64, "9223372036854775807", at_least(0), medium, dynamic)
        .from_broker("log.flush.interval.ms"),
    row("follower.replication.throttled.replicas", list, "", throttled_replicas, medium, dynamic),
    row("index.interval.bytes", int32, "4096", at_least(0), medium, dynamic)
        .from_broker("log.index.interval.bytes"),
    row("internal.segment.bytes", int32, null, anything, medium, dynamic).internal(),
    row("leader.replication.throttled.replicas", list, "", throttled_replicas, medium, dynamic),
    row("local.retention.bytes", int64, "-2", at_least(-2), medium, dynamic)
        .from_broker("log.local.retention.bytes"),
    row("local.retention.ms", int64, "-2", at_least(-2), medium, dynamic)
        .from_broker("log.local.retention.ms"),
    row("max.compaction.lag.ms", int64, "9223372036854775807", at_least(1), medium, dynamic)
        .from_broker("log.cleaner.max.compaction.lag.ms"),
    row("max.message.bytes", int32, "1048588", at_least(0), medium, dynamic)
        .from_broker("message.max.bytes"),
    row("message.timestamp.after.max.ms", int64, "3600000", at_least(0), medium, dynamic)
        .from_broker("log.message.timestamp.after.max.ms"),
    row("message.timestamp.before.max.ms", int64, "9223372036854775807", at_least(0), medium,
        dynamic)
        .from_broker("log.message.timestamp.before.max.ms"),
    row("message.timestamp.type", string, "CreateTime", one_of("CreateTime, LogAppendTime"), medium,
        dynamic)
        .from_broker("log.message.timestamp.type"),
    row("min.cleanable.dirty.ratio", float64, "0.5", between(0, 1), medium, dynamic)
        .from_broker("log.cleaner.min.cleanable.ratio"),
    row("min.compaction.lag.ms", int64, "0", at_least(0), medium, dynamic)
        .from_broker("log.cleaner.min.compaction.lag.ms"),
    row("min.insync.replicas", int32, "1", at_least(1), medium, dynamic)
        .from_broker("min.insync.replicas"),
    row("preallocate", boolean, "false", anything, medium, dynamic).from_broker("log.preallocate"),
    row("remote.log.copy.disable", boolean, "false", anything, medium, dynamic),
    row("remote.log.delete.on.disable", boolean, "false", anything, medium, dynamic),
    row("remote.storage.enable", boolean, "false", anything, medium, dynamic),
    row("retention.bytes", int64, "-1", anything, medium, dynamic)
        .from_broker("log.retention.bytes"),
    row("retention.ms", int64, "604800000", at_least(-1), medium, dynamic)
        .from_broker("log.retention.ms"),
    row("segment.bytes", int32, "1073741824", at_least(1048576), medium, dynamic)
        .from_broker("log.segment.bytes"),
    row("segment.index.bytes", int32, "10485760", at_least(4), medium, dynamic)
        .from_broker("log.index.size.max.bytes"),
    row("segment.jitter.ms", int64, "0", at_least(0), medium, dynamic)
        .from_broker("log.roll.jitter.ms"),
    row("segment.ms", int64, "604800000", at_least(1), medium, dynamic).from_broker("log.roll.ms"),
    row("unclean.leader.election.enable", boolean, "false", anything, medium, dynamic)
        .from_broker("unclean.leader.election.enable"),
};
}  // namespace

std::span<const Setting> topic_rows() {
    return kTopic;
}

namespace {
constexpr Setting kGroup[] = {
    row("consumer.assignment.interval.ms", int32, "1000", at_least(0), medium, dynamic)
        .from_broker("group.consumer.assignment.interval.ms"),
    row("consumer.heartbeat.interval.ms", int32, "5000", at_least(1), medium, dynamic)
        .from_broker("group.consumer.heartbeat.interval.ms"),
    row("consumer.session.timeout.ms", int32, "45000", at_least(1), medium, dynamic)
        .from_broker("group.consumer.session.timeout.ms"),
    row("share.assignment.interval.ms", int32, "1000", at_least(0), medium, dynamic)
        .from_broker("group.share.assignment.interval.ms"),
    row("share.auto.offset.reset", string, "latest", offset_reset, medium, dynamic),
    row("share.delivery.count.limit", int32, "5", at_least(2), medium, dynamic)
        .from_broker("group.share.delivery.count.limit"),
    row("share.heartbeat.interval.ms", int32, "5000", at_least(1), medium, dynamic)
        .from_broker("group.share.heartbeat.interval.ms"),
    row("share.isolation.level", string, "read_uncommitted",
        one_of("read_committed, read_uncommitted"), medium, dynamic),
    row("share.partition.max.record.locks", int32, "2000", at_least(100), medium, dynamic)
        .from_broker("group.share.partition.max.record.locks"),
    row("share.record.lock.duration.ms", int32, "30000", at_least(1000), medium, dynamic)
        .from_broker("group.share.record.lock.duration.ms"),
    row("share.renew.acknowledge.enable", boolean, "true", anything, medium, dynamic),
    row("share.session.timeout.ms", int32, "45000", at_least(1), medium, dynamic)
        .from_broker("group.share.session.timeout.ms"),
    row("streams.assignment.interval.ms", int32, "1000", at_least(0), medium, dynamic)
        .from_broker("group.streams.assignment.interval.ms"),
    row("streams.heartbeat.interval.ms", int32, "5000", at_least(1), medium, dynamic)
        .from_broker("group.streams.heartbeat.interval.ms"),
    row("streams.initial.rebalance.delay.ms", int32, "3000", at_least(0), medium, dynamic)
        .from_broker("group.streams.initial.rebalance.delay.ms"),
    row("streams.num.standby.replicas", int32, "0", at_least(0), medium, dynamic)
        .from_broker("group.streams.num.standby.replicas"),
    row("streams.session.timeout.ms", int32, "45000", at_least(1), medium, dynamic)
        .from_broker("group.streams.session.timeout.ms"),
};
}  // namespace

std::span<const Setting> group_rows() {
    return kGroup;
}

namespace {
constexpr Setting kClientMetrics[] = {
    row("interval.ms", int32, "300000", anything, medium, dynamic),
    row("match", list, "", anything, medium, dynamic),
    row("metrics", list, "", anything, medium, dynamic),
};
}  // namespace

std::span<const Setting> client_metrics_rows() {
    return kClientMetrics;
}

namespace {
constexpr Setting kClientQuota[] = {
    row("SCRAM-SHA-256", string, null, anything, medium, dynamic),
    row("SCRAM-SHA-512", string, null, anything, medium, dynamic),
    row("consumer_byte_rate", int64, "9223372036854775807", anything, medium, dynamic),
    row("controller_mutation_rate", float64, "2.147483647E9", anything, medium, dynamic),
    row("producer_byte_rate", int64, "9223372036854775807", anything, medium, dynamic),
    row("request_percentage", float64, "2.147483647E9", anything, medium, dynamic),
};
}  // namespace

std::span<const Setting> client_quota_rows() {
    return kClientQuota;
}

namespace {
constexpr Setting kIpQuota[] = {
    row("connection_creation_rate", int32, "2147483647", at_least(0), medium, dynamic),
};
}  // namespace

std::span<const Setting> ip_quota_rows() {
    return kIpQuota;
}

}  // namespace moldau::config::rows
