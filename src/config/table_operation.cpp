// Settings: metrics, quotas, policies, plugins. Facts of Kafka 4.3; the sentences are ours.
#include "rows.hpp"

namespace moldau::config::rows {

namespace {
constexpr Setting kOperation[] = {
    row("alter.config.policy.class.name", class_name, null, anything, low, read_only),
    row("alter.log.dirs.replication.quota.window.num", int32, "11", at_least(1), low, read_only),
    row("alter.log.dirs.replication.quota.window.size.seconds", int32, "1", at_least(1), low,
        read_only),
    row("client.quota.callback.class", class_name, null, anything, low, read_only),
    row("config.providers", list, "", anything, low, cluster_wide),
    row("create.topic.policy.class.name", class_name, null, anything, low, read_only),
    row("kafka.metrics.polling.interval.secs", int32, "10", at_least(1), low, read_only),
    row("kafka.metrics.reporters", list, "", anything, low, read_only),
    row("metric.reporters", list, "org.apache.kafka.common.metrics.JmxReporter", anything, low,
        cluster_wide),
    row("metrics.num.samples", int32, "2", at_least(1), low, read_only),
    row("metrics.recording.level", string, "INFO", anything, low, read_only),
    row("metrics.sample.window.ms", int64, "30000", at_least(1), low, read_only),
    row("producer.purgatory.purge.interval.requests", int32, "1000", anything, medium, read_only),
    row("quota.window.num", int32, "11", at_least(1), low, read_only)
        .doc("How many samples the rates are taken over that client quotas and rates of "
             "connections bound. More than 3600 are taken as 3600."),
    row("quota.window.size.seconds", int32, "1", at_least(1), low, read_only)
        .doc("How long each of these samples is. No client is told to wait for longer by its "
             "request_percentage, and no connection is held up "
             "for longer."),
    row("telemetry.max.bytes", int32, "1048576", at_least(1), low, read_only)
        .doc("How many bytes of metrics, packed as they come, a client may push at once."),
};
}  // namespace

std::span<const Setting> operation_rows() {
    return kOperation;
}

}  // namespace moldau::config::rows
