// Settings: topics, groups, client metrics, quotas. Facts of Kafka 4.3; the sentences are ours.
#include "rows.hpp"

namespace moldau::config::rows {

namespace {
constexpr Setting kTopic[] = {
    row("cleanup.policy", list, "delete", one_of("compact, delete"), medium, dynamic)
        .from_broker("log.cleanup.policy")
        .doc("What becomes of old segments. delete: they go when the retention settings say so; an "
             "empty list keeps all. compact is taken and kept, records then need a key, but "
             "nothing is compacted yet."),
    row("compression.gzip.level", int32, "-1", between_or_minus_one(1, 9), medium, dynamic)
        .from_broker("compression.gzip.level")
        .doc("The level where compression.type is gzip; -1 leaves it to zlib."),
    row("compression.lz4.level", int32, "9", between(1, 17), medium, dynamic)
        .from_broker("compression.lz4.level")
        .doc("The level where compression.type is lz4."),
    row("compression.type", string, "producer",
        one_of("uncompressed, zstd, lz4, snappy, gzip, producer"), medium, dynamic)
        .from_broker("compression.type")
        .doc("How batches are stored. producer: as they came; uncompressed, gzip, snappy, lz4, "
             "zstd: batches that came otherwise are packed anew."),
    row("compression.zstd.level", int32, "3", between(-131072, 22), medium, dynamic)
        .from_broker("compression.zstd.level")
        .doc("The level where compression.type is zstd."),
    row("delete.retention.ms", int64, "86400000", at_least(0), medium, dynamic)
        .from_broker("log.cleaner.delete.retention.ms"),
    row("file.delete.delay.ms", int64, "60000", at_least(0), medium, dynamic)
        .from_broker("log.segment.delete.delay.ms")
        .doc("How long a deleted segment's files stay under another name, for readers that still "
             "use them."),
    row("flush.messages", int64, "9223372036854775807", at_least(1), medium, dynamic)
        .from_broker("log.flush.interval.messages")
        .doc("How many records a partition gathers before they are forced to the disk."),
    row("flush.ms", int64, "9223372036854775807", at_least(0), medium, dynamic)
        .from_broker("log.flush.interval.ms")
        .doc("How long a partition's records may wait before they are forced to the disk."),
    row("follower.replication.throttled.replicas", list, "", throttled_replicas, medium, dynamic),
    row("index.interval.bytes", int32, "4096", at_least(0), medium, dynamic)
        .from_broker("log.index.interval.bytes")
        .doc("About how many bytes of a log lie between two entries of its indexes."),
    row("internal.segment.bytes", int32, null, anything, medium, dynamic)
        .internal()
        .doc("Stands for segment.bytes and may be smaller than that allows: for tests."),
    row("leader.replication.throttled.replicas", list, "", throttled_replicas, medium, dynamic),
    row("local.retention.bytes", int64, "-2", at_least(-2), medium, dynamic)
        .from_broker("log.local.retention.bytes"),
    row("local.retention.ms", int64, "-2", at_least(-2), medium, dynamic)
        .from_broker("log.local.retention.ms"),
    row("max.compaction.lag.ms", int64, "9223372036854775807", at_least(1), medium, dynamic)
        .from_broker("log.cleaner.max.compaction.lag.ms"),
    row("max.message.bytes", int32, "1048588", at_least(0), medium, dynamic)
        .from_broker("message.max.bytes")
        .doc("How large a batch of records may be, as sent and as stored."),
    row("message.timestamp.after.max.ms", int64, "3600000", at_least(0), medium, dynamic)
        .from_broker("log.message.timestamp.after.max.ms")
        .doc("How far a record's timestamp may lie ahead of the broker's clock, with CreateTime."),
    row("message.timestamp.before.max.ms", int64, "9223372036854775807", at_least(0), medium,
        dynamic)
        .from_broker("log.message.timestamp.before.max.ms")
        .doc("How far a record's timestamp may lie behind the broker's clock, with CreateTime."),
    row("message.timestamp.type", string, "CreateTime", one_of("CreateTime, LogAppendTime"), medium,
        dynamic)
        .from_broker("log.message.timestamp.type")
        .doc("Whose time records bear: the producer's (CreateTime) or the broker's at the append "
             "(LogAppendTime)."),
    row("min.cleanable.dirty.ratio", float64, "0.5", between(0, 1), medium, dynamic)
        .from_broker("log.cleaner.min.cleanable.ratio"),
    row("min.compaction.lag.ms", int64, "0", at_least(0), medium, dynamic)
        .from_broker("log.cleaner.min.compaction.lag.ms"),
    row("min.insync.replicas", int32, "1", at_least(1), medium, dynamic)
        .from_broker("min.insync.replicas")
        .doc("How many replicas must be in sync for a write with acks=all to be taken."),
    row("preallocate", boolean, "false", anything, medium, dynamic).from_broker("log.preallocate"),
    row("remote.log.copy.disable", boolean, "false", anything, medium, dynamic),
    row("remote.log.delete.on.disable", boolean, "false", anything, medium, dynamic),
    row("remote.storage.enable", boolean, "false", anything, medium, dynamic),
    row("retention.bytes", int64, "-1", anything, medium, dynamic)
        .from_broker("log.retention.bytes")
        .doc("How large a partition may become before its oldest segments go. Negative: no bound."),
    row("retention.ms", int64, "604800000", at_least(-1), medium, dynamic)
        .from_broker("log.retention.ms")
        .doc("How long records are kept: a segment goes when its newest record is older. -1: for "
             "ever."),
    row("segment.bytes", int32, "1073741824", at_least(1048576), medium, dynamic)
        .from_broker("log.segment.bytes")
        .doc("How large a segment may become."),
    row("segment.index.bytes", int32, "10485760", at_least(4), medium, dynamic)
        .from_broker("log.index.size.max.bytes")
        .doc("How large an index may be before a new segment begins."),
    row("segment.jitter.ms", int64, "0", at_least(0), medium, dynamic)
        .from_broker("log.roll.jitter.ms")
        .doc("Up to how much earlier, by chance, a segment is closed than segment.ms says, so that "
             "not all partitions begin one at once."),
    row("segment.ms", int64, "604800000", at_least(1), medium, dynamic)
        .from_broker("log.roll.ms")
        .doc("The age at which a segment is closed and the next begun."),
    row("unclean.leader.election.enable", boolean, "false", anything, medium, dynamic)
        .from_broker("unclean.leader.election.enable")
        .doc("Whether a replica that may lack records can become leader when no other is left: "
             "availability at the price of records."),
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
    row("interval.ms", int32, "300000", anything, medium, dynamic)
        .doc("How often clients push what this subscription asks for; where several ask, the "
             "shortest holds. From 100 to 3600000."),
    row("match", list, "", anything, medium, dynamic)
        .doc("Which clients are asked: NAME=PATTERN, all of which are to match. NAME is client_id, "
             "client_instance_id, client_software_name, client_software_version, "
             "client_source_address or client_source_port; PATTERN is a regular expression for "
             "the whole value. Empty: all clients."),
    row("metrics", list, "", anything, medium, dynamic)
        .doc("Names of metrics, or how they begin; * for all. Empty: none."),
};
}  // namespace

std::span<const Setting> client_metrics_rows() {
    return kClientMetrics;
}

namespace {
constexpr Setting kClientQuota[] = {
    row("SCRAM-SHA-256", string, null, anything, medium, dynamic),
    row("SCRAM-SHA-512", string, null, anything, medium, dynamic),
    row("consumer_byte_rate", int64, "9223372036854775807", anything, medium, dynamic)
        .doc("Bytes of responses to Fetch a second."),
    row("controller_mutation_rate", float64, "2.147483647E9", anything, medium, dynamic)
        .doc("Partitions made and removed a second."),
    row("producer_byte_rate", int64, "9223372036854775807", anything, medium, dynamic)
        .doc("Bytes of Produce requests a second."),
    row("request_percentage", float64, "2.147483647E9", anything, medium, dynamic)
        .doc("Time of shards that requests take, in percent of one shard."),
};
}  // namespace

std::span<const Setting> client_quota_rows() {
    return kClientQuota;
}

namespace {
constexpr Setting kIpQuota[] = {
    row("connection_creation_rate", int32, "2147483647", at_least(0), medium, dynamic)
        .doc("Connections a second; further ones are refused."),
};
}  // namespace

std::span<const Setting> ip_quota_rows() {
    return kIpQuota;
}

}  // namespace moldau::config::rows
