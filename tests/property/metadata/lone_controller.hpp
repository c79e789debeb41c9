// One node's metadata from format to crash: the cores of raft, metadata and controller joined as a
// driver would join them, over a disk that forgets what was not flushed.
#pragma once

#include "moldau/controller/bootstrap.hpp"
#include "moldau/controller/brokers.hpp"
#include "moldau/controller/configs.hpp"
#include "moldau/controller/producer_ids.hpp"
#include "moldau/controller/topics.hpp"
#include "moldau/metadata/image_builder.hpp"
#include "moldau/metadata/image_records.hpp"
#include "moldau/raft/quorum.hpp"
#include "moldau/raft/snapshot_schedule.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace moldau::controller {

struct MetadataDisk {
    struct Batch {
        Offset base;
        Bytes bytes;
    };
    std::vector<Bytes> bootstrap;
    std::optional<std::string> quorum_state;
    std::map<raft::SnapshotId, std::string> snapshots;
    std::vector<Batch> log;  // on stable storage
    Offset log_start;

    std::int64_t log_bytes() const {
        std::int64_t all = 0;
        for (const Batch& batch : log) all += static_cast<std::int64_t>(batch.bytes.size());
        return all;
    }
};

inline Bytes joined(const std::vector<Bytes>& pieces) {
    std::string all;
    for (const Bytes& piece : pieces) all += as_text(piece);
    return Bytes::copy_of(as_bytes(all));
}

class LoneController {
public:
    static constexpr Uuid kDirectory{77, 1};

    static void format(MetadataDisk& disk) {
        const FormatFiles files =
            format_files(Timestamp{1},
                         {{std::string(metadata::kMetadataVersion), 30},
                          {std::string(metadata::kElrVersion), 1}},
                         lone_voter(1, kDirectory, {{"CONTROLLER", "localhost", 9093, 0}}));
        disk.bootstrap = files.bootstrap;
        disk.snapshots[raft::kFirstSnapshot] = as_text(joined(files.first_snapshot));
    }

    // Loads what the disk has; boot() goes on.
    explicit LoneController(MetadataDisk& disk) : disk_(disk), schedule_(rules(), {}) {
        const auto& [id, file] = *disk_.snapshots.rbegin();
        load_snapshot(id, file);
        raft::LogBatch batch;
        for (const MetadataDisk::Batch& stored : disk_.log) {
            raft::BatchReader reader(stored.bytes);
            EXPECT_TRUE(*reader.next(batch));
            EXPECT_EQ(batch.base_offset, std::max(end_, disk_.log_start));
            end_ = batch.end_offset;
            last_epoch_ = batch.epoch;
            voters_.observe(batch);
            if (batch.base_offset >= id.end_offset) apply(batch);
        }
        end_ = std::max(end_, id.end_offset);
        std::optional<raft::QuorumState> stored;
        if (disk_.quorum_state) {
            const auto parsed = raft::parse_quorum_state(*disk_.quorum_state);
            EXPECT_TRUE(parsed) << parsed.error().detail;
            stored = *parsed;
        }
        quorum_.emplace(raft::Quorum::Start{.self = {1, kDirectory},
                                            .stored = stored,
                                            .voters = voters_,
                                            .static_voters = {},
                                            .log_end = end_,
                                            .last_epoch = last_epoch_});
    }

    // Elected, active, and its own broker in the cluster.
    void boot(std::uint64_t incarnation, std::int64_t previous_epoch) {
        const bool is_log_empty = end_ == Offset{0};
        const Result<raft::Effects> started = quorum_->start();
        ASSERT_TRUE(started) << started.error().detail;
        disk_.quorum_state = raft::write_quorum_state(*started->persist);
        const raft::Effects led = quorum_->persisted(Timestamp{++now_});
        disk_.quorum_state = raft::write_quorum_state(*led.persist);
        store(led.append);
        const auto bootstrap = read_bootstrap(joined(disk_.bootstrap), std::nullopt);
        ASSERT_TRUE(bootstrap) << bootstrap.error().detail;
        const auto first =
            activation_records(image(), is_log_empty, builder_.is_in_transaction(), *bootstrap, 1);
        ASSERT_TRUE(first) << first.error().detail;
        commit(*first, true);
        ASSERT_TRUE(metadata::check_metadata_version(image()));

        protocol::BrokerRegistrationRequest request;
        request.broker_id = 1;
        request.cluster_id = "cluster";
        request.incarnation_id = {1, incarnation};
        request.log_dirs = {kDirectory};
        request.previous_broker_epoch = previous_epoch;
        commit(register_broker(image(),
                               {.cluster_id = "cluster",
                                .next_offset = quorum_->end_offset(),
                                .has_session = true,
                                .is_own_node = true,
                                .defaults = {}},
                               request));
        beat(false);
    }

    protocol::BrokerHeartbeatResponse beat(bool want_shut_down) {
        protocol::BrokerHeartbeatRequest request;
        request.broker_id = 1;
        request.broker_epoch = broker().epoch;
        request.current_metadata_offset = end_.value;
        request.want_shut_down = want_shut_down;
        auto decision =
            heartbeat(image(), {.registration = std::nullopt, .end_offset = end_}, request);
        commit(decision);
        return decision.reply;
    }

    template <class Reply>
    void commit(const Decision<Reply>& decision) {
        commit(decision.records, decision.is_atomic);
    }
    void commit(const Records& records, bool is_atomic) {
        const auto appended = append(records, is_atomic);
        store(appended);
    }
    // Appended, but lost with the crash that follows.
    void lose(const Records& records, bool is_atomic) { append(records, is_atomic); }

    void snapshot() {
        const metadata::ClusterImage& from = image();
        const raft::SnapshotId id{from.provenance.end_offset, from.provenance.epoch};
        if (disk_.snapshots.contains(id)) return;
        raft::SnapshotWriter writer(id, Timestamp{++now_},
                                    {.last_contained = from.provenance.timestamp,
                                     .kraft_version = quorum_->voters().kraft_version,
                                     .voters = quorum_->voters().record});
        ASSERT_TRUE(metadata::for_each_record(
            from, [&](const metadata::MetadataRecord& record) -> Result<> {
                const Result<Bytes> bytes = metadata::encode_record(record);
                if (!bytes) return bytes.error();
                return writer.append(*bytes);
            }));
        writer.finish();
        schedule_.begun();
        disk_.snapshots[id] = as_text(joined(writer.take()));
        schedule_.written(
            {id, static_cast<std::int64_t>(disk_.snapshots[id].size()), from.provenance.timestamp});
        while (const auto removal = schedule_.next_removal(Timestamp{now_}, disk_.log_bytes())) {
            disk_.snapshots.erase(removal->snapshot);
            schedule_.removed(removal->snapshot);
            std::erase_if(disk_.log, [&](const MetadataDisk::Batch& batch) {
                return batch.base < removal->log_start;
            });
            disk_.log_start = removal->log_start;
        }
    }
    bool is_snapshot_due() const { return schedule_.is_due(Timestamp{now_}); }

    const metadata::ClusterImage& image() const { return builder_.newest(); }
    const metadata::ImageBuilder& builder() const { return builder_; }
    const raft::Quorum& quorum() const { return *quorum_; }
    const metadata::BrokerRegistration& broker() const {
        return *image().brokers.find(BrokerId{1});
    }

private:
    static raft::SnapshotRules rules() {
        return {.bytes_between = 4000, .interval_ms = 50, .retention_bytes = 20'000};
    }

    void load_snapshot(raft::SnapshotId id, const std::string& file) {
        raft::SnapshotReader reader(as_bytes(file));
        const auto head = reader.head();
        ASSERT_TRUE(head) << head.error().detail;
        voters_.observe(*head, id);
        for (auto payloads = reader.next();; payloads = reader.next()) {
            ASSERT_TRUE(payloads) << payloads.error().detail;
            if (!*payloads) break;
            for (const BytesView payload : **payloads)
                builder_.apply(*metadata::decode_record(payload));
        }
        builder_.end_batch({id.end_offset, id.epoch, head->last_contained});
        last_epoch_ = id.epoch;
        std::vector<raft::StoredSnapshot> stored;
        for (const auto& [known, bytes] : disk_.snapshots)
            stored.push_back({known, static_cast<std::int64_t>(bytes.size()), Timestamp{0}});
        schedule_ = raft::SnapshotSchedule(rules(), stored);
    }

    std::vector<Bytes> append(const Records& records, bool is_atomic) {
        std::vector<Bytes> payloads;
        for (const metadata::MetadataRecord& record : records) {
            const Result<Bytes> bytes = metadata::encode_record(record);
            EXPECT_TRUE(bytes) << bytes.error().detail;
            payloads.push_back(*bytes);
        }
        const auto appended = quorum_->append(Timestamp{++now_}, payloads, is_atomic);
        EXPECT_TRUE(appended) << appended.error().detail;
        return appended->effects.append;
    }

    // Flushes batches and applies them, read back as at load.
    void store(const std::vector<Bytes>& batches) {
        for (const Bytes& bytes : batches) {
            raft::BatchReader reader(bytes);
            raft::LogBatch batch;
            ASSERT_TRUE(*reader.next(batch));
            disk_.log.push_back({batch.base_offset, bytes});
            end_ = batch.end_offset;
            EXPECT_EQ(quorum_->flushed(end_).high_watermark, end_);
            apply(batch);
        }
    }

    void apply(const raft::LogBatch& batch) {
        for (const BytesView payload : batch.payloads) {
            const auto record = metadata::decode_record(payload);
            ASSERT_TRUE(record) << record.error().detail;
            builder_.apply(*record);
        }
        builder_.end_batch({batch.end_offset, batch.epoch, batch.timestamp});
        schedule_.committed(batch.timestamp, batch.size_bytes);
        now_ = std::max(now_, batch.timestamp.ms);
    }

    MetadataDisk& disk_;
    raft::SnapshotSchedule schedule_;
    raft::Voters voters_;
    metadata::ImageBuilder builder_;
    Offset end_;
    LeaderEpoch last_epoch_{0};
    std::int64_t now_ = 1;
    std::optional<raft::Quorum> quorum_;
};

}  // namespace moldau::controller
