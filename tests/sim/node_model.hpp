// What the clients of a node know, and what must therefore hold. It stands outside the simulated
// processes, and sees every acknowledgement and every record that a client sees.
#pragma once

#include "moldau/base/error_code.hpp"
#include "moldau/base/uuid.hpp"
#include "moldau/record/batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace moldau::sim {

/// A batch by its producer: unique in its partition.
using BatchId = std::pair<std::int64_t, std::int32_t>;  // producer id, first sequence

struct SeenBatch {
    BatchId id;
    std::int64_t end = 0;
    std::uint32_t crc = 0;  // of all that the leader does not write
    friend bool operator==(const SeenBatch&, const SeenBatch&) = default;
};

struct PartitionModel {
    std::map<std::int64_t, SeenBatch> seen;
    std::map<BatchId, std::int64_t> offsets;       // of what was seen or acknowledged
    std::map<std::int64_t, BatchId> acknowledged;  // by offset
    std::int64_t log_start = 0;                    // the highest that anybody was told
    std::int64_t deleted_to = 0;                   // the highest that anybody has asked for
    std::uint64_t life_when_read = 0;              // the node's, when it was read last
};

struct TopicModel {
    std::string name;
    Uuid id;
    bool is_flushed = false;  // flush.messages=1
    bool is_doomed = false;   // somebody has asked to delete it
    std::vector<PartitionModel> partitions;
};
using TopicPtr = std::shared_ptr<TopicModel>;

class NodeModel {
public:
    std::vector<TopicPtr> topics;  // that were acknowledged and not deleted
    std::set<std::int64_t> producer_ids;
    std::string violation;  // the first
    std::uint64_t acknowledged = 0;
    std::uint64_t duplicates = 0;  // acknowledged with an offset that was known
    std::uint64_t seen = 0;
    std::uint64_t deleted_records = 0;
    std::uint64_t read_while_full = 0;
    std::uint64_t moves_seen = 0;   // of replicas to another log directory
    std::uint64_t copies_seen = 0;  // on their way
    std::uint64_t life = 0;         // of the node: which process it is
    bool is_disk_full = false;
    bool has_disk_failed = false;     // by errors, in this life
    std::uint64_t disk_troubles = 0;  // how often it began to fail, or was full

    /// How often what was not flushed may have been lost. What a client was told before is void
    /// then, for topics that do not flush.
    std::uint64_t losses() const { return losses_; }
    void lose() {
        ++losses_;
        for (const TopicPtr& topic : topics) {
            if (topic->is_flushed) continue;
            // A log start is durable before it is told.
            for (PartitionModel& partition : topic->partitions)
                partition = {.log_start = partition.log_start, .deleted_to = partition.deleted_to};
        }
    }
    /// Whether what was told since the given count of losses still holds.
    bool holds(const TopicModel& topic, std::uint64_t losses) const {
        return topic.is_flushed || losses == losses_;
    }

    void wrong(std::string what) {
        if (violation.empty()) violation = std::move(what);
    }

    void saw_producer_id(std::int64_t id) {
        if (!producer_ids.insert(id).second)
            wrong(fmt::format("T1: producer id {} was given twice", id));
    }

    /// `known`: what somebody had been told when this was asked.
    void saw_log_start(TopicModel& topic, std::size_t index, std::int64_t start,
                       std::int64_t known) {
        PartitionModel& partition = topic.partitions[index];
        if (start < known)
            wrong(fmt::format("L12: {}the log starts here, before at {}",
                              where(topic, index, start), known));
        if (start > partition.deleted_to)
            wrong(fmt::format("L12: {}the log starts here, deleted was to {}",
                              where(topic, index, start), partition.deleted_to));
        partition.log_start = std::max(partition.log_start, start);
    }
    /// Nothing is told of what stands below the log start but that it is not there.
    void saw_out_of_range(TopicModel& topic, std::size_t index, std::int64_t offset) {
        if (offset >= topic.partitions[index].deleted_to)
            wrong(fmt::format("L12: {}out of range, deleted was to {}", where(topic, index, offset),
                              topic.partitions[index].deleted_to));
    }

    /// A fetch of a partition was answered with `error`, over a connection made in `of_life`.
    void saw_fetched(TopicModel& topic, std::size_t index, ErrorCode error, std::uint64_t of_life) {
        PartitionModel& partition = topic.partitions[index];
        if (error == ErrorCode::none) {
            partition.life_when_read = of_life;
            if (is_disk_full) ++read_while_full;
            return;
        }
        // What this process could read it can read on, unless its disk fails: a full one does not.
        if (error == ErrorCode::kafka_storage_error && of_life == life && !has_disk_failed &&
            partition.life_when_read == life)
            wrong(where(topic, index, -1) + "was read, and is not any more, on a disk that is " +
                  (is_disk_full ? "full" : "sound"));
    }

    void saw_acknowledged(TopicModel& topic, std::size_t index, BatchId id, std::int64_t offset) {
        PartitionModel& partition = topic.partitions[index];
        ++acknowledged;
        if (offset < 0) return wrong(where(topic, index, offset) + "acknowledged without offset");
        const auto [at, is_new] = partition.offsets.try_emplace(id, offset);
        if (!is_new) ++duplicates;
        if (at->second != offset) {
            wrong(fmt::format("T1: {}acknowledged again, before at {}", where(topic, index, offset),
                              at->second));
        }
        const auto [there, first] = partition.acknowledged.try_emplace(offset, id);
        if (!first && there->second != id)
            wrong(fmt::format("L9: {}two batches are acknowledged", where(topic, index, offset)));
        const auto read = partition.seen.find(offset);
        if (read != partition.seen.end() && read->second.id != id)
            wrong(fmt::format("L1: {}another batch was read", where(topic, index, offset)));
    }

    void saw_batch(TopicModel& topic, std::size_t index, const record::BatchView& batch) {
        PartitionModel& partition = topic.partitions[index];
        ++seen;
        const std::int64_t offset = batch.base_offset().value;
        if (!batch.is_crc_right()) wrong("L4: " + where(topic, index, offset) + "a wrong CRC");
        const SeenBatch now{.id = {batch.producer_id().value, batch.base_sequence()},
                            .end = batch.next_offset().value,
                            .crc = batch.crc()};
        const auto [before, is_new] = partition.seen.try_emplace(offset, now);
        if (before->second != now)
            wrong("L4: " + where(topic, index, offset) + "other bytes than were read before");
        const auto [at, unknown] = partition.offsets.try_emplace(now.id, offset);
        if (at->second != offset) {
            wrong(fmt::format("T1: {}the batch of producer {} sequence {} stands at {}, too",
                              where(topic, index, offset), now.id.first, now.id.second,
                              at->second));
        }
        const auto told = partition.acknowledged.find(offset);
        if (told != partition.acknowledged.end() && told->second != now.id)
            wrong("L1: " + where(topic, index, offset) + "another batch was acknowledged");
    }

    /// When all was read from 0 to the end, after all was healed.
    void check_whole(const TopicModel& topic, std::size_t index,
                     const std::map<std::int64_t, BatchId>& log, std::int64_t end) {
        const PartitionModel& partition = topic.partitions[index];
        for (const auto& [offset, id] : partition.acknowledged) {
            if (offset < partition.log_start) continue;
            const auto found = log.find(offset);
            if (found == log.end() || found->second != id) {
                wrong(fmt::format("L1: {}acknowledged and not there, the log ends at {}",
                                  where(topic, index, offset), end));
            }
        }
        for (const auto& [offset, batch] : partition.seen) {
            if (offset >= partition.log_start && !log.contains(offset)) {
                wrong(fmt::format("L4: {}read before and not there, the log ends at {}",
                                  where(topic, index, offset), end));
            }
        }
    }

    static std::string where(const TopicModel& topic, std::size_t index, std::int64_t offset) {
        return fmt::format("{}-{} ({}) at {}: ", topic.name, index,
                           topic.is_flushed ? "flush.messages=1" : "no flush", offset);
    }

private:
    std::uint64_t losses_ = 0;
};

}  // namespace moldau::sim
