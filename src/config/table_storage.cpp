// Settings: logs, compression, retention, tiered storage. Facts of Kafka 4.3; the sentences are
// ours.
#include "rows.hpp"

namespace moldau::config::rows {

namespace {
constexpr Setting kStorage[] = {
    row("auto.create.topics.enable", boolean, "true", anything, high, read_only)
        .doc("Whether a topic that does not exist is made when a client asks for its metadata and "
             "allows that."),
    row("background.threads", int32, "10", at_least(1), high, cluster_wide),
    row("compression.gzip.level", int32, "-1", between_or_minus_one(1, 9), medium, cluster_wide)
        .doc("The level for topics that are stored as gzip and have no compression.gzip.level of "
             "their own; -1 leaves it to zlib."),
    row("compression.lz4.level", int32, "9", between(1, 17), medium, cluster_wide)
        .doc("The level for topics that are stored as lz4 and have no compression.lz4.level of "
             "their own."),
    row("compression.type", string, "producer",
        one_of("uncompressed, zstd, lz4, snappy, gzip, producer"), high, cluster_wide)
        .doc("How the batches of a topic without a compression.type of its own are stored. "
             "producer: as they came; else batches that came otherwise are packed anew."),
    row("compression.zstd.level", int32, "3", between(-131072, 22), medium, cluster_wide)
        .doc("The level for topics that are stored as zstd and have no compression.zstd.level of "
             "their own."),
    row("cordoned.log.dirs", list, "", anything, medium, per_broker)
        .doc("Those of log.dirs that take no new replicas, or * for all of them. What lies there "
             "goes on; a broker all of whose directories are cordoned is given no new partitions."),
    row("default.replication.factor", int32, "1", anything, medium, read_only)
        .doc("How many replicas a topic has when whoever makes it does not say."),
    row("delete.records.purgatory.purge.interval.requests", int32, "1", anything, medium,
        read_only),
    row("delete.topic.enable", boolean, "true", anything, high, read_only)
        .doc("Whether topics may be deleted."),
    row("follower.fetch.last.tiered.offset.enable", boolean, "false", anything, medium,
        cluster_wide),
    row("log.cleaner.backoff.ms", int64, "15000", at_least(0), medium, cluster_wide),
    row("log.cleaner.dedupe.buffer.size", int64, "134217728", anything, medium, cluster_wide),
    row("log.cleaner.delete.retention.ms", int64, "86400000", at_least(0), medium, cluster_wide),
    row("log.cleaner.enable", boolean, "true", anything, medium, read_only),
    row("log.cleaner.io.buffer.load.factor", float64, "0.9", anything, medium, cluster_wide),
    row("log.cleaner.io.buffer.size", int32, "524288", at_least(0), medium, cluster_wide),
    row("log.cleaner.io.max.bytes.per.second", float64, "1.7976931348623157E308", anything, medium,
        cluster_wide),
    row("log.cleaner.max.compaction.lag.ms", int64, "9223372036854775807", at_least(1), medium,
        cluster_wide),
    row("log.cleaner.min.cleanable.ratio", float64, "0.5", between(0, 1), medium, cluster_wide),
    row("log.cleaner.min.compaction.lag.ms", int64, "0", at_least(0), medium, cluster_wide),
    row("log.cleaner.threads", int32, "1", at_least(0), medium, cluster_wide),
    row("log.cleanup.policy", list, "delete", one_of("compact, delete"), medium, cluster_wide)
        .doc("What becomes of old segments of topics without a cleanup.policy of their own. "
             "delete: they go when the retention settings say so; an empty list keeps all. compact "
             "is taken and kept, records then need a key, but nothing is compacted yet."),
    row("log.dir", list, "/tmp/kafka-logs", anything.no_empty_list(), high, read_only)
        .doc("The log directory, where log.dirs is not set."),
    row("log.dir.failure.timeout.ms", int64, "30000", at_least(1), low, read_only),
    row("log.dirs", list, null, anything.no_empty_list(), high, read_only)
        .doc("The log directories, commas between. Default: log.dir."),
    row("log.flush.interval.messages", int64, "9223372036854775807", at_least(1), high,
        cluster_wide)
        .doc("How many records a partition gathers before they are forced to the disk, in topics "
             "without flush.messages."),
    row("log.flush.interval.ms", int64, null, anything, high, cluster_wide)
        .doc("How long a partition's records may wait before they are forced to the disk, in "
             "topics without flush.ms. Default: log.flush.scheduler.interval.ms."),
    row("log.flush.offset.checkpoint.interval.ms", int32, "60000", at_least(0), high, read_only)
        .doc("How often the recovery points are written down: what lies before them is on the disk "
             "and is not read again after a crash."),
    row("log.flush.scheduler.interval.ms", int64, "9223372036854775807", anything, high, read_only)
        .doc("Stands for log.flush.interval.ms where that is not set. Nothing else: flushes are "
             "due when they are due, not at the next round."),
    row("log.flush.start.offset.checkpoint.interval.ms", int32, "60000", at_least(0), high,
        read_only)
        .doc("How often the logs' start offsets are written down, where they have changed."),
    row("log.index.interval.bytes", int32, "4096", at_least(0), medium, cluster_wide)
        .doc("About how many bytes of a log lie between two entries of its indexes, in topics "
             "without index.interval.bytes."),
    row("log.index.size.max.bytes", int32, "10485760", at_least(4), medium, cluster_wide)
        .doc("How large an index may be before a new segment begins, in topics without "
             "segment.index.bytes."),
    row("log.initial.task.delay.ms", int64, "30000", at_least(0), low, read_only).internal(),
    row("log.local.retention.bytes", int64, "-2", at_least(-2), medium, cluster_wide),
    row("log.local.retention.ms", int64, "-2", at_least(-2), medium, cluster_wide),
    row("log.message.timestamp.after.max.ms", int64, "3600000", at_least(0), medium, cluster_wide)
        .doc("How far a record's timestamp may lie ahead of the broker's clock, in topics with "
             "CreateTime and no message.timestamp.after.max.ms of their own."),
    row("log.message.timestamp.before.max.ms", int64, "9223372036854775807", at_least(0), medium,
        cluster_wide)
        .doc("How far a record's timestamp may lie behind the broker's clock, in topics with "
             "CreateTime and no message.timestamp.before.max.ms of their own."),
    row("log.message.timestamp.type", string, "CreateTime", one_of("CreateTime, LogAppendTime"),
        medium, cluster_wide)
        .doc("Whose time records bear in topics without a message.timestamp.type of their own: the "
             "producer's (CreateTime) or the broker's at the append (LogAppendTime)."),
    row("log.preallocate", boolean, "false", anything, medium, cluster_wide),
    row("log.retention.bytes", int64, "-1", anything, high, cluster_wide)
        .doc("How large a partition may become before its oldest segments go, in topics without "
             "retention.bytes. Negative: no bound."),
    row("log.retention.check.interval.ms", int64, "300000", at_least(1), medium, read_only)
        .doc("How often the broker looks for segments that retention lets go."),
    row("log.retention.hours", int32, "168", anything, high, read_only)
        .doc("How long records are kept, in hours, where neither log.retention.ms nor "
             "log.retention.minutes is set. Negative: for ever."),
    row("log.retention.minutes", int32, null, anything, high, read_only)
        .doc("How long records are kept, in minutes, where log.retention.ms is not set. Negative: "
             "for ever."),
    row("log.retention.ms", int64, null, anything, high, cluster_wide)
        .doc("How long records are kept in topics without retention.ms: a segment goes when its "
             "newest record is older. Negative: for ever. Default: log.retention.minutes, else "
             "log.retention.hours."),
    row("log.roll.hours", int32, "168", at_least(1), high, read_only)
        .doc("The age at which a segment is closed, in hours, where log.roll.ms is not set."),
    row("log.roll.jitter.hours", int32, "0", at_least(0), high, read_only)
        .doc("As log.roll.jitter.ms, in hours, where that is not set."),
    row("log.roll.jitter.ms", int64, null, anything, high, cluster_wide)
        .doc("Up to how much earlier, by chance, a segment is closed than log.roll.ms says, so "
             "that not all partitions begin one at once; in topics without segment.jitter.ms."),
    row("log.roll.ms", int64, null, anything, high, cluster_wide)
        .doc("The age at which a segment is closed and the next begun, in topics without "
             "segment.ms. Default: log.roll.hours."),
    row("log.segment.bytes", int32, "1073741824", at_least(1048576), high, cluster_wide)
        .doc("How large a segment may become, in topics without segment.bytes."),
    row("log.segment.delete.delay.ms", int64, "60000", at_least(0), high, cluster_wide)
        .doc("How long a deleted segment's files stay under another name, for readers that still "
             "use them; in topics without file.delete.delay.ms."),
    row("message.max.bytes", int32, "1048588", at_least(0), high, cluster_wide)
        .doc("How large a batch of records may be, as sent and as stored, in topics without "
             "max.message.bytes."),
    row("min.insync.replicas", int32, "1", at_least(1), high, cluster_wide)
        .doc("How many replicas must be in sync for a write with acks=all to be taken, in topics "
             "without a value of their own."),
    row("num.partitions", int32, "1", at_least(1), medium, read_only)
        .doc("How many partitions a topic has when whoever makes it does not say."),
    row("num.recovery.threads.per.data.dir", int32, "2", at_least(1), high, cluster_wide),
    row("num.replica.alter.log.dirs.threads", int32, null, anything, high, read_only),
    row("remote.fetch.max.wait.ms", int32, "500", at_least(1), medium, cluster_wide),
    row("remote.list.offsets.request.timeout.ms", int64, "30000", at_least(1), medium,
        cluster_wide),
    row("remote.log.index.file.cache.total.size.bytes", int64, "1073741824", at_least(1), low,
        cluster_wide),
    row("remote.log.index.file.cache.ttl.ms", int64, "900000", at_least(-1), low, read_only)
        .internal(),
    row("remote.log.manager.copier.thread.pool.size", int32, "10", at_least(1), medium,
        cluster_wide),
    row("remote.log.manager.copy.max.bytes.per.second", int64, "9223372036854775807", at_least(1),
        medium, cluster_wide),
    row("remote.log.manager.copy.quota.window.num", int32, "11", at_least(1), medium, read_only),
    row("remote.log.manager.copy.quota.window.size.seconds", int32, "1", at_least(1), medium,
        read_only),
    row("remote.log.manager.expiration.thread.pool.size", int32, "10", at_least(1), medium,
        cluster_wide),
    row("remote.log.manager.fetch.max.bytes.per.second", int64, "9223372036854775807", at_least(1),
        medium, cluster_wide),
    row("remote.log.manager.fetch.quota.window.num", int32, "11", at_least(1), medium, read_only),
    row("remote.log.manager.fetch.quota.window.size.seconds", int32, "1", at_least(1), medium,
        read_only),
    row("remote.log.manager.follower.thread.pool.size", int32, "2", at_least(1), medium,
        cluster_wide),
    row("remote.log.manager.task.interval.ms", int64, "30000", at_least(1), low, read_only),
    row("remote.log.manager.task.retry.backoff.max.ms", int64, "30000", at_least(1), low, read_only)
        .internal(),
    row("remote.log.manager.task.retry.backoff.ms", int64, "500", at_least(1), low, read_only)
        .internal(),
    row("remote.log.manager.task.retry.jitter", float64, "0.2", between(0, 0.5), low, read_only)
        .internal(),
    row("remote.log.manager.thread.pool.size", int32, "2", at_least(1), medium, read_only),
    row("remote.log.metadata.custom.metadata.max.bytes", int32, "128", at_least(0), low, read_only),
    row("remote.log.metadata.manager.class.name", string,
        "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager",
        not_empty, medium, read_only),
    row("remote.log.metadata.manager.class.path", string, null, anything, medium, read_only),
    row("remote.log.metadata.manager.impl.prefix", string, "rlmm.config.", not_empty, medium,
        read_only),
    row("remote.log.metadata.manager.listener.name", string, null, not_empty, medium, read_only),
    row("remote.log.reader.max.pending.tasks", int32, "100", at_least(1), medium, read_only),
    row("remote.log.reader.threads", int32, "10", at_least(1), medium, cluster_wide),
    row("remote.log.storage.manager.class.name", string, null, not_empty, medium, read_only),
    row("remote.log.storage.manager.class.path", string, null, anything, medium, read_only),
    row("remote.log.storage.manager.impl.prefix", string, "rsm.config.", not_empty, medium,
        read_only),
    row("remote.log.storage.system.enable", boolean, "false", anything, medium, read_only),
};
}  // namespace

std::span<const Setting> storage_rows() {
    return kStorage;
}

}  // namespace moldau::config::rows
