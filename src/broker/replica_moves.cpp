#include "replica_moves.hpp"

#include "broker_shard.hpp"
#include "storage.hpp"

#include "moldau/base/endian.hpp"
#include "moldau/log/log_directory.hpp"
#include "moldau/record/batch.hpp"
#include "moldau/runtime/disk_wait.hpp"
#include "moldau/runtime/ending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace moldau::broker {
namespace {

using runtime::Task;

constexpr std::size_t kCopyBytes = std::size_t{1} << 20U;  // at a time
/// Of partitions that are not here yet: what is wished beyond that is not remembered.
constexpr std::size_t kPreferredMost = 10'000;
constexpr Duration kLetGoAfter = std::chrono::seconds(1);

std::string log_directory_of(const std::string& path) {
    return path.substr(0, path.rfind('/'));
}

Error cancelled_error() {
    return {ErrorCode::broker_not_available, "it was called off"};
}

/// Puts the batches that the copy lacks behind its end; `starts_anew`: the first of them does not
/// follow it. Errors: those of the log.
Result<> stage_all(BytesView batches, log::Log& copy, Timestamp now) {
    while (true) {
        Result<std::optional<record::BatchBytes>> first = record::first_batch(batches);
        if (!first) return first.error();
        if (!*first) return {};
        const BytesView bytes = (*first)->bytes;
        batches = batches.subspan(bytes.size());
        Result<record::BatchView> batch = record::BatchView::of(bytes);
        if (!batch) return batch.error();
        if (batch->next_offset() <= copy.staged_end_offset()) continue;
        if (!batch->is_crc_right())
            return Error{ErrorCode::corrupt_message,
                         fmt::format("the batch at offset {} is damaged",
                                     load_be<std::int64_t>(bytes.data()))};
        Result<log::StagedBatch> staged = copy.stage(bytes, now);
        if (!staged) return staged.error();
    }
}

Result<> write_all(BytesView batches, log::Log& copy, Timestamp now) {
    Result<> staged = stage_all(batches, copy, now);
    if (!staged) {
        copy.drop_staged();
        return staged;
    }
    const log::WrittenBatches written = copy.write_staged(now);
    if (written.error) return *written.error;
    return {};
}

}  // namespace

/// What a log that was opened as a copy is now.
enum class ReplicaMoves::Role : std::uint8_t { copy, replica, dropped };

struct ReplicaMoves::Move {
    TopicPartition id;
    std::string name;      // of the replica's directory: orders-3
    std::string number;    // HEX
    std::size_t from = 0;  // indexes of log directories
    std::size_t to = 0;
    std::string path;          // of the copy, as long as it is one
    std::string replica_path;  // where the replica lay, once it has given up its name
    std::unique_ptr<log::Log> copy;
    std::shared_ptr<Role> role = std::make_shared<Role>(Role::copy);
    std::shared_ptr<log::Log> old;     // the replica's, when the copy has taken its place
    std::optional<DiskError> failure;  // of the copy
    bool is_opening = false;           // its disk is at it
    bool is_known = false;             // the checkpoints say something of it
    bool holds_flushes = false;
    bool is_over = false;             // nobody wants it any more
    std::optional<std::size_t> then;  // where it is wanted when it has arrived
};

ReplicaMoves::ReplicaMoves(BrokerShard& here) : here_(here), tasks_(here.shard()) {}
ReplicaMoves::~ReplicaMoves() = default;

ErrorCode ReplicaMoves::begin(const TopicPartition& id, const std::string& topic, std::size_t to) {
    if (here_.is_offline(id)) return ErrorCode::kafka_storage_error;
    const Partition* partition = here_.find(id);
    if (partition == nullptr) {
        prefer(log::directory_name({topic, id.partition}), to);
        return ErrorCode::replica_not_available;
    }
    if (partition->log().is_offline() || here_.facts().directories->is_failed(to))
        return ErrorCode::kafka_storage_error;
    MovePtr move;
    if (const auto of_topic = moves_.find(id.topic); of_topic != moves_.end()) {
        if (const auto found = of_topic->second.find(id.partition); found != of_topic->second.end())
            move = found->second;
    }
    if (move != nullptr && !move->replica_path.empty()) {
        // It is about to arrive, and goes on from there.
        move->then = to;
        return ErrorCode::none;
    }
    if (move != nullptr && move->to == to) return ErrorCode::none;
    if (move != nullptr) drop_copy(*move);
    return here_.directory_of(id) == to ? ErrorCode::none : start(id, topic, to);
}

ErrorCode ReplicaMoves::start(const TopicPartition& id, const std::string& topic, std::size_t to) {
    auto move = std::make_shared<Move>();
    Random& random = here_.shard().random();
    const std::uint64_t high = random.next();
    move->id = id;
    move->name = log::directory_name({topic, id.partition});
    move->number = fmt::format("{:016x}{:016x}", high, random.next());
    move->from = here_.directory_of(id);
    move->to = to;
    move->path = fmt::format("{}/{}.{}-future", here_.facts().directories->all()[to].path,
                             move->name, move->number);
    // Who is told that the move has begun finds it after a kill.
    if (auto ok = here_.disk().create_directories(move->path); !ok) {
        here_.shard().log().error("a replica could not be moved partition={} reason={}", move->name,
                                  ok.error().detail);
        return ErrorCode::kafka_storage_error;
    }
    moves_[id.topic][id.partition] = move;
    here_.shard().log().info("moving a replica partition={} to={}", move->name,
                             log_directory_of(move->path));
    tasks_.spawn("move " + move->name, run(move));
    return ErrorCode::none;
}

void ReplicaMoves::prefer(const std::string& partition, std::size_t directory) {
    if (preferred_.size() < kPreferredMost || preferred_.contains(partition))
        preferred_[partition] = directory;
}

std::optional<std::size_t> ReplicaMoves::take_preferred(std::string_view partition) {
    const auto found = preferred_.find(partition);
    if (found == preferred_.end()) return std::nullopt;
    const std::size_t directory = found->second;
    preferred_.erase(found);
    return directory;
}

std::optional<ReplicaMoves::Copy> ReplicaMoves::copy_of(const TopicPartition& id) const {
    const auto of_topic = moves_.find(id.topic);
    if (of_topic == moves_.end()) return std::nullopt;
    const auto found = of_topic->second.find(id.partition);
    if (found == of_topic->second.end()) return std::nullopt;
    const Move& move = *found->second;
    if (*move.role != Role::copy) {
        if (!move.then || *move.then == move.to) return std::nullopt;
        return Copy{.directory = here_.facts().directories->all()[*move.then].path};
    }
    Copy copy{.directory = log_directory_of(move.path)};
    if (move.copy != nullptr) {
        copy.bytes = move.copy->size_bytes();
        copy.end = move.copy->end_offset();
    }
    return copy;
}

std::optional<std::size_t> ReplicaMoves::other_directory(const TopicPartition& id) const {
    const auto of_topic = moves_.find(id.topic);
    if (of_topic == moves_.end()) return std::nullopt;
    const auto found = of_topic->second.find(id.partition);
    if (found == of_topic->second.end() || !found->second->is_known) return std::nullopt;
    const Move& move = *found->second;
    return *move.role == Role::replica ? move.from : move.to;
}

const log::Log* ReplicaMoves::other_in(const TopicPartition& id, std::size_t directory) const {
    if (moves_.empty() || other_directory(id) != directory) return nullptr;
    const Move& move = *moves_.find(id.topic)->second.find(id.partition)->second;
    return *move.role == Role::replica ? move.old.get() : move.copy.get();
}

void ReplicaMoves::partition_goes(const TopicPartition& id) {
    const auto of_topic = moves_.find(id.topic);
    if (of_topic == moves_.end()) return;
    if (const auto found = of_topic->second.find(id.partition); found != of_topic->second.end()) {
        const MovePtr move = found->second;
        drop_copy(*move);
    }
}

void ReplicaMoves::directory_failed(std::size_t directory, const Error& reason) {
    for (auto& [topic, of_topic] : moves_) {
        for (auto& [number, move] : of_topic) {
            if (move->to != directory || move->copy == nullptr) continue;
            move->failure = DiskError{DiskFault::failed, reason.detail};
            move->copy->take_offline(reason);
        }
    }
}

/// The move is over; its directory goes.
void ReplicaMoves::drop_copy(Move& move) {
    move.is_over = true;
    if (std::exchange(move.holds_flushes, false)) {
        if (Partition* partition = here_.find(move.id)) partition->hold_flushes(false);
    }
    if (*move.role != Role::replica && !move.is_opening) {
        *move.role = Role::dropped;
        // What waits for the copy's disk hears of it yet.
        std::shared_ptr<log::Log> copy = std::move(move.copy);
        if (const auto doomed = here_.set_aside(move.path, "delete"))
            tasks_.spawn("remove " + *doomed, remove_old(std::move(copy), *doomed, kLetGoAfter));
    }
    forget(move);
}

void ReplicaMoves::forget(const Move& move) {
    const auto of_topic = moves_.find(move.id.topic);
    if (of_topic == moves_.end()) return;
    const auto found = of_topic->second.find(move.id.partition);
    if (found == of_topic->second.end() || found->second.get() != &move) return;
    of_topic->second.erase(found);
    if (of_topic->second.empty()) moves_.erase(of_topic);
}

/// Errors: it is over, gone, or one of the two logs has failed.
Result<Partition*> ReplicaMoves::partition_of(const Move& move) const {
    if (move.is_over || runtime::cancelled(here_.shard())) return cancelled_error();
    Partition* partition = here_.find(move.id);
    if (partition == nullptr) return cancelled_error();
    if (move.failure) return Error(*move.failure);
    if (partition->log().is_offline())
        return Error{ErrorCode::kafka_storage_error, "the replica's log is offline"};
    return partition;
}

Task<> ReplicaMoves::run(MovePtr move) {
    Result<> done = co_await carry_out(move);
    // A stop leaves all as it stands: the next start goes on.
    if (done || move->is_over || runtime::cancelled(here_.shard())) co_return;
    co_await give_up(std::move(move), done.error());
}

Task<Result<>> ReplicaMoves::carry_out(MovePtr move) {
    if (Result<> ok = co_await open_copy(move); !ok) co_return ok;
    if (Result<> ok = co_await catch_up(move); !ok) co_return ok;
    if (Result<> ok = co_await flush_copy(move); !ok) co_return ok;
    if (Result<> ok = co_await give_up_name(move); !ok) co_return ok;
    if (Result<> ok = co_await change_places(move); !ok) co_return ok;
    co_return Result<>();
}

Task<Result<>> ReplicaMoves::open_copy(MovePtr move) {
    // What the checkpoints there say of this name is another log's.
    Checkpoints* checkpoints = &here_.checkpoints();
    std::vector<Checkpoints::Name> names = {{.directory = move->to, .partition = move->name}};
    Result<> forgotten = co_await runtime::call_task(
        here_.shard(), checkpoints->home(), "forget checkpoints",
        [checkpoints, names = std::move(names)] { return checkpoints->forget(names); });
    if (!forgotten) co_return forgotten;
    const Result<Partition*> partition = partition_of(*move);
    if (!partition) co_return partition.error();
    log::LogOpening opening;
    opening.directory = move->path;
    opening.config = (*partition)->log().config();
    opening.now = here_.shard().clock().wall();
    opening.mono_now = here_.shard().now();
    opening.topic_id = move->id.topic;
    opening.on_failure = [this, weak = std::weak_ptr<Move>(move), role = move->role, id = move->id,
                          name = move->name,
                          to = move->to](const DiskError& error, log::LogFailure what) {
        // What is set aside does not find its files any more.
        if (*role == Role::dropped) return;
        if (*role == Role::replica) return here_.log_failed(id, name, to, error, what);
        if (const MovePtr still = weak.lock()) still->failure = error;
        if (what == log::LogFailure::write) here_.write_failed(to, error);
    };
    runtime::Ending<Result<std::unique_ptr<log::Log>>> opened(here_.shard());
    move->is_opening = true;
    log::Log::open(here_.files(), std::move(opening), opened.done());
    Result<std::unique_ptr<log::Log>> log = co_await opened.wait();
    move->is_opening = false;
    if (log) move->copy = std::move(*log);
    if (move->is_over) {  // called off while it was opened
        drop_copy(*move);
        co_return cancelled_error();
    }
    co_return log ? Result<>() : Result<>(log.error());
}

/// On return the copy has all that the replica has.
Task<Result<>> ReplicaMoves::catch_up(MovePtr move) {
    while (true) {
        const Result<Partition*> partition = partition_of(*move);
        if (!partition) co_return partition.error();
        log::Log& log = (*partition)->log();
        if (move->copy->end_offset() >= log.end_offset()) co_return Result<>();
        const Offset from = std::max(move->copy->end_offset(), log.log_start_offset());
        if (from >= log.end_offset()) {  // all has been deleted
            if (Result<> ok = co_await begin_anew(move, from); !ok) co_return ok;
            continue;
        }
        const log::ReadRequest wanted{
            .from = from, .end = log.end_offset(), .bytes_max = kCopyBytes};
        runtime::Ending<Result<FileSlice>> found(here_.shard());
        auto at_once = log.read(wanted, found.done());
        Result<FileSlice> slice = at_once ? std::move(*at_once) : co_await found.wait();
        if (!slice) {
            // Retention was faster.
            if (slice.error().code == ErrorCode::offset_out_of_range) continue;
            co_return slice.error();
        }
        if (slice->empty())
            co_return Error{ErrorCode::kafka_storage_error,
                            fmt::format("nothing stands at offset {}", from.value)};
        const std::shared_ptr<File> file = slice->file;
        DiskResult<Bytes> bytes =
            co_await runtime::read(here_.shard(), *file, slice->at, slice->bytes);
        if (!bytes) co_return Error(bytes.error());
        if (Result<> ok = co_await append(move, std::move(*bytes)); !ok) co_return ok;
    }
}

/// Drops what the copy has; it goes on at `start`, with the producers whose records are gone.
Task<Result<>> ReplicaMoves::begin_anew(MovePtr move, Offset start) {
    runtime::Ending<DiskResult<>> emptied(here_.shard());
    move->copy->truncate_fully(start, here_.shard().clock().wall(), here_.shard().now(),
                               emptied.done());
    DiskResult<> ok = co_await emptied.wait();
    if (!ok) co_return Error(ok.error());
    const Result<Partition*> partition = partition_of(*move);
    if (!partition) co_return partition.error();
    ok = move->copy->begin_with_producers_of((*partition)->log());
    if (!ok) co_return Error(ok.error());
    co_return Result<>();
}

/// Behind the copy, which begins where the batches do when it cannot go on: it is new, or retention
/// has taken away what would follow.
Task<Result<>> ReplicaMoves::append(MovePtr move, Bytes batches) {
    const Result<Partition*> partition = partition_of(*move);
    if (!partition) co_return partition.error();
    const log::Log& copy = *move->copy;
    const Offset before = copy.end_offset();
    if (batches.size() < record::kHeaderBytes)
        co_return Error{ErrorCode::corrupt_message,
                        fmt::format("no batch stands at offset {}", before.value)};
    const Offset first{load_be<std::int64_t>(batches.data())};
    const bool is_behind = before < (*partition)->log().log_start_offset();
    if (first > before && (copy.size_bytes() == 0 || is_behind)) {
        if (Result<> ok = co_await begin_anew(move, first); !ok) co_return ok;
    }
    if (Result<> ok = write_all(batches, *move->copy, here_.shard().clock().wall()); !ok)
        co_return ok;
    if (move->copy->end_offset() == before)
        co_return Error{ErrorCode::corrupt_message,
                        fmt::format("nothing follows offset {}", before.value)};
    co_return Result<>();
}

/// As catch_up(), without waiting: false when some of it is not in memory.
Result<bool> ReplicaMoves::catch_up_at_once(Move& move) {
    const Result<Partition*> partition = partition_of(move);
    if (!partition) return partition.error();
    log::Log& log = (*partition)->log();
    while (move.copy->end_offset() < log.end_offset()) {
        if (move.copy->end_offset() < log.log_start_offset()) return false;
        auto slice = log.read(
            {.from = move.copy->end_offset(), .end = log.end_offset(), .bytes_max = kCopyBytes},
            [](const Result<FileSlice>&) {});
        if (!slice) return false;
        if (!*slice) return slice->error();
        if ((*slice)->empty()) return false;
        BytesBuilder bytes((*slice)->bytes);
        const DiskResult<File::TryRead> read =
            (*slice)->file->try_read((*slice)->at, {bytes.data(), (*slice)->bytes});
        if (!read) return Error(read.error());
        if (read->would_block) return false;
        const Bytes batches = std::move(bytes).publish(read->bytes);
        const Offset before = move.copy->end_offset();
        Result<> ok = write_all(batches, *move.copy, here_.shard().clock().wall());
        if (!ok) return ok.error();
        if (move.copy->end_offset() == before) return false;
    }
    return true;
}

Task<Result<>> ReplicaMoves::flush_copy(MovePtr move) {
    runtime::Ending<DiskResult<>> flushed(here_.shard());
    move->copy->flush(move->copy->end_offset(), flushed.done());
    DiskResult<> ok = co_await flushed.wait();
    if (move->is_over) co_return cancelled_error();
    if (!ok) co_return Error(ok.error());
    co_return Result<>();
}

/// On return all that was on its way into the replica is in it, durably, and nothing is under way
/// on its disk, in this turn of the shard.
Task<Result<>> ReplicaMoves::quieten(MovePtr move) {
    while (true) {
        const Result<Partition*> partition = partition_of(*move);
        if (!partition) co_return partition.error();
        here_.write_now(**partition);
        log::Log& log = (*partition)->log();
        if (log.is_quiet()) co_return Result<>();
        runtime::Ending<DiskResult<>> flushed(here_.shard());
        log.flush(log.end_offset(), flushed.done());
        if (DiskResult<> ok = co_await flushed.wait(); !ok) co_return Error(ok.error());
    }
}

/// Steps 1 and 2: from here on nobody hears of more than what both have durably, and the name is
/// free.
Task<Result<>> ReplicaMoves::give_up_name(MovePtr move) {
    Result<Partition*> partition = partition_of(*move);
    if (!partition) co_return partition.error();
    (*partition)->hold_flushes(true);
    move->holds_flushes = true;
    if (Result<> ok = co_await quieten(move); !ok) co_return ok;
    if (Result<> ok = co_await catch_up(move); !ok) co_return ok;
    if (Result<> ok = co_await flush_copy(move); !ok) co_return ok;
    // A crash right behind the end does not bring deleted records back.
    move->is_known = true;
    Checkpoints* checkpoints = &here_.checkpoints();
    Result<> written = co_await runtime::call_task(
        here_.shard(), checkpoints->home(), "keep a copy's log start",
        [checkpoints, to = move->to] { return checkpoints->write(to); });
    if (!written) co_return written;
    if (Result<> ok = co_await quieten(move); !ok) co_return ok;
    partition = partition_of(*move);
    if (!partition) co_return partition.error();
    log::Log& log = (*partition)->log();
    if (!log.is_quiet()) co_return Error{ErrorCode::kafka_storage_error, "its disk does not rest"};
    const std::string path = log.directory();
    const std::string parent = log_directory_of(path);
    if (DiskResult<> ok =
            log.move_to(fmt::format("{}/{}.{}-delete", parent, move->name, move->number));
        !ok)
        co_return Error(ok.error());
    move->replica_path = path;
    DiskResult<> synced = co_await runtime::sync_directory(here_.shard(), here_.disk(), parent);
    if (!synced) {
        if (synced.error().fault == DiskFault::failed)
            here_.write_failed(move->from, synced.error());
        co_return Error(synced.error());
    }
    co_return Result<>();
}

/// Steps 3 and 4.
Task<Result<>> ReplicaMoves::change_places(MovePtr move) {
    while (true) {
        if (Result<> ok = co_await quieten(move); !ok) co_return ok;
        const Result<bool> complete = catch_up_at_once(*move);
        if (!complete) co_return complete.error();
        const Result<Partition*> partition = partition_of(*move);
        if (!partition) co_return partition.error();
        const log::Log& log = (*partition)->log();
        const bool is_ready = *complete && move->copy->is_quiet() && log.is_quiet();
        if (is_ready) break;
        if (Result<> ok = co_await catch_up(move); !ok) co_return ok;
        if (Result<> ok = co_await flush_copy(move); !ok) co_return ok;
    }
    const std::string directory = here_.facts().directories->all()[move->to].path;
    if (Result<> ok = take_place(*move); !ok) co_return ok;
    DiskResult<> synced = co_await runtime::sync_directory(here_.shard(), here_.disk(), directory);
    if (runtime::cancelled(here_.shard())) co_return Result<>();
    Partition* partition = here_.find(move->id);
    if (synced) {
        // Not before: it is what a start would go back to.
        const std::string path = move->old->directory();
        tasks_.spawn("remove " + path,
                     remove_old(move->old, path, move->old->config().file_delete_delay));
    }
    if (partition == nullptr) co_return Result<>();
    if (!synced) {
        // Nobody was told of a flush since: nor is anybody now.
        partition->log().take_offline(synced.error());
        partition->refuse_pending(ErrorCode::kafka_storage_error, synced.error().detail);
        here_.write_failed(move->to, synced.error());
    }
    partition->hold_flushes(false);
    move->holds_flushes = false;
    if (move->is_over) co_return Result<>();
    forget(*move);
    if (synced && move->then) (void)begin(move->id, partition->topic_name(), *move->then);
    co_return Result<>();
}

/// In one turn of the shard.
Result<> ReplicaMoves::take_place(Move& move) {
    const Result<Partition*> partition = partition_of(move);
    if (!partition) return partition.error();
    log::Log& log = (*partition)->log();
    if (Result<> ok = move.copy->raise_log_start(log.log_start_offset(), log.end_offset()); !ok)
        return ok;
    // What this process alone knows, of refused batches, too.
    move.copy->take_producers_of(log);
    const std::string directory = here_.facts().directories->all()[move.to].path;
    if (DiskResult<> ok = move.copy->move_to(directory + "/" + move.name); !ok)
        return Error(ok.error());
    move.old = (*partition)->exchange_log(std::move(move.copy));
    here_.moved(move.id, move.to);
    *move.role = Role::replica;
    here_.shard().log().info("a replica has moved partition={} from={} to={}", move.name,
                             log_directory_of(move.replica_path), directory);
    return {};
}

Task<> ReplicaMoves::give_up(MovePtr move, Error why) {
    here_.shard().log().error("a replica could not be moved partition={} to={} reason={}",
                              move->name, log_directory_of(move->path), why.detail);
    bool has_name = move->replica_path.empty();
    if (!has_name) {
        move->failure.reset();
        const Result<> quiet = co_await quieten(move);
        Partition* partition = here_.find(move->id);
        if (quiet && partition != nullptr && !move->is_over && partition->log().is_quiet()) {
            const DiskResult<> ok = partition->log().move_to(move->replica_path);
            has_name = ok.has_value();
            if (!ok)
                here_.shard().log().error("a replica has lost its name directory={} reason={}",
                                          partition->log().directory(), ok.error().detail);
        }
    }
    // Without its name, of a log that is offline and cannot rest, the copy stays where it is: by it
    // the next start sees whose the replica's directory is, and gives the name back.
    if (has_name && !move->is_over) drop_copy(*move);
}

/// Who has begun to read from it goes on until the end.
Task<> ReplicaMoves::remove_old(std::shared_ptr<log::Log> old, std::string path, Duration delay) {
    static_cast<void>(co_await runtime::sleep_until(here_.shard(), here_.shard().now() + delay));
    old.reset();
    if (auto ok = remove_directory_with_files(here_.disk(), path); !ok)
        here_.shard().log().warn("cannot remove what a replica has left reason={}",
                                 ok.error().detail);
}

Task<> ReplicaMoves::rest() {
    tasks_.cancel();
    co_await tasks_.join();
}

Task<bool> ReplicaMoves::close() {
    bool all_well = true;
    for (auto& [topic, of_topic] : moves_) {
        for (auto& [number, move] : of_topic) {
            if (move->copy == nullptr || move->copy->is_offline()) continue;
            runtime::Ending<DiskResult<>> closed(here_.shard());
            move->copy->close(closed.done());
            if (DiskResult<> ok = co_await closed.wait(); !ok) all_well = false;
        }
    }
    co_return all_well;
}

}  // namespace moldau::broker
