#include "file_dump.hpp"

#include "batch_dump.hpp"

#include "moldau/base/topic_name.hpp"
#include "moldau/log/files/clean_shutdown.hpp"
#include "moldau/log/files/leader_epoch_checkpoint.hpp"
#include "moldau/log/files/meta_properties.hpp"
#include "moldau/log/files/offset_checkpoint.hpp"
#include "moldau/log/files/offset_index.hpp"
#include "moldau/log/files/partition_metadata.hpp"
#include "moldau/log/files/producer_snapshot.hpp"
#include "moldau/log/files/time_index.hpp"
#include "moldau/log/files/transaction_index.hpp"
#include "moldau/raft/quorum_state.hpp"
#include "moldau/raft/snapshot.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace moldau::cli {
namespace {

using Take = std::function<Result<>(const Entry&)>;

struct File {
    std::string_view name;       // without directories
    std::string_view directory;  // the last one
    BytesView content;
    bool shows_records = false;

    std::string_view text() const { return as_text(content); }
};

/// The offset that a segment's file is named for.
Result<Offset> base_offset(const File& file) {
    Offset base;
    const std::string_view digits = file.name.substr(0, file.name.find('.'));
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), base.value);
    if (error != std::errc{} || end != digits.data() + digits.size() || base.value < 0)
        return Error{ErrorCode::invalid_request,
                     fmt::format("'{}' is not named for its first offset", file.name)};
    return base;
}

/// Tells each of `all` that was read, or why it was not.
template <class T, class Add>
Result<> dump_all(const Result<std::vector<T>>& all, const Take& take, const Add& add) {
    if (!all) return all.error();
    for (const T& each : *all) {
        Entry entry;
        add(entry, each);
        if (Result<> taken = take(entry); !taken) return taken;
    }
    return {};
}

RecordsOf whose_records(std::string_view directory) {
    if (directory == kMetadataLogDirectory) return RecordsOf::metadata;
    const std::string_view topic = directory.substr(0, directory.rfind('-'));
    if (topic == "__consumer_offsets") return RecordsOf::group_coordinator;
    if (topic == "__share_group_state") return RecordsOf::share_coordinator;
    if (topic == "__transaction_state") return RecordsOf::transaction_coordinator;
    return RecordsOf::clients;
}

Result<> dump_log(const File& file, const Take& take) {
    return dump_batches(
        file.content,
        {.shows_records = file.shows_records, .records_of = whose_records(file.directory)}, take);
}

Result<> dump_metadata_snapshot(const File& file, const Take& take) {
    return dump_batches(file.content, {.shows_records = true, .records_of = RecordsOf::metadata},
                        take);
}

Result<> dump_offset_index(const File& file, const Take& take) {
    const Result<Offset> base = base_offset(file);
    if (!base) return base.error();
    return dump_all(log::parse_offset_index(file.content, *base), take,
                    [](Entry& to, const log::OffsetIndexEntry& from) {
                        to.add("offset", from.offset.value).add("position", from.position);
                    });
}

Result<> dump_time_index(const File& file, const Take& take) {
    const Result<Offset> base = base_offset(file);
    if (!base) return base.error();
    return dump_all(log::parse_time_index(file.content, *base), take,
                    [](Entry& to, const log::TimeIndexEntry& from) {
                        to.add("timestamp", from.timestamp.ms).add("offset", from.offset.value);
                    });
}

Result<> dump_transaction_index(const File& file, const Take& take) {
    return dump_all(log::parse_transaction_index(file.content), take,
                    [](Entry& to, const log::AbortedTransaction& from) {
                        to.add("producer_id", from.producer_id.value)
                            .add("first_offset", from.first_offset.value)
                            .add("last_offset", from.last_offset.value)
                            .add("last_stable_offset", from.last_stable_offset.value);
                    });
}

Result<> dump_producers(const File& file, const Take& take) {
    return dump_all(log::parse_producer_snapshot(file.content), take,
                    [](Entry& to, const log::ProducerSnapshotEntry& from) {
                        to.add("producer_id", from.producer_id.value)
                            .add("producer_epoch", from.producer_epoch.value)
                            .add("last_sequence", from.last_sequence)
                            .add("last_offset", from.last_offset)
                            .add("offset_delta", from.offset_delta)
                            .add("timestamp", from.timestamp.ms)
                            .add("coordinator_epoch", from.coordinator_epoch)
                            .add("current_transaction_first_offset",
                                 from.current_transaction_first_offset.value_or(Offset{-1}).value);
                    });
}

// Kafka makes a checkpoint as an empty file, and writes it when there is something to say.

Result<> dump_leader_epochs(const File& file, const Take& take) {
    if (file.content.empty()) return {};
    return dump_all(
        log::parse_leader_epoch_checkpoint(file.text()), take,
        [](Entry& to, const log::EpochStart& from) {
            to.add("epoch", from.epoch.value).add("start_offset", from.start_offset.value);
        });
}

Result<> dump_offsets(const File& file, const Take& take) {
    if (file.content.empty()) return {};
    return dump_all(log::parse_offset_checkpoint(file.text()), take,
                    [](Entry& to, const log::PartitionOffset& from) {
                        to.add("topic", from.topic)
                            .add("partition", from.partition)
                            .add("offset", from.offset.value);
                    });
}

Result<> dump_partition_metadata(const File& file, const Take& take) {
    const Result<log::PartitionMetadata> read = log::parse_partition_metadata(file.text());
    if (!read) return read.error();
    return take(Entry().add("topic_id", read->topic_id.to_string()));
}

Result<> dump_meta_properties(const File& file, const Take& take) {
    const Result<log::MetaProperties> read = log::parse_meta_properties(file.text());
    if (!read) return read.error();
    Entry entry;
    entry.add("version", read->version);
    if (read->node_id) entry.add("node_id", *read->node_id);
    entry.add("cluster_id", read->cluster_id);
    if (read->directory_id) entry.add("directory_id", read->directory_id->to_string());
    return take(entry);
}

Result<> dump_quorum_state(const File& file, const Take& take) {
    const Result<raft::QuorumState> read = raft::parse_quorum_state(file.text());
    if (!read) return read.error();
    Entry entry;
    entry.add("data_version", read->data_version).add("epoch", read->epoch.value);
    entry.add("leader", read->leader.value_or(-1));
    entry.add("voted", read->voted ? read->voted->id : -1);
    if (read->voted) entry.add("voted_directory", read->voted->directory.to_string());
    return take(entry);
}

Result<> dump_clean_shutdown(const File& file, const Take& take) {
    const Result<log::CleanShutdown> read = log::parse_clean_shutdown(file.text());
    if (!read) return read.error();
    return take(Entry().add("broker_epoch", read->broker_epoch));
}

struct Kind {
    std::string_view name;  // of the file, or how it ends
    bool is_whole_name;
    Result<> (*dump)(const File&, const Take&);
};
// The first that fits: whole names before endings.
constexpr std::array kKinds{
    Kind{"leader-epoch-checkpoint", true, dump_leader_epochs},
    Kind{"recovery-point-offset-checkpoint", true, dump_offsets},
    Kind{"replication-offset-checkpoint", true, dump_offsets},
    Kind{"log-start-offset-checkpoint", true, dump_offsets},
    Kind{"cleaner-offset-checkpoint", true, dump_offsets},
    Kind{"partition.metadata", true, dump_partition_metadata},
    Kind{"meta.properties", true, dump_meta_properties},
    Kind{"quorum-state", true, dump_quorum_state},
    Kind{".kafka_cleanshutdown", true, dump_clean_shutdown},
    Kind{".log", false, dump_log},
    Kind{".index", false, dump_offset_index},
    Kind{".timeindex", false, dump_time_index},
    Kind{".txnindex", false, dump_transaction_index},
    Kind{".snapshot", false, dump_producers},
    Kind{".checkpoint", false, dump_metadata_snapshot},
};

std::string_view name_in(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

const Kind* kind_of(std::string_view name) {
    for (const Kind& each : kKinds)
        if (each.is_whole_name ? name == each.name : name.ends_with(each.name)) return &each;
    return nullptr;
}

}  // namespace

bool is_known_file(std::string_view path) {
    return kind_of(name_in(path)) != nullptr;
}

Result<> dump_file(std::string_view path, BytesView content, bool shows_records,
                   const std::function<Result<>(const Entry&)>& take) {
    const std::string_view name = name_in(path);
    const Kind* kind = kind_of(name);
    if (kind == nullptr) {
        std::string known;
        for (const Kind& each : kKinds)
            known += fmt::format("{}{}{}", known.empty() ? "" : ", ", each.is_whole_name ? "" : "*",
                                 each.name);
        return Error{ErrorCode::invalid_request,
                     fmt::format("'{}' is no file that can be told; known are {}", name, known)};
    }
    const std::string_view above = path.substr(0, path.size() - name.size());
    const std::string_view directory =
        above.empty() ? above : name_in(above.substr(0, above.size() - 1));
    return kind->dump(
        {.name = name, .directory = directory, .content = content, .shows_records = shows_records},
        take);
}

}  // namespace moldau::cli
