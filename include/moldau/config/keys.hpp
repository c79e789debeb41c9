// Keys of the settings that are in effect: settings.get(kSocketRequestMaxBytes). Listeners, roles,
// ids and log directories come checked and parsed in Settings::node() and have no key here; what is
// said in several units comes from Settings::log_retention_ms() and its sisters.
#pragma once

#include "moldau/config/settings.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moldau::config {

inline constexpr Key<bool> kAutoCreateTopicsEnable{"auto.create.topics.enable"};
inline constexpr Key<std::optional<std::string>> kBrokerRack{"broker.rack"};
inline constexpr Key<std::int32_t> kCompressionGzipLevel{"compression.gzip.level"};
inline constexpr Key<std::int32_t> kCompressionLz4Level{"compression.lz4.level"};
inline constexpr Key<std::string> kCompressionType{"compression.type"};
inline constexpr Key<std::int32_t> kCompressionZstdLevel{"compression.zstd.level"};
inline constexpr Key<std::int64_t> kConnectionsMaxIdleMs{"connections.max.idle.ms"};
inline constexpr Key<std::vector<std::string>> kControllerQuorumVoters{"controller.quorum.voters"};
inline constexpr Key<std::int32_t> kControllerQuotaWindowNum{"controller.quota.window.num"};
inline constexpr Key<std::int32_t> kControllerQuotaWindowSizeSeconds{
    "controller.quota.window.size.seconds"};
inline constexpr Key<std::vector<std::string>> kListeners{"listeners"};
inline constexpr Key<std::string> kListenerSecurityProtocolMap{"listener.security.protocol.map"};
inline constexpr Key<std::vector<std::string>> kCordonedLogDirs{"cordoned.log.dirs"};
inline constexpr Key<std::int32_t> kDefaultReplicationFactor{"default.replication.factor"};
inline constexpr Key<bool> kDeleteTopicEnable{"delete.topic.enable"};
inline constexpr Key<std::int32_t> kFetchMaxBytes{"fetch.max.bytes"};
inline constexpr Key<std::int32_t> kGroupInitialRebalanceDelayMs{
    "group.initial.rebalance.delay.ms"};
inline constexpr Key<std::int32_t> kGroupMaxSessionTimeoutMs{"group.max.session.timeout.ms"};
inline constexpr Key<std::int32_t> kGroupMaxSize{"group.max.size"};
inline constexpr Key<std::int32_t> kGroupMinSessionTimeoutMs{"group.min.session.timeout.ms"};
inline constexpr Key<std::vector<std::string>> kLogCleanupPolicy{"log.cleanup.policy"};
inline constexpr Key<std::int64_t> kLogFlushIntervalMessages{"log.flush.interval.messages"};
inline constexpr Key<std::optional<std::int64_t>> kLogFlushIntervalMs{"log.flush.interval.ms"};
inline constexpr Key<std::int32_t> kLogFlushOffsetCheckpointIntervalMs{
    "log.flush.offset.checkpoint.interval.ms"};
inline constexpr Key<std::int64_t> kLogFlushSchedulerIntervalMs{"log.flush.scheduler.interval.ms"};
inline constexpr Key<std::int32_t> kLogFlushStartOffsetCheckpointIntervalMs{
    "log.flush.start.offset.checkpoint.interval.ms"};
inline constexpr Key<std::int32_t> kLogIndexIntervalBytes{"log.index.interval.bytes"};
inline constexpr Key<std::int32_t> kLogIndexSizeMaxBytes{"log.index.size.max.bytes"};
inline constexpr Key<std::int64_t> kLogMessageTimestampAfterMaxMs{
    "log.message.timestamp.after.max.ms"};
inline constexpr Key<std::int64_t> kLogMessageTimestampBeforeMaxMs{
    "log.message.timestamp.before.max.ms"};
inline constexpr Key<std::string> kLogMessageTimestampType{"log.message.timestamp.type"};
inline constexpr Key<std::int64_t> kLogRetentionBytes{"log.retention.bytes"};
inline constexpr Key<std::int64_t> kLogRetentionCheckIntervalMs{"log.retention.check.interval.ms"};
inline constexpr Key<std::int32_t> kLogSegmentBytes{"log.segment.bytes"};
inline constexpr Key<std::int64_t> kLogSegmentDeleteDelayMs{"log.segment.delete.delay.ms"};
inline constexpr Key<std::int32_t> kMaxConnectionCreationRate{"max.connection.creation.rate"};
inline constexpr Key<std::int32_t> kMaxConnections{"max.connections"};
inline constexpr Key<std::int32_t> kMaxConnectionsPerIp{"max.connections.per.ip"};
inline constexpr Key<std::string> kMaxConnectionsPerIpOverrides{"max.connections.per.ip.overrides"};
inline constexpr Key<std::int32_t> kMaxIncrementalFetchSessionCacheSlots{
    "max.incremental.fetch.session.cache.slots"};
inline constexpr Key<std::int32_t> kMaxRequestPartitionSizeLimit{
    "max.request.partition.size.limit"};
inline constexpr Key<std::int32_t> kMessageMaxBytes{"message.max.bytes"};
inline constexpr Key<std::optional<std::string>> kMetadataLogDir{"metadata.log.dir"};
inline constexpr Key<std::int64_t> kMetadataLogMaxRecordBytesBetweenSnapshots{
    "metadata.log.max.record.bytes.between.snapshots"};
inline constexpr Key<std::int64_t> kMetadataLogMaxSnapshotIntervalMs{
    "metadata.log.max.snapshot.interval.ms"};
inline constexpr Key<std::int32_t> kMetadataLogSegmentBytes{"metadata.log.segment.bytes"};
inline constexpr Key<std::int64_t> kMetadataLogSegmentMs{"metadata.log.segment.ms"};
inline constexpr Key<std::int64_t> kMetadataMaxRetentionBytes{"metadata.max.retention.bytes"};
inline constexpr Key<std::int64_t> kMetadataMaxRetentionMs{"metadata.max.retention.ms"};
inline constexpr Key<std::int32_t> kMinInsyncReplicas{"min.insync.replicas"};
inline constexpr Key<std::int32_t> kNumPartitions{"num.partitions"};
inline constexpr Key<std::int32_t> kOffsetMetadataMaxBytes{"offset.metadata.max.bytes"};
inline constexpr Key<std::int32_t> kOffsetsLoadBufferSize{"offsets.load.buffer.size"};
inline constexpr Key<std::int64_t> kOffsetsRetentionCheckIntervalMs{
    "offsets.retention.check.interval.ms"};
inline constexpr Key<std::int32_t> kOffsetsRetentionMinutes{"offsets.retention.minutes"};
inline constexpr Key<std::int32_t> kOffsetsTopicCompressionCodec{"offsets.topic.compression.codec"};
inline constexpr Key<std::int32_t> kOffsetsTopicNumPartitions{"offsets.topic.num.partitions"};
inline constexpr Key<std::int16_t> kOffsetsTopicReplicationFactor{
    "offsets.topic.replication.factor"};
inline constexpr Key<std::int32_t> kOffsetsTopicSegmentBytes{"offsets.topic.segment.bytes"};
inline constexpr Key<std::int32_t> kProducerIdExpirationMs{"producer.id.expiration.ms"};
inline constexpr Key<std::int32_t> kQuotaWindowNum{"quota.window.num"};
inline constexpr Key<std::int32_t> kQuotaWindowSizeSeconds{"quota.window.size.seconds"};
inline constexpr Key<std::int32_t> kSocketListenBacklogSize{"socket.listen.backlog.size"};
inline constexpr Key<std::int32_t> kSocketReceiveBufferBytes{"socket.receive.buffer.bytes"};
inline constexpr Key<std::int32_t> kSocketRequestMaxBytes{"socket.request.max.bytes"};
inline constexpr Key<std::int32_t> kSocketSendBufferBytes{"socket.send.buffer.bytes"};
inline constexpr Key<std::int32_t> kTelemetryMaxBytes{"telemetry.max.bytes"};
inline constexpr Key<bool> kUncleanLeaderElectionEnable{"unclean.leader.election.enable"};

inline constexpr Key<bool> kClientMetrics{"moldau.client.metrics"};
inline constexpr Key<std::int32_t> kConnectionFrameDeadlineMs{
    "moldau.connection.frame.deadline.ms"};
inline constexpr Key<std::int64_t> kConnectionInflightBytes{"moldau.connection.inflight.bytes"};
inline constexpr Key<std::optional<std::string>> kCrashDirectory{"moldau.crash.directory"};
inline constexpr Key<std::string> kLogFormat{"moldau.log.format"};
inline constexpr Key<std::string> kLogLevel{"moldau.log.level"};
inline constexpr Key<std::int64_t> kMemoryBudgetBytes{"moldau.memory.budget.bytes"};
inline constexpr Key<std::int32_t> kShards{"moldau.shards"};
inline constexpr Key<bool> kSocketLocalPacing{"moldau.socket.local.pacing"};
inline constexpr Key<bool> kSocketReceiveBufferGrows{"moldau.socket.receive.buffer.grows"};
inline constexpr Key<bool> kSocketSendBufferGrows{"moldau.socket.send.buffer.grows"};

}  // namespace moldau::config
