#include "fetch_sessions.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace moldau::broker {
namespace {

constexpr std::int32_t kInitialEpoch = 0;
constexpr std::int32_t kFinalEpoch = -1;
constexpr std::int16_t kTopicIdsVersion = 13;

std::vector<FetchTarget> targets_of(const protocol::FetchRequest& request) {
    std::vector<FetchTarget> targets;
    for (const auto& topic : request.topics) {
        for (const auto& partition : topic.partitions) {
            targets.push_back({.topic = topic.topic,
                               .topic_id = topic.topic_id,
                               .partition = partition.partition,
                               .current_leader_epoch = partition.current_leader_epoch,
                               .fetch_offset = partition.fetch_offset,
                               .last_fetched_epoch = partition.last_fetched_epoch,
                               .log_start_offset = partition.log_start_offset,
                               .max_bytes = partition.partition_max_bytes});
        }
    }
    return targets;
}

}  // namespace

std::vector<FetchTarget> FetchSession::targets() const {
    std::vector<FetchTarget> targets;
    targets.reserve(partitions_.size());
    for (const Entry& each : partitions_) targets.push_back(each.target);
    return targets;
}

bool FetchSession::differs(const Entry& entry,
                           const protocol::FetchResponse::PartitionData& answer) {
    return (answer.records && !answer.records->empty()) ||
           entry.high_watermark != answer.high_watermark ||
           entry.log_start_offset != answer.log_start_offset ||
           answer.preferred_read_replica >= 0 || answer.diverging_epoch.epoch >= 0 ||
           answer.error_code != ErrorCode::none;
}

bool FetchSession::has_to_tell(const FetchTarget& target,
                               const protocol::FetchResponse::PartitionData& answer) const {
    const auto found = places_.find(key_of(target));
    return found == places_.end() || differs(*found->second, answer);
}

bool FetchSession::tell(const FetchTarget& target,
                        const protocol::FetchResponse::PartitionData& answer) {
    const auto found = places_.find(key_of(target));
    if (found == places_.end()) return true;  // forgotten meanwhile
    Entry& entry = *found->second;
    const bool told = differs(entry, answer);
    if (answer.records && !answer.records->empty())
        partitions_.splice(partitions_.end(), partitions_, found->second);
    // When an error is over that is told, too, though nothing else changed.
    const bool is_error = answer.error_code != ErrorCode::none;
    entry.high_watermark = is_error ? -1 : answer.high_watermark;
    entry.log_start_offset = answer.log_start_offset;
    return told;
}

void FetchSession::update(FetchTarget target) {
    const Key key = key_of(target);
    if (const auto found = places_.find(key); found != places_.end()) {
        found->second->target = std::move(target);
        return;
    }
    bytes_ += bytes_of(target);
    partitions_.push_back({.target = std::move(target)});
    places_.emplace(key, std::prev(partitions_.end()));
}

void FetchSession::forget(const Key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    bytes_ -= bytes_of(found->second->target);
    partitions_.erase(found->second);
    places_.erase(found);
}

FetchPlan FetchSessions::plan(const protocol::FetchRequest& request, std::int16_t version) {
    const bool by_topic_id = version >= kTopicIdsVersion;
    if (request.session_epoch != kInitialEpoch && request.session_epoch != kFinalEpoch)
        return resume(request, by_topic_id);
    if (const auto ended = sessions_.find(request.session_id); ended != sessions_.end()) end(ended);
    FetchPlan plan{.targets = targets_of(request)};
    if (request.session_epoch == kInitialEpoch) plan.session = create(plan.targets, by_topic_id);
    return plan;
}

void FetchSessions::drop(const FetchSession& session) {
    const auto found = sessions_.find(session.id());
    if (found != sessions_.end() && found->second.get() == &session) end(found);
}

FetchPlan FetchSessions::resume(const protocol::FetchRequest& request, bool by_topic_id) {
    const auto found = sessions_.find(request.session_id);
    if (found == sessions_.end()) return {.error = ErrorCode::fetch_session_id_not_found};
    const std::shared_ptr<FetchSession> session = found->second;
    if (request.session_epoch != session->next_epoch_)
        return {.error = ErrorCode::invalid_fetch_session_epoch};
    if (session->by_topic_id_ != by_topic_id)
        return {.error = ErrorCode::fetch_session_topic_id_error};
    bytes_ -= session->bytes();
    for (FetchTarget& target : targets_of(request)) session->update(std::move(target));
    for (const auto& topic : request.forgotten_topics_data) {
        for (const std::int32_t partition : topic.partitions)
            session->forget({topic.topic_id, topic.topic, partition});
    }
    bytes_ += session->bytes();
    if (bytes_ > bytes_max()) {
        // The client begins anew, and gets a session if there is room for all that it asks for.
        end(found);
        return {.error = ErrorCode::fetch_session_id_not_found};
    }
    session->last_used_ = shard_.now();
    // An epoch is positive; it begins anew when they have run out.
    session->next_epoch_ = session->next_epoch_ == std::numeric_limits<std::int32_t>::max()
                               ? 1
                               : session->next_epoch_ + 1;
    if (session->size() == 0) {  // all is forgotten: the session ends
        end(found);
        return {};
    }
    return {.session = session, .is_incremental = true, .targets = session->targets()};
}

std::shared_ptr<FetchSession> FetchSessions::create(const std::vector<FetchTarget>& targets,
                                                    bool by_topic_id) {
    std::size_t bytes = 0;
    for (const FetchTarget& target : targets) bytes += FetchSession::bytes_of(target);
    if (!make_room(bytes)) return nullptr;
    auto session = std::make_shared<FetchSession>();
    session->id_ = new_id();
    session->by_topic_id_ = by_topic_id;
    session->last_used_ = shard_.now();
    for (const FetchTarget& target : targets) session->update(target);
    sessions_.emplace(session->id_, session);
    bytes_ += session->bytes();
    return session;
}

std::size_t FetchSessions::share() const {
    return (rules_.sessions_max + rules_.shards - 1 - rules_.shard) / rules_.shards;
}

bool FetchSessions::make_room(std::size_t bytes) {
    if (bytes > bytes_max() || share() == 0) return false;
    while (sessions_.size() >= share() || bytes_ > bytes_max() - bytes) {
        const auto oldest = std::ranges::min_element(
            sessions_, {},
            [](const Sessions::value_type& each) { return each.second->last_used_; });
        if (shard_.now() - oldest->second->last_used_ < rules_.idle_before_eviction) return false;
        end(oldest);
    }
    return true;
}

void FetchSessions::end(Sessions::iterator session) {
    bytes_ -= session->second->bytes();
    sessions_.erase(session);
}

std::size_t FetchSessions::partitions() const {
    std::size_t all = 0;
    for (const auto& [id, session] : sessions_) all += session->size();
    return all;
}

std::int32_t FetchSessions::new_id() {
    while (true) {
        // One shard's ids are another's never.
        const std::uint64_t slots =
            static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max()) / rules_.shards;
        const std::uint64_t id = shard_.random().below(slots) * rules_.shards + rules_.shard;
        if (id != 0 && !sessions_.contains(static_cast<std::int32_t>(id)))
            return static_cast<std::int32_t>(id);
    }
}

}  // namespace moldau::broker
