#include "broker_shard.hpp"

#include "api_table.hpp"
#include "coordination/group_coordinator.hpp"
#include "memory_division.hpp"
#include "quotas/image_quotas.hpp"
#include "replica_moves.hpp"
#include "storage.hpp"

#include "moldau/config/keys.hpp"
#include "moldau/controller/partition_change.hpp"
#include "moldau/log/log_directory.hpp"
#include "moldau/runtime/disk_wait.hpp"
#include "moldau/runtime/ending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace moldau::broker {
namespace {

constexpr std::size_t kOpeningsAtOnce = 32;
// Between two tries to open what could not be opened; each time twice as long.
constexpr Duration kRetryPauseLeast = std::chrono::seconds(1);
constexpr Duration kRetryPauseMost = std::chrono::seconds(60);

DiskError missing_directory() {
    return {DiskFault::failed, "it may be in a log directory that is not there"};
}

DiskError offline_directory() {
    return {DiskFault::failed, "its log directory is offline"};
}

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
                                  config::kMaxIncrementalFetchSessionCacheSlots)),
                              .bytes_max = divide_budget(facts.settings).fetch_sessions}),
      counters_(api_table().size()),
      quotas_({.shard = place.shard, .index = place.index, .shards = place.all},
              quota_windows(facts.settings)),
      groups_(std::make_unique<GroupCoordinator>(*this, facts.settings)),
      moves_(std::make_unique<ReplicaMoves>(*this)),
      image_(std::make_shared<const metadata::ClusterImage>()),
      opening_ended_(place.shard),
      went_offline_(place.shard),
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
        if (Partition* partition = find(id)) counters_.appended.add(partition->write());
    }
    writing_.clear();
}

void BrokerShard::was_refused(const TopicPartition& id, BytesView batch) {
    if (owner_of(id) != place_.index || partitions_.contains(id)) return;
    const metadata::Partition* state = image_->find_partition(id.topic, id.partition);
    if (state != nullptr && state->leader == facts_.self) refused_[id].note(batch);
}

ErrorCode BrokerShard::read_failed(const TopicPartition& id, const DiskError& error) {
    Partition* partition = find(id);
    return partition == nullptr ? ErrorCode::not_leader_or_follower
                                : partition->log().read_failed(error).code;
}

bool BrokerShard::is_opening_any_of(const Uuid& topic) const {
    return std::ranges::any_of(
        opening_, [&topic](const TopicPartition& each) { return each.topic == topic; });
}

runtime::Task<> BrokerShard::take(CommittedImage committed, bool is_start) {
    std::vector<Uuid> gone;
    for (const Uuid& id : committed.changes.topics) {
        if (image_->topics.contains(id) && !committed.image->topics.contains(id))
            gone.push_back(id);
    }
    // One that is just being opened once more: its directory is in use.
    while (std::ranges::any_of(gone, [this](const Uuid& id) { return is_opening_any_of(id); })) {
        if (co_await opening_ended_.wait() == runtime::Waited::cancelled) co_return;
    }
    const auto before = std::exchange(image_, std::move(committed.image));
    for (const Uuid& id : gone) {
        for (const auto& [number, partition] : before->topics.find(id)->partitions)
            remove({id, number});
    }
    for (const Uuid& id : gone) groups_->topic_deleted(*before->topics.find(id));
    change_topics(committed.changes, is_start);
    change_configs(committed.changes);
    if (committed.changes.quotas || is_start) quotas_.take(client_quotas_of(*image_));
}

runtime::Task<> BrokerShard::open_wanted() {
    return open(std::exchange(wanted_, {}));
}

void BrokerShard::change_topics(const metadata::ImageChanges& changes, bool all) {
    if (all) {
        for (const auto& [id, topic] : image_->topics) change_topic(id, true);
    } else {
        for (const Uuid& id : changes.topics) change_topic(id, false);
    }
}

void BrokerShard::change_topic(const Uuid& id, bool is_start) {
    const metadata::Topic* topic = image_->topics.find(id);
    if (topic == nullptr) return;
    for (const auto& [number, state] : topic->partitions) {
        const TopicPartition partition{id, number};
        if (owner_of(partition) != place_.index) continue;
        if (std::ranges::find(state.replicas, facts_.self) == state.replicas.end()) {
            remove(partition);
        } else if (Partition* here = find(partition)) {
            set_state(*here, state);
        } else if (!failed_.contains(partition) && !is_offline(partition)) {
            wanted_.push_back({.id = partition, .topic = topic->name, .is_left = is_start});
            Wanted& wanted = wanted_.back();
            place(wanted);
            if (wanted.is_left) {
                left_[partition] = wanted;
            } else if (is_start && may_be_elsewhere(state)) {
                const Wanted missing = std::move(wanted);
                wanted_.pop_back();
                could_not_open(missing, missing_directory());
            }
        }
    }
}

void BrokerShard::place(Wanted& wanted) {
    wanted.name = log::directory_name({wanted.topic, wanted.id.partition});
    const auto left = facts_.directories->find(wanted.name, wanted.id.topic);
    // A directory that was not there is nobody's, whatever the checkpoints say of its name.
    wanted.is_left = wanted.is_left && left;
    const auto preferred = moves_->take_preferred(wanted.name);
    if (wanted.is_left) {
        wanted.directory = *left;
    } else if (preferred && !facts_.directories->is_failed(*preferred)) {
        wanted.directory = *preferred;
        facts_.directories->came(*preferred);
    } else {
        wanted.directory = facts_.directories->place_new();
    }
}

bool BrokerShard::may_be_elsewhere(const metadata::Partition& state) const {
    if (facts_.lacks_log_directory) return true;
    const auto assigned = controller::directory_of_replica(state, facts_.self);
    return assigned && !is_reserved_directory(*assigned) &&
           std::ranges::find(facts_.directories->all(), *assigned, &LogDirectory::id) ==
               facts_.directories->all().end();
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

log::LogOpening BrokerShard::opening_of(const Wanted& wanted) {
    const LogDirectory& in = facts_.directories->all()[wanted.directory];
    log::LogOpening opening;
    opening.directory = in.path + "/" + wanted.name;
    opening.config = configs_for(wanted.topic).log;
    if (wanted.is_left) {
        const LogDirectory::Left left = in.left(wanted.name);
        opening.log_start_offset = left.log_start.value_or(Offset{0});
        opening.recovery_point = left.recovery_point.value_or(Offset{0});
        opening.was_clean = in.clean.has_value();
    }
    opening.now = shard().clock().wall();
    opening.mono_now = shard().now();
    opening.topic_id = wanted.id.topic;
    opening.on_failure = [this, wanted](const DiskError& error, log::LogFailure what) {
        log_failed(wanted.id, wanted.name, wanted.directory, error, what);
    };
    return opening;
}

void BrokerShard::log_failed(const TopicPartition& id, const std::string& name,
                             std::size_t directory, const DiskError& error, log::LogFailure what) {
    failed_.insert(id);
    shard().log().error("a log is offline partition={} reason={}", name, error.detail);
    if (what == log::LogFailure::write) write_failed(directory, error);
}

void BrokerShard::write_failed(std::size_t directory, const DiskError& error) {
    if (facts_.directories->fail(directory) && place_.on_directory_failure)
        place_.on_directory_failure(directory, error);
}

void BrokerShard::directory_failed(std::size_t directory, const Error& reason) {
    for (const auto& [id, held] : partitions_) {
        if (held.directory != directory) continue;
        failed_.insert(id);
        held.partition->log().take_offline(reason);
        held.partition->wake_waiters();
    }
    for (const auto& [id, offline] : offline_) {
        if (offline.wanted.directory == directory) failed_.insert(id);
    }
    moves_->directory_failed(directory, reason);
}

runtime::Task<> BrokerShard::open(std::vector<Wanted> wanted) {
    std::vector<Wanted> again = co_await open_logs(co_await make_directories(std::move(wanted)));
    // A topic of the same name was there before, and its directory was not set aside in time.
    std::vector<Wanted> retried;
    for (Wanted& each : again) {
        each.is_left = false;
        left_.erase(each.id);
        if (set_aside(facts_.directories->all()[each.directory].path + "/" + each.name, "stray")) {
            retried.push_back(std::move(each));
        } else {
            opened(each, Error{ErrorCode::inconsistent_topic_id,
                               "its directory is that of another topic and cannot be set aside"});
        }
    }
    if (!retried.empty()) again = co_await open_logs(co_await make_directories(std::move(retried)));
    for (const Wanted& each : again)
        opened(each, Error{ErrorCode::inconsistent_topic_id, "its directory is in use"});
}

/// Those whose directories are there, durably, and of whose names no checkpoint says anything that
/// is another log's.
runtime::Task<std::vector<BrokerShard::Wanted>> BrokerShard::make_directories(
    std::vector<Wanted> wanted) {
    for (const Wanted& each : wanted) {
        if (facts_.directories->is_failed(each.directory))
            could_not_open(each, offline_directory());
    }
    std::erase_if(wanted, [this](const Wanted& each) {
        return facts_.directories->is_failed(each.directory);
    });
    std::vector<Checkpoints::Name> new_names;
    for (const Wanted& each : wanted)
        if (!each.is_left) new_names.push_back({each.directory, each.name});
    if (!new_names.empty()) {
        Checkpoints* checkpoints = place_.checkpoints;
        Result<> forgotten = co_await runtime::call_task(
            shard(), checkpoints->home(), "forget checkpoints",
            [checkpoints, names = std::move(new_names)] { return checkpoints->forget(names); });
        if (!forgotten) {
            for (const Wanted& each : wanted)
                if (!each.is_left) opened(each, Error(forgotten.error()));
            std::erase_if(wanted, [](const Wanted& each) { return !each.is_left; });
        }
    }
    // Its topic may have been deleted meanwhile.
    std::erase_if(wanted, [this](const Wanted& each) {
        return image_->find_partition(each.id.topic, each.id.partition) == nullptr;
    });
    std::vector<Wanted> made;
    std::vector<bool> touched(facts_.directories->all().size());
    for (Wanted& each : wanted) {
        const std::string path = facts_.directories->all()[each.directory].path + "/" + each.name;
        if (auto ok = place_.disk.create_directories(path); !ok) {
            opened(each, Error(ok.error()));
            continue;
        }
        if (!each.is_left) touched[each.directory] = true;
        made.push_back(std::move(each));
    }
    for (std::size_t i = 0; i < touched.size(); ++i) {
        if (!touched[i]) continue;
        const std::string path = facts_.directories->all()[i].path;
        if (auto ok = co_await runtime::sync_directory(shard(), place_.disk, path); !ok) {
            if (ok.error().fault == DiskFault::failed) write_failed(i, ok.error());
            for (const Wanted& each : made)
                if (each.directory == i) could_not_open(each, ok.error());
            std::erase_if(made, [i](const Wanted& each) { return each.directory == i; });
        }
    }
    co_return made;
}

/// Returns those whose directories are another topic's.
runtime::Task<std::vector<BrokerShard::Wanted>> BrokerShard::open_logs(std::vector<Wanted> wanted) {
    auto opening = std::make_shared<Opening>(shard());
    for (const Wanted& each : wanted) {
        while (opening->running >= kOpeningsAtOnce) {
            if (co_await opening->progress.wait() != runtime::Waited::ready)
                co_return std::vector<Wanted>();
        }
        if (image_->find_partition(each.id.topic, each.id.partition) == nullptr) {
            if (!each.is_left) discard(each);
            continue;
        }
        if (facts_.directories->is_failed(each.directory)) {
            could_not_open(each, offline_directory());
            continue;
        }
        ++opening->running;
        opening_.insert(each.id);
        log::Log::open(files_, opening_of(each),
                       [this, opening, what = each](Result<std::unique_ptr<log::Log>> log) {
                           --opening->running;
                           opening->progress.set();
                           opening_.erase(what.id);
                           opening_ended_.set();
                           if (!log && log.error().code == ErrorCode::inconsistent_topic_id) {
                               opening->again.push_back(what);
                           } else {
                               opened(what, std::move(log));
                           }
                       });
    }
    while (opening->running > 0) {
        if (co_await opening->progress.wait() != runtime::Waited::ready)
            co_return std::vector<Wanted>();
    }
    co_return std::move(opening->again);
}

void BrokerShard::could_not_open(const Wanted& wanted, const DiskError& error) {
    // A sync that failed is not tried again over what may be lost.
    if (error.fault == DiskFault::failed) failed_.insert(wanted.id);
    opened(wanted, Error(error));
}

void BrokerShard::opened(const Wanted& wanted, Result<std::unique_ptr<log::Log>> log) {
    const metadata::Partition* state = image_->find_partition(wanted.id.topic, wanted.id.partition);
    if (state == nullptr) return;
    if (log || facts_.directories->is_failed(wanted.directory))
        tell_place(wanted.id, wanted.directory);
    // Its directory may have failed meanwhile: nothing in it comes online.
    if (log && facts_.directories->is_failed(wanted.directory)) {
        failed_.insert(wanted.id);
        log = Error(offline_directory());
    }
    if (!log) {
        const bool is_final = failed_.contains(wanted.id);
        Offline& offline = offline_[wanted.id];
        if (std::exchange(offline.why, log.error().detail) != log.error().detail) {
            shard().log().error("cannot open a log partition={}-{} reason={} tried_again={}",
                                wanted.topic, wanted.id.partition, log.error().detail, !is_final);
        }
        offline.wanted = wanted;
        offline.is_of_another = log.error().code == ErrorCode::inconsistent_topic_id;
        went_offline_.set();
        return;
    }
    const log::LogReport& report = (*log)->report();
    if (report.cut_below_recovery_point) {
        shard().log().error("a log has lost what was durable partition={}-{} bytes_cut={}",
                            wanted.topic, wanted.id.partition, report.bytes_cut);
    } else if (report.bytes_cut > 0) {
        shard().log().warn("cut a torn tail partition={}-{} bytes={}", wanted.topic,
                           wanted.id.partition, report.bytes_cut);
    }
    for (const std::string& note : report.notes)
        shard().log().warn("mended a log partition={}-{} note='{}'", wanted.topic,
                           wanted.id.partition, note);
    for (const std::string& file : report.unknown_files)
        shard().log().info("left a file alone that is no log's partition={}-{} file={}",
                           wanted.topic, wanted.id.partition, file);
    if (offline_.erase(wanted.id) > 0)
        shard().log().info("opened a log after all partition={}-{}", wanted.topic,
                           wanted.id.partition);
    left_.erase(wanted.id);
    if (auto refused = refused_.extract(wanted.id))
        (*log)->were_refused(std::move(refused.mapped()));
    auto partition = std::make_unique<Partition>(shard(), wanted.id, wanted.topic, std::move(*log),
                                                 configs_for(wanted.topic),
                                                 [this](Partition& dirty) { write_soon(dirty); });
    Partition& here = *partition;
    partitions_[wanted.id] = {std::move(partition), wanted.directory};
    set_state(here, *state);
    if (!wanted.is_left) return;
    if (const auto to = facts_.directories->move_of(wanted.name))
        (void)moves_->begin(wanted.id, wanted.topic, *to);
}

void BrokerShard::moved(const TopicPartition& id, std::size_t directory) {
    facts_.directories->came(directory);
    facts_.directories->gone(std::exchange(partitions_.at(id).directory, directory));
    tell_place(id, directory);
}

void BrokerShard::tell_place(const TopicPartition& id, std::size_t directory) const {
    const metadata::Partition* state = image_->find_partition(id.topic, id.partition);
    if (state == nullptr || !place_.on_placed) return;
    const auto& all = facts_.directories->all();
    const auto known = controller::directory_of_replica(*state, facts_.self);
    if (!known) return;
    // The controller knows by itself where a broker of one directory puts what is new.
    const bool is_only_one = all.size() == 1 && (*known == metadata::kUnassignedDirectory ||
                                                 *known == metadata::kMigratingDirectory);
    if (*known != all[directory].id() && !is_only_one) place_.on_placed(id, directory);
}

void BrokerShard::set_state(Partition& partition, const metadata::Partition& state) {
    partition.set_state(state, facts_.self);
    if (partition.topic_name() == kGroupsTopic) groups_->led(partition.id(), partition.is_leader());
}

void BrokerShard::remove(const TopicPartition& id) {
    moves_->partition_goes(id);
    const auto offline = offline_.extract(id);
    left_.erase(id);
    failed_.erase(id);
    refused_.erase(id);
    const auto found = partitions_.find(id);
    if (found == partitions_.end()) {
        if (offline && !offline.mapped().is_of_another) discard(offline.mapped().wanted);
        return;
    }
    Partition& partition = *found->second.partition;
    partition.refuse_pending(ErrorCode::unknown_topic_or_partition, "the topic was deleted");
    const std::string directory = partition.log().directory();
    const Duration delay = partition.log().config().file_delete_delay;
    facts_.directories->gone(found->second.directory);
    partitions_.erase(found);
    groups_->led(id, false);
    if (const auto doomed = set_aside(directory, "delete"))
        tasks_.spawn("remove " + *doomed, remove_directory(*doomed, delay));
}

void BrokerShard::discard(const Wanted& wanted) {
    const LogDirectory& in = facts_.directories->all()[wanted.directory];
    facts_.directories->gone(wanted.directory);
    if (facts_.directories->is_failed(wanted.directory)) return;  // the next start finds it
    const std::string path = in.path + "/" + wanted.name;
    if (!place_.disk.list(path)) return;  // it was not made
    if (const auto doomed = set_aside(path, "delete"))
        tasks_.spawn("remove " + *doomed, remove_directory(*doomed, Duration::zero()));
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

std::vector<Checkpoint> BrokerShard::checkpoint(std::size_t directory) const {
    std::vector<Checkpoint> all;
    for (const auto& [id, held] : partitions_) {
        // Of one that is about to move the next start may find either.
        const log::Log* log =
            held.directory == directory ? &held.partition->log() : moves_->other_in(id, directory);
        if (log == nullptr) continue;
        Checkpoint each{.topic = held.partition->topic_name(),
                        .partition = id.partition,
                        .recovery_point = std::nullopt,
                        .log_start = std::nullopt};
        // After an error of the disk the next start looks at all of it.
        if (!log->is_offline()) each.recovery_point = log->recovery_point();
        const Offset start = held.partition->log_start_to_keep();
        if (start > Offset{0}) each.log_start = start;
        all.push_back(std::move(each));
    }
    for (const auto& [id, wanted] : left_) {
        if (wanted.directory != directory) continue;
        const auto left = facts_.directories->all()[directory].left(wanted.name);
        all.push_back({.topic = wanted.topic,
                       .partition = id.partition,
                       .recovery_point = left.recovery_point,
                       .log_start = left.log_start});
    }
    return all;
}

std::vector<std::size_t> BrokerShard::directories_of(const TopicPartition& id) const {
    std::vector<std::size_t> all = {directory_of(id)};
    if (const auto other = moves_->other_directory(id)) all.push_back(*other);
    return all;
}

BrokerShard::LogFigures BrokerShard::log_figures() const {
    LogFigures figures{.partitions = partitions_.size() + offline_.size(),
                       .offline = offline_.size()};
    for (const auto& [id, held] : partitions_) {
        const log::Log& log = held.partition->log();
        figures.leaders += held.partition->is_leader() ? 1U : 0U;
        figures.offline += log.is_offline() ? 1U : 0U;
        figures.segments += log.segment_count();
        figures.producers += log.producers().size();
        figures.bytes += log.size_bytes();
    }
    return figures;
}

runtime::Task<Result<>> BrokerShard::rest() {
    tasks_.cancel();
    co_await tasks_.join();
    co_await moves_->rest();
    co_await groups_->rest();
    // What they had begun to open ends by itself.
    while (!opening_.empty()) {
        const runtime::Waited waited = co_await opening_ended_.wait();
        if (waited != runtime::Waited::ready) co_return runtime::error_of(waited);
    }
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
    if (!co_await moves_->close()) all_well = false;
    if (!all_well) co_return Error{ErrorCode::kafka_storage_error, "not all logs were closed"};
    co_return Result<>();
}

void BrokerShard::start_housekeeping() {
    tasks_.spawn("retention", retention());
    tasks_.spawn("sweep files", sweep_files());
    tasks_.spawn("flush by time", flush_by_time());
    tasks_.spawn("retry logs", retry_logs());
}

runtime::Task<> BrokerShard::retention() {
    const auto every =
        std::chrono::milliseconds(facts_.settings.get(config::kLogRetentionCheckIntervalMs));
    while (co_await runtime::sleep_until(shard(), shard().now() + every) !=
           runtime::Waited::cancelled) {
        const Timestamp now = shard().clock().wall();
        for (auto& [id, held] : partitions_) {
            counters_.appended.add(
                held.partition->write());  // what another timer of this turn has staged
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
        quotas_.sweep();
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

// What could not be opened for want of room, descriptors or a disk that reads may be opened later.
runtime::Task<> BrokerShard::retry_logs() {
    Duration pause = kRetryPauseLeast;
    while (true) {
        std::vector<Wanted> wanted;
        if (offline_.empty()) {
            pause = kRetryPauseLeast;
            if (co_await went_offline_.wait() == runtime::Waited::cancelled) co_return;
        }
        if (co_await runtime::sleep_until(shard(), shard().now() + pause) ==
            runtime::Waited::cancelled)
            co_return;
        for (const auto& [id, offline] : offline_) {
            if (!failed_.contains(id) && !opening_.contains(id)) wanted.push_back(offline.wanted);
        }
        const std::size_t before = offline_.size();
        co_await open(std::move(wanted));
        pause = offline_.size() < before ? kRetryPauseLeast : std::min(2 * pause, kRetryPauseMost);
    }
}

}  // namespace moldau::broker
