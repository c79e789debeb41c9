// Settings: roles, quorum, metadata, replication between nodes. Facts of Kafka 4.3; the sentences
// are ours.
#include "rows.hpp"

namespace moldau::config::rows {

namespace {
constexpr Setting kCluster[] = {
    row("auto.leader.rebalance.enable", boolean, "true", anything, high, read_only),
    row("broker.heartbeat.interval.ms", int32, "2000", anything, medium, read_only),
    row("broker.id", int32, "-1", anything, high, read_only)
        .doc("Older name of node.id. Where both are set they must agree."),
    row("broker.rack", string, null, anything, medium, read_only)
        .doc("The rack or zone of this broker, told to clients and used when replicas are placed."),
    row("broker.session.timeout.ms", int32, "9000", anything, medium, read_only),
    row("controlled.shutdown.enable", boolean, "true", anything, medium, read_only),
    row("controller.listener.names", list, required, anything.no_empty_list(), high, read_only)
        .doc("The names of the controllers' listeners, commas between. A controller has them among "
             "its listeners, a broker alone must not; a broker connects to the first."),
    row("controller.performance.always.log.threshold.ms", int64, "2000", at_least(0), medium,
        read_only)
        .internal(),
    row("controller.performance.sample.period.ms", int64, "60000", at_least(100), medium, read_only)
        .internal(),
    row("controller.quorum.append.linger.ms", int32, "25", at_least(0), medium, read_only),
    row("controller.quorum.auto.join.enable", boolean, "false", anything, low, read_only),
    row("controller.quorum.bootstrap.servers", list, "", servers, high, read_only),
    row("controller.quorum.election.backoff.max.ms", int32, "1000", at_least(0), high, read_only),
    row("controller.quorum.election.timeout.ms", int32, "1000", at_least(0), high, read_only),
    row("controller.quorum.fetch.max.bytes", int32, "1048576", at_least(1), low, read_only),
    row("controller.quorum.fetch.snapshot.max.bytes", int32, "1048576", at_least(1), low,
        read_only),
    row("controller.quorum.fetch.timeout.ms", int32, "2000", at_least(0), high, read_only),
    row("controller.quorum.request.timeout.ms", int32, "2000", at_least(0), medium, read_only),
    row("controller.quorum.retry.backoff.ms", int32, "20", at_least(0), low, read_only),
    row("controller.quorum.voters", list, "", voters, high, read_only)
        .doc("The controllers that vote while kraft.version is 0: ID@HOST:PORT, commas between. "
             "One, this node, is served. At kraft.version 1 the metadata log says who votes."),
    row("controller.quota.window.num", int32, "11", at_least(1), low, read_only)
        .doc("How many times controller.quota.window.size.seconds a client may save up of its "
             "controller_mutation_rate, to be used at once."),
    row("controller.quota.window.size.seconds", int32, "1", at_least(1), low, read_only)
        .doc("See controller.quota.window.num."),
    row("controller.socket.timeout.ms", int32, "30000", anything, medium, read_only),
    row("follower.replication.throttled.rate", int64, "9223372036854775807", at_least(0), medium,
        dynamic_only),
    row("initial.broker.registration.timeout.ms", int32, "60000", anything, medium, read_only),
    row("internal.metadata.delete.delay.millis", int64, "60000", anything, low, read_only)
        .internal(),
    row("internal.metadata.log.segment.bytes", int32, null, anything, low, read_only).internal(),
    row("internal.metadata.max.batch.size.in.bytes", int32, "8388608", anything, low, read_only)
        .internal(),
    row("leader.imbalance.check.interval.seconds", int64, "300", at_least(1), high, read_only),
    row("leader.replication.throttled.rate", int64, "9223372036854775807", at_least(0), medium,
        dynamic_only),
    row("metadata.log.dir", string, null, anything, high, read_only),
    row("metadata.log.max.record.bytes.between.snapshots", int64, "20971520", at_least(1), high,
        read_only)
        .doc("How many bytes of records the metadata log gathers before a snapshot of it is "
             "written."),
    row("metadata.log.max.snapshot.interval.ms", int64, "3600000", at_least(0), high, read_only)
        .doc("After how long a snapshot of the metadata log is written, if there are any new "
             "records. 0: its size alone decides."),
    row("metadata.log.segment.bytes", int32, "1073741824", at_least(8388608), high, read_only)
        .doc("How large a segment of the metadata log may become."),
    row("metadata.log.segment.ms", int64, "604800000", anything, high, read_only)
        .doc("The age at which a segment of the metadata log is closed and the next begun."),
    row("metadata.max.idle.interval.ms", int32, "500", at_least(0), low, read_only),
    row("metadata.max.retention.bytes", int64, "104857600", anything, high, read_only)
        .doc("How large the metadata log and its snapshots may become before the oldest that a "
             "newer snapshot replaces go. Negative: no bound."),
    row("metadata.max.retention.ms", int64, "604800000", anything, high, read_only)
        .doc("How long snapshots of the metadata log, and the log before them, are kept though a "
             "newer one replaces them. Negative: no bound."),
    row("node.id", int32, required, at_least(0), high, read_only)
        .doc("The number of this node in its cluster, the same at every start; no other node may "
             "have it."),
    row("num.replica.fetchers", int32, "1", at_least(1), high, cluster_wide),
    row("process.roles", list, required, one_of("broker, controller").no_empty_list(), high,
        read_only)
        .doc("What this process is: broker, controller, or both. Where neither this nor a "
             "controller.quorum.* setting is given, the node is implicit: node 1, both roles, a "
             "cluster of its own."),
    row("replica.alter.log.dirs.io.max.bytes.per.second", int64, "9223372036854775807", at_least(0),
        medium, dynamic_only),
    row("replica.fetch.backoff.ms", int32, "1000", at_least(0), medium, read_only),
    row("replica.fetch.max.bytes", int32, "1048576", at_least(0), medium, read_only),
    row("replica.fetch.min.bytes", int32, "1", anything, high, read_only),
    row("replica.fetch.response.max.bytes", int32, "10485760", at_least(0), medium, read_only),
    row("replica.fetch.wait.max.ms", int32, "500", anything, high, read_only),
    row("replica.high.watermark.checkpoint.interval.ms", int64, "5000", anything, high, read_only),
    row("replica.lag.time.max.ms", int64, "30000", anything, high, read_only),
    row("replica.selector.class", string, null, anything, medium, read_only),
    row("replica.socket.receive.buffer.bytes", int32, "65536", anything, high, read_only),
    row("replica.socket.timeout.ms", int32, "30000", anything, high, read_only),
    row("replication.quota.window.num", int32, "11", at_least(1), low, read_only),
    row("replication.quota.window.size.seconds", int32, "1", at_least(1), low, read_only),
    row("server.max.startup.time.ms", int64, "9223372036854775807", at_least(0), medium, read_only)
        .internal(),
    row("unclean.leader.election.enable", boolean, "false", anything, high, cluster_wide)
        .doc("Whether a replica that may lack records can become leader when no other is left, in "
             "topics without a value of their own: availability at the price of records."),
    row("unclean.leader.election.interval.ms", int64, "300000", at_least(1), medium, read_only)
        .internal(),
    row("unstable.api.versions.enable", boolean, "false", anything, high, read_only).internal(),
    row("unstable.feature.versions.enable", boolean, "false", anything, high, read_only).internal(),
};
}  // namespace

std::span<const Setting> cluster_rows() {
    return kCluster;
}

}  // namespace moldau::config::rows
