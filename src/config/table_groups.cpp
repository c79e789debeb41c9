// Settings: consumer, share and streams groups, their topics, transactions. Facts of Kafka 4.3; the
// sentences are ours.
#include "rows.hpp"

namespace moldau::config::rows {

namespace {
constexpr Setting kGroups[] = {
    row("add.partitions.to.txn.retry.backoff.max.ms", int32, "100", at_least(0), high, read_only),
    row("add.partitions.to.txn.retry.backoff.ms", int32, "20", at_least(1), high, read_only),
    row("group.consumer.assignment.interval.ms", int32, "1000", at_least(0), medium, cluster_wide),
    row("group.consumer.assignors", list, "uniform,range", anything.no_empty_list(), medium,
        read_only),
    row("group.consumer.heartbeat.interval.ms", int32, "5000", at_least(1), medium, read_only),
    row("group.consumer.max.assignment.interval.ms", int32, "15000", at_least(0), medium,
        read_only),
    row("group.consumer.max.heartbeat.interval.ms", int32, "15000", at_least(1), medium, read_only),
    row("group.consumer.max.session.timeout.ms", int32, "60000", at_least(1), medium, read_only),
    row("group.consumer.max.size", int32, "2147483647", at_least(1), medium, read_only),
    row("group.consumer.migration.policy", string, "bidirectional",
        one_of_ignoring_case("DISABLED, DOWNGRADE, UPGRADE, BIDIRECTIONAL"), medium, read_only),
    row("group.consumer.min.assignment.interval.ms", int32, "0", at_least(0), medium, read_only),
    row("group.consumer.min.heartbeat.interval.ms", int32, "5000", at_least(1), medium, read_only),
    row("group.consumer.min.session.timeout.ms", int32, "45000", at_least(1), medium, read_only),
    row("group.consumer.regex.refresh.interval.ms", int32, "600000", at_least(10000), medium,
        read_only)
        .internal(),
    row("group.consumer.session.timeout.ms", int32, "45000", at_least(1), medium, read_only),
    row("group.coordinator.append.linger.ms", int32, "-1", at_least(-1), medium, read_only),
    row("group.coordinator.background.threads", int32, "2", at_least(1), high, read_only),
    row("group.coordinator.cached.buffer.max.bytes", int32, "1048588", at_least(524288), medium,
        cluster_wide),
    row("group.coordinator.rebalance.protocols", list, "classic,consumer,streams",
        one_of("consumer, classic, share, streams").no_empty_list(), medium, read_only),
    row("group.coordinator.threads", int32, "4", at_least(1), high, read_only),
    row("group.initial.rebalance.delay.ms", int32, "3000", anything, medium, read_only)
        .doc("How long the first rebalance of an empty group waits for more members, in "
             "ms; each that comes prolongs it, up to the rebalance timeout."),
    row("group.max.session.timeout.ms", int32, "1800000", anything, medium, read_only)
        .doc("The longest session timeout that a member of a classic group may ask for, "
             "in ms."),
    row("group.max.size", int32, "2147483647", at_least(1), medium, read_only)
        .doc("How many members a classic group may have."),
    row("group.min.session.timeout.ms", int32, "6000", anything, medium, read_only)
        .doc("The shortest session timeout that a member of a classic group may ask for, "
             "in ms."),
    row("group.share.assignment.interval.ms", int32, "1000", at_least(0), medium, cluster_wide),
    row("group.share.assignors", list, "simple", anything.no_empty_list(), medium, read_only),
    row("group.share.delivery.count.limit", int32, "5", between(2, 10), medium, read_only),
    row("group.share.heartbeat.interval.ms", int32, "5000", at_least(1), medium, read_only),
    row("group.share.initialize.retry.interval.ms", int32, "30000", at_least(1), low, read_only)
        .internal(),
    row("group.share.max.assignment.interval.ms", int32, "15000", at_least(0), medium, read_only),
    row("group.share.max.delivery.count.limit", int32, "10", between(5, 25), medium, read_only),
    row("group.share.max.heartbeat.interval.ms", int32, "15000", at_least(1), medium, read_only),
    row("group.share.max.partition.max.record.locks", int32, "4000", between(2000, 10000), medium,
        read_only),
    row("group.share.max.record.lock.duration.ms", int32, "60000", between(30000, 3600000), medium,
        read_only),
    row("group.share.max.session.timeout.ms", int32, "60000", at_least(1), medium, read_only),
    row("group.share.max.share.sessions", int32, "2000", at_least(1), medium, read_only),
    row("group.share.max.size", int32, "200", between(1, 1000), medium, read_only),
    row("group.share.min.assignment.interval.ms", int32, "0", at_least(0), medium, read_only),
    row("group.share.min.delivery.count.limit", int32, "2", between(2, 5), medium, read_only),
    row("group.share.min.heartbeat.interval.ms", int32, "5000", at_least(1), medium, read_only),
    row("group.share.min.partition.max.record.locks", int32, "100", between(100, 2000), medium,
        read_only),
    row("group.share.min.record.lock.duration.ms", int32, "15000", between(1000, 30000), medium,
        read_only),
    row("group.share.min.session.timeout.ms", int32, "45000", at_least(1), medium, read_only),
    row("group.share.partition.max.record.locks", int32, "2000", between(100, 10000), medium,
        read_only),
    row("group.share.persister.class.name", string,
        "org.apache.kafka.server.share.persister.DefaultStatePersister", anything, medium,
        read_only)
        .internal(),
    row("group.share.record.lock.duration.ms", int32, "30000", between(1000, 3600000), medium,
        read_only),
    row("group.share.session.timeout.ms", int32, "45000", at_least(1), medium, read_only),
    row("group.streams.assignment.interval.ms", int32, "1000", at_least(0), medium, cluster_wide),
    row("group.streams.heartbeat.interval.ms", int32, "5000", at_least(1), medium, read_only),
    row("group.streams.initial.rebalance.delay.ms", int32, "3000", at_least(0), medium, read_only),
    row("group.streams.max.assignment.interval.ms", int32, "15000", at_least(0), medium, read_only),
    row("group.streams.max.heartbeat.interval.ms", int32, "15000", at_least(1), medium, read_only),
    row("group.streams.max.session.timeout.ms", int32, "60000", at_least(1), medium, read_only),
    row("group.streams.max.size", int32, "2147483647", at_least(1), medium, read_only),
    row("group.streams.max.standby.replicas", int32, "2", at_least(0), medium, read_only),
    row("group.streams.min.assignment.interval.ms", int32, "0", at_least(0), medium, read_only),
    row("group.streams.min.heartbeat.interval.ms", int32, "5000", at_least(1), medium, read_only),
    row("group.streams.min.session.timeout.ms", int32, "45000", at_least(1), medium, read_only),
    row("group.streams.num.standby.replicas", int32, "0", at_least(0), medium, read_only),
    row("group.streams.session.timeout.ms", int32, "45000", at_least(1), medium, read_only),
    row("offset.metadata.max.bytes", int32, "4096", anything, high, read_only)
        .doc("How long the text may be that is committed with an offset, in UTF-16 code "
             "units."),
    row("offsets.commit.timeout.ms", int32, "5000", at_least(1), high, read_only),
    row("offsets.load.buffer.size", int32, "5242880", at_least(1), high, read_only)
        .doc("How many bytes of a partition of __consumer_offsets are read at once when "
             "its groups are loaded; more than 256 KiB are read in parts."),
    row("offsets.retention.check.interval.ms", int64, "600000", at_least(1), high, read_only)
        .doc("Between two looks for offsets that are too old, in ms."),
    row("offsets.retention.minutes", int32, "10080", at_least(1), high, read_only)
        .doc("How long a group's offsets are kept after its last member has left, or "
             "after the last commit where it has no members or they do not read the "
             "topic, in minutes."),
    row("offsets.topic.compression.codec", int32, "0", anything, high, read_only)
        .doc("How batches of __consumer_offsets are packed: 0 none, 1 gzip, 2 snappy, 3 "
             "lz4, 4 zstd."),
    row("offsets.topic.num.partitions", int32, "50", at_least(1), high, read_only)
        .doc("How many partitions __consumer_offsets has when it is made."),
    row("offsets.topic.replication.factor", int16, "3", at_least(1), high, read_only)
        .doc("How many replicas __consumer_offsets has when it is made; it cannot be "
             "made while there are fewer brokers."),
    row("offsets.topic.segment.bytes", int32, "104857600", at_least(1), high, read_only)
        .doc("The segment.bytes of __consumer_offsets when it is made."),
    row("producer.id.expiration.check.interval.ms", int32, "600000", at_least(1), low, read_only)
        .internal(),
    row("producer.id.expiration.ms", int32, "86400000", at_least(1), low, cluster_wide)
        .doc("How long the last batches of an idle idempotent producer are remembered, by which "
             "its retries are recognised."),
    row("share.coordinator.append.linger.ms", int32, "-1", at_least(-1), medium, read_only),
    row("share.coordinator.cached.buffer.max.bytes", int32, "1048588", at_least(524288), medium,
        cluster_wide),
    row("share.coordinator.cold.partition.snapshot.interval.ms", int32, "300000", at_least(1), low,
        read_only)
        .internal(),
    row("share.coordinator.load.buffer.size", int32, "5242880", at_least(1), high, read_only),
    row("share.coordinator.snapshot.update.records.per.snapshot", int32, "500", between(0, 500),
        medium, read_only),
    row("share.coordinator.state.topic.compression.codec", int32, "0", anything, high, read_only),
    row("share.coordinator.state.topic.min.isr", int16, "2", at_least(1), high, read_only),
    row("share.coordinator.state.topic.num.partitions", int32, "50", at_least(1), high, read_only),
    row("share.coordinator.state.topic.prune.interval.ms", int32, "300000", at_least(1), low,
        read_only)
        .internal(),
    row("share.coordinator.state.topic.replication.factor", int16, "3", at_least(1), high,
        read_only),
    row("share.coordinator.state.topic.segment.bytes", int32, "104857600", at_least(1), high,
        read_only),
    row("share.coordinator.threads", int32, "1", at_least(1), medium, read_only),
    row("share.coordinator.write.timeout.ms", int32, "5000", at_least(1), high, read_only),
    row("share.fetch.purgatory.purge.interval.requests", int32, "1000", anything, medium,
        read_only),
    row("transaction.abort.timed.out.transaction.cleanup.interval.ms", int32, "10000", at_least(1),
        low, read_only),
    row("transaction.max.timeout.ms", int32, "900000", at_least(1), high, read_only),
    row("transaction.partition.verification.enable", boolean, "true", anything, low, cluster_wide),
    row("transaction.remove.expired.transaction.cleanup.interval.ms", int32, "3600000", at_least(1),
        low, read_only),
    row("transaction.state.log.load.buffer.size", int32, "5242880", at_least(1), high, read_only),
    row("transaction.state.log.min.isr", int32, "2", at_least(1), high, read_only),
    row("transaction.state.log.num.partitions", int32, "50", at_least(1), high, read_only),
    row("transaction.state.log.replication.factor", int16, "3", at_least(1), high, read_only),
    row("transaction.state.log.segment.bytes", int32, "104857600", at_least(1), high, read_only),
    row("transaction.two.phase.commit.enable", boolean, "false", anything, low, read_only),
    row("transactional.id.expiration.ms", int32, "604800000", at_least(1), high, read_only),
};
}  // namespace

std::span<const Setting> groups_rows() {
    return kGroups;
}

}  // namespace moldau::config::rows
