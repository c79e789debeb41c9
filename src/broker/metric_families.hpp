// Every metric that a node exports. docs/metrics.md has a row for each, and a test that compares.
#pragma once

#include "moldau/metrics/samples.hpp"

#include <array>

namespace moldau::broker::families {

using metrics::Family;
using metrics::Kind;

inline constexpr Family kBuildInfo{"moldau_build_info", Kind::gauge,
                                   "Always 1; its labels say which build this is.",
                                   "version, commit"};
inline constexpr Family kStartTimeSeconds{"moldau_start_time_seconds", Kind::gauge,
                                          "When the process began, in seconds since 1970."};
inline constexpr Family kProcessCpuSeconds{"moldau_process_cpu_seconds_total", Kind::counter,
                                           "CPU time of the process, in user and in system mode.",
                                           "mode"};
inline constexpr Family kProcessResidentMemoryBytes{
    "moldau_process_resident_memory_bytes", Kind::gauge, "Memory of the process that is in RAM."};
inline constexpr Family kProcessVirtualMemoryBytes{"moldau_process_virtual_memory_bytes",
                                                   Kind::gauge, "Address space of the process."};
inline constexpr Family kProcessThreads{"moldau_process_threads", Kind::gauge,
                                        "Threads of the process."};
inline constexpr Family kProcessOpenFiles{"moldau_process_open_files", Kind::gauge,
                                          "Open descriptors: files, connections and the like."};
inline constexpr Family kProcessOpenFilesMax{"moldau_process_open_files_max", Kind::gauge,
                                             "How many descriptors may be open."};
inline constexpr Family kShardUp{
    "moldau_shard_up", Kind::gauge,
    "1: the shard answered this scrape in time. 0: it did not, and its part of all sums "
    "is missing.",
    "shard"};
inline constexpr Family kShardCpuSeconds{"moldau_shard_cpu_seconds_total", Kind::counter,
                                         "CPU time of the shard's thread.", "shard"};
inline constexpr Family kShardLagSeconds{
    "moldau_shard_lag_seconds", Kind::gauge,
    "How long the newest question to the shard took or, unanswered, has taken: what "
    "stands in its mailbox and the turn that runs. Asked once a second.",
    "shard"};
inline constexpr Family kShardTimerLagSeconds{
    "moldau_shard_timer_lag_seconds", Kind::histogram,
    "How much later than due the shard came to its timers.", "shard"};
inline constexpr Family kShardTasks{"moldau_shard_tasks", Kind::gauge,
                                    "Tasks of the shard that have not ended.", "shard"};
inline constexpr Family kShardTurns{"moldau_shard_turns_total", Kind::counter,
                                    "Turns of the shard's loop.", "shard"};
inline constexpr Family kShardJobs{"moldau_shard_jobs_total", Kind::counter,
                                   "Jobs that came by the shard's mailbox.", "shard"};
inline constexpr Family kShardMailboxDepth{"moldau_shard_mailbox_depth", Kind::gauge,
                                           "Jobs that wait in the shard's mailbox.", "shard"};
inline constexpr Family kDiskPoolWaiting{"moldau_disk_pool_waiting", Kind::gauge,
                                         "Jobs for the disk that no thread of the pool has begun."};
inline constexpr Family kDiskPoolOldestSeconds{
    "moldau_disk_pool_oldest_seconds", Kind::gauge,
    "How long the oldest job has run that a thread of the pool is at: a disk that hangs lets it "
    "grow."};
inline constexpr Family kConnections{"moldau_connections", Kind::gauge,
                                     "Open connections of clients.", "listener"};
inline constexpr Family kConnectionsOpened{"moldau_connections_opened_total", Kind::counter,
                                           "Connections that were accepted.", "listener"};
inline constexpr Family kConnectionsRefused{
    "moldau_connections_refused_total", Kind::counter,
    "Connections that were closed at once because their address had as many as it may "
    "have."};
inline constexpr Family kConnectionsThrottled{
    "moldau_connections_throttled_total", Kind::counter,
    "Connections that came too fast: of all or of their listener (accepted later), or of their "
    "address (refused).",
    "quota"};
inline constexpr Family kNetworkReceivedBytes{"moldau_network_received_bytes_total", Kind::counter,
                                              "Bytes that came from clients.", "listener"};
inline constexpr Family kNetworkSentBytes{"moldau_network_sent_bytes_total", Kind::counter,
                                          "Bytes that went to clients.", "listener"};
inline constexpr Family kMemoryInFlightBytes{
    "moldau_memory_in_flight_bytes", Kind::gauge,
    "What requests and replies of all connections hold of the memory budget."};
inline constexpr Family kMemoryInFlightBytesMax{"moldau_memory_in_flight_bytes_max", Kind::gauge,
                                                "Their part of the memory budget."};
inline constexpr Family kMemoryBudgetBytes{"moldau_memory_budget_bytes", Kind::gauge,
                                           "moldau.memory.budget.bytes."};
inline constexpr Family kRequests{"moldau_requests_total", Kind::counter,
                                  "Requests that were understood, answered or not.", "api"};
inline constexpr Family kRequestBytes{"moldau_request_bytes_total", Kind::counter,
                                      "Bytes of these requests.", "api"};
inline constexpr Family kRequestDurationSeconds{
    "moldau_request_duration_seconds", Kind::histogram,
    "From when a request was read until its answer could be sent, waiting included. Of "
    "APIs that were asked for.",
    "api"};
inline constexpr Family kRequestErrors{
    "moldau_request_errors_total", Kind::counter,
    "Errors that answers told, each of several in one answer counted.", "api, code"};
inline constexpr Family kBadRequests{
    "moldau_bad_requests_total", Kind::counter,
    "Requests that could not be read or are not served, and closed their connection."};
inline constexpr Family kAppendedBatches{"moldau_appended_batches_total", Kind::counter,
                                         "Batches that came into logs."};
inline constexpr Family kAppendedRecords{"moldau_appended_records_total", Kind::counter,
                                         "Records of these batches."};
inline constexpr Family kAppendedBytes{"moldau_appended_bytes_total", Kind::counter,
                                       "Bytes of these batches."};
inline constexpr Family kFetchedBytes{"moldau_fetched_bytes_total", Kind::counter,
                                      "Bytes of records that answers to Fetch hold."};
inline constexpr Family kThrottles{
    "moldau_throttles_total", Kind::counter,
    "How often clients were told to wait, by the quota that they had used up.", "quota"};
inline constexpr Family kThrottleSeconds{"moldau_throttle_seconds_total", Kind::counter,
                                         "For how long they were told to, all added up.", "quota"};
inline constexpr Family kQuotaMeters{
    "moldau_quota_meters", Kind::gauge,
    "Clients whose use of a quota is counted, for each of their quotas and on each shard."};
inline constexpr Family kFetchSessions{"moldau_fetch_sessions", Kind::gauge,
                                       "Fetch sessions that are remembered."};
inline constexpr Family kFetchSessionPartitions{"moldau_fetch_session_partitions", Kind::gauge,
                                                "Partitions that fetch sessions remember."};
inline constexpr Family kFetchSessionBytes{"moldau_fetch_session_bytes", Kind::gauge,
                                           "About what fetch sessions hold of memory."};
inline constexpr Family kFetchSessionBytesMax{"moldau_fetch_session_bytes_max", Kind::gauge,
                                              "Their part of the memory budget."};
inline constexpr Family kPartitions{"moldau_partitions", Kind::gauge, "Partitions of this node."};
inline constexpr Family kPartitionsLed{"moldau_partitions_led", Kind::gauge,
                                       "Those that this node leads."};
inline constexpr Family kPartitionsOffline{
    "moldau_partitions_offline", Kind::gauge,
    "Those whose log could not be opened, or was taken offline by an error of the disk."};
inline constexpr Family kLogDirectoryUp{
    "moldau_log_directory_up", Kind::gauge,
    "1: the log directory is used. 0: a write or a sync in it has failed, and its logs are offline "
    "until the next start.",
    "path"};
inline constexpr Family kLogDirectoryCordoned{
    "moldau_log_directory_cordoned", Kind::gauge,
    "1: the log directory takes no new replicas (cordoned.log.dirs).", "path"};
inline constexpr Family kLogBytes{"moldau_log_bytes", Kind::gauge,
                                  "Bytes of all segments of all partitions."};
inline constexpr Family kLogSegments{"moldau_log_segments", Kind::gauge,
                                     "Segments of all partitions."};
inline constexpr Family kProducers{
    "moldau_producers", Kind::gauge,
    "Idempotent producers that partitions remember, each counted for each of its "
    "partitions."};
inline constexpr Family kDiskWrites{"moldau_disk_writes_total", Kind::counter,
                                    "Writes to the page cache."};
inline constexpr Family kDiskWrittenBytes{"moldau_disk_written_bytes_total", Kind::counter,
                                          "Bytes of these writes."};
inline constexpr Family kDiskWriteErrors{"moldau_disk_write_errors_total", Kind::counter,
                                         "Writes that failed."};
inline constexpr Family kDiskSyncDurationSeconds{
    "moldau_disk_sync_duration_seconds", Kind::histogram,
    "How long those waited who wanted something on stable storage (fsync)."};
inline constexpr Family kDiskSyncErrors{"moldau_disk_sync_errors_total", Kind::counter,
                                        "Syncs that failed. Each takes its log directory offline."};
inline constexpr Family kDiskReadDurationSeconds{
    "moldau_disk_read_duration_seconds", Kind::histogram,
    "How long those waited who wanted what was not in memory."};
inline constexpr Family kDiskReadErrors{"moldau_disk_read_errors_total", Kind::counter,
                                        "Such reads that failed."};
inline constexpr Family kMetadataEndOffset{"moldau_metadata_end_offset", Kind::gauge,
                                           "Where the next record of the metadata log will stand."};
inline constexpr Family kMetadataCommittedOffset{"moldau_metadata_committed_offset", Kind::gauge,
                                                 "Up to where the metadata log is committed."};
inline constexpr Family kMetadataAppliedOffset{
    "moldau_metadata_applied_offset", Kind::gauge,
    "Up to where requests on the shard are answered by the metadata.", "shard"};
inline constexpr Family kMetadataTopics{"moldau_metadata_topics", Kind::gauge,
                                        "Topics of the cluster."};
inline constexpr Family kMetadataLeads{
    "moldau_metadata_leads", Kind::gauge,
    "1: this node leads the metadata log. 0: it does not, or not yet."};
inline constexpr Family kReady{"moldau_ready", Kind::gauge,
                               "1: clients are served, as /ready says. 0: they are not."};

inline constexpr Family kClientMetricsClients{"moldau_client_metrics_clients", Kind::gauge,
                                              "Clients whose pushed metrics stand here."};
inline constexpr Family kClientMetricsPushes{"moldau_client_metrics_pushes_total", Kind::counter,
                                             "Pushes of clients that were taken in."};
inline constexpr Family kClientMetricsLeftOut{
    "moldau_client_metrics_left_out_total", Kind::counter,
    "Numbers of these pushes that are not kept: of another kind than gauges and sums, too many or "
    "too long."};

inline constexpr std::array kAll = {
    &kBuildInfo,
    &kStartTimeSeconds,
    &kProcessCpuSeconds,
    &kProcessResidentMemoryBytes,
    &kProcessVirtualMemoryBytes,
    &kProcessThreads,
    &kProcessOpenFiles,
    &kProcessOpenFilesMax,
    &kShardUp,
    &kShardCpuSeconds,
    &kShardLagSeconds,
    &kShardTimerLagSeconds,
    &kShardTasks,
    &kShardTurns,
    &kShardJobs,
    &kShardMailboxDepth,
    &kDiskPoolWaiting,
    &kDiskPoolOldestSeconds,
    &kConnections,
    &kConnectionsOpened,
    &kConnectionsRefused,
    &kConnectionsThrottled,
    &kNetworkReceivedBytes,
    &kNetworkSentBytes,
    &kMemoryInFlightBytes,
    &kMemoryInFlightBytesMax,
    &kMemoryBudgetBytes,
    &kRequests,
    &kRequestBytes,
    &kRequestDurationSeconds,
    &kRequestErrors,
    &kBadRequests,
    &kAppendedBatches,
    &kAppendedRecords,
    &kAppendedBytes,
    &kFetchedBytes,
    &kThrottles,
    &kThrottleSeconds,
    &kQuotaMeters,
    &kFetchSessions,
    &kFetchSessionPartitions,
    &kFetchSessionBytes,
    &kFetchSessionBytesMax,
    &kPartitions,
    &kPartitionsLed,
    &kPartitionsOffline,
    &kLogDirectoryUp,
    &kLogDirectoryCordoned,
    &kLogBytes,
    &kLogSegments,
    &kProducers,
    &kDiskWrites,
    &kDiskWrittenBytes,
    &kDiskWriteErrors,
    &kDiskSyncDurationSeconds,
    &kDiskSyncErrors,
    &kDiskReadDurationSeconds,
    &kDiskReadErrors,
    &kMetadataEndOffset,
    &kMetadataCommittedOffset,
    &kMetadataAppliedOffset,
    &kMetadataTopics,
    &kMetadataLeads,
    &kReady,
    &kClientMetricsClients,
    &kClientMetricsPushes,
    &kClientMetricsLeftOut,
};

}  // namespace moldau::broker::families
