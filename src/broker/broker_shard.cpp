#include "broker_shard.hpp"

#include "storage.hpp"

#include "moldau/config/keys.hpp"
#include "moldau/log/log_directory.hpp"
#include "moldau/runtime/disk_wait.hpp"
#include "moldau/runtime/ending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace moldau::broker {
namespace {

constexpr std::size_t kOpeningsAtOnce = 32;

}  // namespace

/// Logs that are being opened; shared with the callbacks.
struct BrokerShard::Opening {
    explicit Opening(runtime::Shard& shard) : progress(shard) {}
    std::size_t running = 0;
    std::vector<Wanted> again;
    runtime::Signal progress;
};

BrokerShard::BrokerShard(Place place, const NodeFacts& facts)
    : place_(place),
      facts_(facts),
      files_(place.disk, place.open_files_max),
      sessions_(place.shard, {.shard = place.index,
                              .shards = place.count,
                              .sessions_max = static_cast<std::size_t>(facts.settings.get(
                                  config::kMaxIncrementalFetchSessionCacheSlots))}),
      image_(std::make_shared<const metadata::ClusterImage>()),
      tasks_(place.shard) {}

BrokerShard::~BrokerShard() = default;

Partition* BrokerShard::find(const TopicPartition& id) {
    const auto found = partitions_.find(id);
    return found == partitions_.end() ? nullptr : found->second.partition.get();
}

ErrorCode BrokerShard::find_leader(const TopicPartition& id, std::int32_t epoch,
                                   Partition*& partition) {
    partition = find(id);
    if (partition == nullptr) {
        return is_offline(id) ? ErrorCode::kafka_storage_error : ErrorCode::not_leader_or_follower;
    }
    return partition->check_leader(epoch);
}

void BrokerShard::write_soon(Partition& partition) {
    dirty_.push_back(partition.id());
    if (dirty_.size() > 1) return;
    // Behind all that this turn of the shard still brings.
    (void)shard().post_answer([this] { write_dirty(); });
}

void BrokerShard::write_dirty() {
    writing_.swap(dirty_);
    for (const TopicPartition& id : writing_) {
        if (Partition* partition = find(id)) partition->write();
    }
    writing_.clear();
}

runtime::Task<> BrokerShard::apply(CommittedImage committed, bool is_start) {
    const std::shared_ptr<const metadata::ClusterImage> before =
        std::exchange(image_, std::move(committed.image));
    for (const Uuid& topic : committed.changes.topics) {
        const metadata::Topic* gone = before->topics.find(topic);
        if (gone == nullptr || image_->topics.contains(topic)) continue;
        for (const auto& [number, partition] : gone->partitions) remove({topic, number});
    }
    std::vector<Wanted> wanted = change_topics(committed.changes, is_start);
    change_configs(committed.changes);
    co_await open(std::move(wanted));
}

std::vector<BrokerShard::Wanted> BrokerShard::change_topics(const metadata::ImageChanges& changes,
                                                            bool all) {
    std::vector<Wanted> wanted;
    if (all) {
        for (const auto& [id, topic] : image_->topics) change_topic(id, true, wanted);
    } else {
        for (const Uuid& id : changes.topics) change_topic(id, false, wanted);
    }
    return wanted;
}

void BrokerShard::change_topic(const Uuid& id, bool is_start, std::vector<Wanted>& wanted) {
    const metadata::Topic* topic = image_->topics.find(id);
    if (topic == nullptr) return;
    for (const auto& [number, state] : topic->partitions) {
        const TopicPartition partition{id, number};
        if (owner_of(partition) != place_.index) continue;
        if (std::ranges::find(state.replicas, facts_.self) == state.replicas.end()) {
            remove(partition);
        } else if (Partition* here = find(partition)) {
            here->set_state(state, facts_.self);
        } else if (!failed_.contains(partition)) {
            const auto offline = offline_.find(partition);
            const bool is_left = is_start || (offline != offline_.end() && offline->second.is_left);
            wanted.push_back({partition, topic->name, is_left});
        }
    }
}

void BrokerShard::change_configs(const metadata::ImageChanges& changes) {
    for (const metadata::ConfigResource& resource : changes.configs) {
        if (resource.type == metadata::ResourceType::broker) {
            for (auto& [id, held] : partitions_) {
                held.partition->set_configs(configs_for(held.partition->topic_name()));
            }
            return;  // all are done
        }
    }
    for (const metadata::ConfigResource& resource : changes.configs) {
        if (resource.type != metadata::ResourceType::topic) continue;
        const Uuid* id = image_->topic_ids.find(resource.name);
        if (id == nullptr) continue;
        const TopicConfigs configs = configs_for(resource.name);
        for (const auto& [number, state] : image_->topics.find(*id)->partitions) {
            if (Partition* partition = find({*id, number})) partition->set_configs(configs);
        }
    }
}

TopicConfigs BrokerShard::configs_for(std::string_view topic) {
    TopicConfigs configs = resolve_topic_configs(*image_, facts_.settings, topic);
    if (configs.segment_jitter_ms_end > 0) {
        configs.log.segment_jitter_ms = static_cast<std::int64_t>(
            shard().random().below(static_cast<std::uint64_t>(configs.segment_jitter_ms_end)));
    }
    return configs;
}

log::LogOpening BrokerShard::opening_of(const Wanted& wanted, const std::string& name,
                                        std::size_t directory) {
    const LogDirectory& in = facts_.directories->all()[directory];
    log::LogOpening opening;
    opening.directory = in.path + "/" + name;
    opening.config = configs_for(wanted.topic).log;
    if (wanted.is_left) {
        if (const auto at = in.log_starts.find(name); at != in.log_starts.end())
            opening.log_start_offset = at->second;
        if (const auto at = in.recovery_points.find(name); at != in.recovery_points.end())
            opening.recovery_point = at->second;
        opening.was_clean = in.clean.has_value();
    }
    opening.now = shard().clock().wall();
    opening.mono_now = shard().now();
    opening.topic_id = wanted.id.topic;
    opening.on_failure = [this, id = wanted.id, path = opening.directory](const DiskError& error) {
        failed_.insert(id);
        shard().log().error("a log is offline directory={} reason={}", path, error.detail);
    };
    return opening;
}

runtime::Task<> BrokerShard::open(std::vector<Wanted> wanted) {
    struct Made {
        const Wanted* wanted;
        std::string name;
        std::size_t directory;
    };
    std::vector<Made> made;
    std::vector<bool> touched(facts_.directories->all().size());
    for (const Wanted& each : wanted) {
        std::string name = log::directory_name({each.topic, each.id.partition});
        const std::size_t directory = facts_.directories->place_of(name);
        const std::string path = facts_.directories->all()[directory].path + "/" + name;
        if (auto ok = place_.disk.create_directories(path); !ok) {
            opened(each, directory, Error(ok.error()));
            continue;
        }
        touched[directory] = touched[directory] || !each.is_left || !facts_.directories->has(name);
        made.push_back({&each, std::move(name), directory});
    }
    for (std::size_t i = 0; i < touched.size(); ++i) {
        if (!touched[i]) continue;
        const std::string path = facts_.directories->all()[i].path;
        if (auto ok = co_await runtime::sync_directory(shard(), place_.disk, path); !ok) {
            for (const Made& each : made)
                if (each.directory == i) opened(*each.wanted, i, Error(ok.error()));
            std::erase_if(made, [i](const Made& each) { return each.directory == i; });
        }
    }
    auto opening = std::make_shared<Opening>(shard());
    for (const Made& each : made) {
        while (opening->running >= kOpeningsAtOnce) {
            if (co_await opening->progress.wait() != runtime::Waited::ready) co_return;
        }
        ++opening->running;
        log::Log::open(files_, opening_of(*each.wanted, each.name, each.directory),
                       [this, opening, what = *each.wanted,
                        directory = each.directory](Result<std::unique_ptr<log::Log>> log) {
                           --opening->running;
                           opening->progress.set();
                           if (!log && log.error().code == ErrorCode::inconsistent_topic_id) {
                               opening->again.push_back(what);
                           } else {
                               opened(what, directory, std::move(log));
                           }
                       });
    }
    while (opening->running > 0) {
        if (co_await opening->progress.wait() != runtime::Waited::ready) co_return;
    }
    // A topic of the same name was there before, and its directory was not set aside in time.
    std::vector<Wanted> retried;
    for (const Wanted& each : opening->again) {
        const std::string name = log::directory_name({each.topic, each.id.partition});
        const std::size_t directory = facts_.directories->place_of(name);
        if (set_aside(facts_.directories->all()[directory].path + "/" + name, "stray")) {
            retried.push_back({each.id, each.topic, false});
        } else {
            opened(each, directory,
                   Error{ErrorCode::inconsistent_topic_id,
                         "its directory is that of another topic and cannot be set aside"});
        }
    }
    if (!retried.empty()) co_await open(std::move(retried));
}

void BrokerShard::opened(const Wanted& wanted, std::size_t directory,
                         Result<std::unique_ptr<log::Log>> log) {
    const metadata::Partition* state = image_->find_partition(wanted.id.topic, wanted.id.partition);
    if (!log) {
        shard().log().error("cannot open a log partition={}-{} reason={}", wanted.topic,
                            wanted.id.partition, log.error().detail);
        offline_[wanted.id] = {log.error().detail, wanted.is_left};
        return;
    }
    if (state == nullptr) return;
    const log::LogReport& report = (*log)->report();
    if (report.cut_below_recovery_point) {
        shard().log().error("a log has lost what was durable partition={}-{} bytes_cut={}",
                            wanted.topic, wanted.id.partition, report.bytes_cut);
    } else if (report.bytes_cut > 0) {
        shard().log().warn("cut a torn tail partition={}-{} bytes={}", wanted.topic,
                           wanted.id.partition, report.bytes_cut);
    }
    offline_.erase(wanted.id);
    auto partition = std::make_unique<Partition>(shard(), wanted.id, wanted.topic, std::move(*log),
                                                 configs_for(wanted.topic),
                                                 [this](Partition& dirty) { write_soon(dirty); });
    partition->set_state(*state, facts_.self);
    partitions_[wanted.id] = {std::move(partition), directory};
}

void BrokerShard::remove(const TopicPartition& id) {
    offline_.erase(id);
    failed_.erase(id);
    const auto found = partitions_.find(id);
    if (found == partitions_.end()) return;
    Partition& partition = *found->second.partition;
    partition.refuse_pending(ErrorCode::unknown_topic_or_partition, "the topic was deleted");
    const std::string directory = partition.log().directory();
    const Duration delay = partition.log().config().file_delete_delay;
    partitions_.erase(found);
    if (const auto doomed = set_aside(directory, "delete"))
        tasks_.spawn("remove " + *doomed, remove_directory(*doomed, delay));
}

std::optional<std::string> BrokerShard::set_aside(const std::string& directory,
                                                  std::string_view suffix) {
    auto aside = moldau::broker::set_aside(place_.disk, shard().random(), directory, suffix);
    if (aside) return std::move(*aside);
    shard().log().error("cannot set a partition's directory aside directory={} reason={}",
                        directory, aside.error().detail);
    return std::nullopt;
}

runtime::Task<> BrokerShard::remove_directory(std::string path, Duration delay) {
    // Cut short by a clean stop it goes at once: nobody reads it any more, and Kafka, were it to
    // start here, would take a log without its indexes for a damaged one.
    static_cast<void>(co_await runtime::sleep_until(shard(), shard().now() + delay));
    if (auto ok = remove_directory_with_files(place_.disk, path); !ok) {
        shard().log().warn("cannot remove a deleted partition reason={}", ok.error().detail);
    }
}

std::vector<BrokerShard::Checkpoint> BrokerShard::checkpoint() const {
    std::vector<Checkpoint> all;
    for (const auto& [id, held] : partitions_) {
        const log::Log& log = held.partition->log();
        if (log.is_offline()) continue;
        Checkpoint each{
            .directory = held.directory,
            .recovery_point = {held.partition->topic_name(), id.partition, log.recovery_point()},
            .log_start = std::nullopt};
        if (log.log_start_offset() > Offset{0}) each.log_start = log.log_start_offset();
        all.push_back(std::move(each));
    }
    return all;
}

runtime::Task<Result<>> BrokerShard::rest() {
    tasks_.cancel();
    co_await tasks_.join();
    co_return Result<>();
}

runtime::Task<Result<>> BrokerShard::close() {
    bool all_well = offline_.empty();
    for (auto& [id, held] : partitions_) {
        held.partition->wake_waiters();
        held.partition->write();
    }
    std::vector<std::pair<TopicPartition, runtime::Ending<DiskResult<>>>> closing;
    for (auto& [id, held] : partitions_) {
        if (held.partition->log().is_offline()) {
            all_well = false;
            continue;
        }
        closing.emplace_back(id, runtime::Ending<DiskResult<>>(shard()));
        held.partition->log().close(closing.back().second.done());
        if (closing.size() % kOpeningsAtOnce == 0) {
            for (std::size_t i = closing.size() - kOpeningsAtOnce; i < closing.size(); ++i) {
                if (auto ok = co_await closing[i].second.wait(); !ok) all_well = false;
            }
        }
    }
    for (std::size_t i = closing.size() - closing.size() % kOpeningsAtOnce; i < closing.size();
         ++i) {
        if (auto ok = co_await closing[i].second.wait(); !ok) {
            shard().log().error("cannot close a log in order reason={}", ok.error().detail);
            all_well = false;
        }
    }
    if (!all_well) co_return Error{ErrorCode::kafka_storage_error, "not all logs were closed"};
    co_return Result<>();
}

void BrokerShard::start_housekeeping() {
    tasks_.spawn("retention", retention());
    tasks_.spawn("sweep files", sweep_files());
    tasks_.spawn("flush by time", flush_by_time());
}

runtime::Task<> BrokerShard::retention() {
    const auto every =
        std::chrono::milliseconds(facts_.settings.get(config::kLogRetentionCheckIntervalMs));
    while (co_await runtime::sleep_until(shard(), shard().now() + every) !=
           runtime::Waited::cancelled) {
        const Timestamp now = shard().clock().wall();
        for (auto& [id, held] : partitions_) {
            log::Log& log = held.partition->log();
            if (log.is_offline()) continue;
            log.remove_expired_producers(now);
            Result<std::size_t> gone =
                log.delete_old_segments(now, shard().now(), held.partition->high_watermark());
            if (!gone) {
                shard().log().warn("retention failed directory={} reason={}", log.directory(),
                                   gone.error().detail);
            } else if (*gone > 0) {
                shard().log().info("retention removed segments directory={} segments={}",
                                   log.directory(), *gone);
            }
        }
    }
}

runtime::Task<> BrokerShard::sweep_files() {
    constexpr Duration kEvery = std::chrono::seconds(10);
    while (co_await runtime::sleep_until(shard(), shard().now() + kEvery) !=
           runtime::Waited::cancelled) {
        files_.sweep();
        for (auto& [id, held] : partitions_) held.partition->log().on_tick(shard().now());
    }
}

runtime::Task<> BrokerShard::flush_by_time() {
    constexpr Duration kEvery = std::chrono::seconds(1);
    while (co_await runtime::sleep_until(shard(), shard().now() + kEvery) !=
           runtime::Waited::cancelled) {
        for (auto& [id, held] : partitions_) held.partition->flush_if_due(shard().now());
    }
}

}  // namespace moldau::broker
