#include "moldau/log/producer_state.hpp"

#include "moldau/record/control.hpp"
#include "moldau/record/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace moldau::log {
namespace {

using record::kNoProducerEpoch;
using record::kNoSequence;
namespace at = record::at;

/// Whether `sequence` comes behind `other`; they go round at 2^31.
bool is_behind(std::int32_t sequence, std::int32_t other) {
    constexpr std::uint32_t kHalf = 1U << 30U;
    const std::uint32_t ahead =
        (static_cast<std::uint32_t>(sequence) - static_cast<std::uint32_t>(other)) & 0x7FFFFFFFU;
    return ahead != 0 && ahead < kHalf;
}

/// A marker's value: version (int16), coordinator epoch (int32), later versions more.
struct Marker {
    bool is_abort = false;
    std::int32_t coordinator_epoch = -1;
};

/// Nothing: a control batch that ends no transaction.
Result<std::optional<Marker>> marker_of(BytesView header, BytesView records) {
    // Markers are rare and small: they are copied to be looked at as one piece.
    std::vector<std::byte> whole(header.begin(), header.end());
    whole.insert(whole.end(), records.begin(), records.end());
    auto found = record::BatchView::of(whole);
    if (!found) return found.error();
    const record::BatchView& batch = *found;
    record::RecordCursor cursor(batch, batch.records());
    record::RecordView first;
    auto read = cursor.next(first);
    if (!read) return read.error();
    if (!*read || !first.key)
        return Error{ErrorCode::invalid_record, "control batch without a record"};
    auto key = record::parse_control_key(*first.key);
    if (!key) return key.error();
    if (key->type != record::ControlType::abort && key->type != record::ControlType::commit)
        return std::optional<Marker>();
    if (!first.value || first.value->size() < 6)
        return Error{ErrorCode::invalid_record, "transaction marker without a value"};
    return std::optional(Marker{key->type == record::ControlType::abort,
                                load_be<std::int32_t>(first.value->data() + 2)});
}

Result<> check_epoch(ProducerId id, ProducerEpoch epoch, BatchOrigin origin,
                     const ProducerEntry& entry) {
    if (epoch >= entry.epoch || origin == BatchOrigin::replication) return {};
    return Error{
        ErrorCode::invalid_producer_epoch,
        fmt::format("producer_id={} epoch={} known={}", id.value, epoch.value, entry.epoch.value)};
}

Result<> check_sequence(ProducerId id, ProducerEpoch epoch, std::int32_t first,
                        const ProducerEntry& entry, const RefusedBatches& refused) {
    // Nothing is known of a producer whose records are all gone: it goes on where it was.
    if (entry.epoch.value == kNoProducerEpoch) {
        if (!refused.holds_back(id, epoch, first)) return {};
        return Error{ErrorCode::out_of_order_sequence_number,
                     fmt::format("producer_id={} epoch={} sequence={}: one before it was refused",
                                 id.value, epoch.value, first)};
    }
    const bool is_same_epoch = epoch == entry.epoch;
    const std::int32_t last =
        is_same_epoch && !entry.empty() ? entry.newest().last_sequence : kNoSequence;
    if (first == record::add_sequence(last, 1)) return {};  // 0 behind none
    return Error{ErrorCode::out_of_order_sequence_number,
                 fmt::format("producer_id={} epoch={} known_epoch={} sequence={} last={}", id.value,
                             epoch.value, entry.epoch.value, first, last)};
}

}  // namespace

struct ProducerState::Header {
    explicit Header(BytesView of) : bytes(of) {
        MOLDAU_CHECK(of.size() == record::kHeaderBytes, "bytes={}", of.size());
    }
    template <class T>
    T load(std::size_t place) const {
        return load_be<T>(bytes.data() + place);
    }
    bool has(unsigned bit) const { return (load<std::uint16_t>(at::kAttributes) & bit) != 0; }

    BytesView bytes;
    ProducerId producer_id{load<std::int64_t>(at::kProducerId)};
    ProducerEpoch epoch{load<std::int16_t>(at::kProducerEpoch)};
    std::int32_t base_sequence = load<std::int32_t>(at::kBaseSequence);
    std::int32_t offset_delta = load<std::int32_t>(at::kLastOffsetDelta);
    Offset base_offset{load<std::int64_t>(at::kBaseOffset)};
    Timestamp max_timestamp{load<std::int64_t>(at::kMaxTimestamp)};
    std::int32_t last_sequence = base_sequence == kNoSequence
                                     ? kNoSequence
                                     : record::add_sequence(base_sequence, offset_delta);
};

std::int32_t ProducedBatch::first_sequence() const {
    // Sequences go on at 0 behind 2^31 - 1, so going back wraps too.
    return static_cast<std::int32_t>(
        (static_cast<std::uint32_t>(last_sequence) - static_cast<std::uint32_t>(offset_delta)) &
        0x7FFFFFFFU);
}

void ProducerEntry::add(const ProducedBatch& batch) {
    // One that does not follow begins anew: the producer was forgotten in between, and what stands
    // before it could pass for what comes behind it.
    if (count_ > 0 &&
        batch.first_sequence() !=
            static_cast<std::int32_t>((static_cast<std::uint32_t>(newest().last_sequence) + 1) &
                                      0x7FFFFFFFU))
        count_ = 0;
    if (count_ == kBatchesMax) {
        std::shift_left(batches_.begin(), batches_.end(), 1);
        --count_;
    }
    batches_[count_++] = batch;
}

void ProducerEntry::raise_epoch(ProducerEpoch to) {
    if (epoch == to) return;
    epoch = to;
    count_ = 0;
}

const ProducedBatch* ProducerEntry::find(std::int32_t first_sequence,
                                         std::int32_t last_sequence) const {
    for (std::size_t i = 0; i < count_; ++i) {
        if (batches_[i].last_sequence == last_sequence &&
            batches_[i].first_sequence() == first_sequence)
            return &batches_[i];
    }
    return nullptr;
}

void RefusedBatches::note(BytesView batch) {
    if (batch.size() < record::kHeaderBytes ||
        batch[at::kMagic] != static_cast<std::byte>(record::kMagic))
        return;
    const auto id = load_be<std::int64_t>(batch.data() + at::kProducerId);
    const auto sequence = load_be<std::int32_t>(batch.data() + at::kBaseSequence);
    if (id <= record::kNoProducerId || sequence < 0) return;
    const ProducerId producer{id};
    if (first_.size() >= kProducersMax && !first_.contains(producer)) return;
    const First now{.epoch = {load_be<std::int16_t>(batch.data() + at::kProducerEpoch)},
                    .sequence = sequence,
                    .timestamp = {load_be<std::int64_t>(batch.data() + at::kMaxTimestamp)}};
    const auto [known, is_new] = first_.try_emplace(producer, now);
    // Of several the first; of an older epoch nothing comes any more.
    if (!is_new &&
        (now.epoch > known->second.epoch ||
         (now.epoch == known->second.epoch && is_behind(known->second.sequence, now.sequence))))
        known->second = now;
}

bool RefusedBatches::holds_back(ProducerId id, ProducerEpoch epoch,
                                std::int32_t first_sequence) const {
    const auto known = first_.find(id);
    return known != first_.end() && known->second.epoch == epoch &&
           is_behind(first_sequence, known->second.sequence);
}

void RefusedBatches::remove_expired(Timestamp now, std::int64_t expiration_ms) {
    std::erase_if(first_, [&](const auto& each) {
        return now.ms - std::max<std::int64_t>(each.second.timestamp.ms, 0) >= expiration_ms;
    });
}

ProducerEntry& ProducerState::staged_entry(ProducerId id) {
    const auto staged = std::ranges::find(staged_, id, &Staged::id);
    if (staged != staged_.end()) return staged->entry;
    const auto known = entries_.find(id);
    staged_.push_back({id, known == entries_.end() ? ProducerEntry() : known->second});
    return staged_.back().entry;
}

Result<std::optional<ProducedBatch>> ProducerState::stage(BytesView header, BytesView records,
                                                          BatchOrigin origin) {
    const Header batch(header);
    if (batch.producer_id.value <= record::kNoProducerId) return std::optional<ProducedBatch>();
    ProducerEntry& entry = staged_entry(batch.producer_id);
    if (batch.has(record::kControlBit)) {
        if (auto ok = stage_marker(batch, records, origin, entry); !ok) return ok.error();
        return std::optional<ProducedBatch>();
    }
    if (origin == BatchOrigin::client && batch.epoch == entry.epoch) {
        const ProducedBatch* before = entry.find(batch.base_sequence, batch.last_sequence);
        if (before != nullptr) return std::optional(*before);
    }
    if (auto ok = stage_data(batch, origin, entry); !ok) return ok.error();
    return std::optional<ProducedBatch>();
}

Result<> ProducerState::stage_data(const Header& batch, BatchOrigin origin, ProducerEntry& entry) {
    if (auto ok = check_epoch(batch.producer_id, batch.epoch, origin, entry); !ok)
        return ok.error();
    if (origin == BatchOrigin::client) {
        auto ok =
            check_sequence(batch.producer_id, batch.epoch, batch.base_sequence, entry, refused_);
        if (!ok) return ok.error();
    }
    const bool is_transactional = batch.has(record::kTransactionalBit);
    if (entry.transaction_first_offset && !is_transactional && origin != BatchOrigin::replication)
        return Error{ErrorCode::invalid_txn_state,
                     fmt::format("producer_id={} has a transaction open since offset {}",
                                 batch.producer_id.value, entry.transaction_first_offset->value)};
    entry.raise_epoch(batch.epoch);
    entry.add({.last_sequence = batch.last_sequence,
               .last_offset = batch.base_offset + batch.offset_delta,
               .offset_delta = batch.offset_delta,
               .timestamp = batch.max_timestamp});
    entry.last_timestamp = batch.max_timestamp;
    if (is_transactional && !entry.transaction_first_offset) {
        entry.transaction_first_offset = batch.base_offset;
        staged_opened_.emplace_back(batch.base_offset, batch.producer_id);
    }
    return {};
}

Result<> ProducerState::stage_marker(const Header& batch, BytesView records, BatchOrigin origin,
                                     ProducerEntry& entry) {
    auto marker = marker_of(batch.bytes, records);
    if (!marker) return marker.error();
    if (!*marker) return {};
    if (auto ok = check_epoch(batch.producer_id, batch.epoch, origin, entry); !ok)
        return ok.error();
    if ((*marker)->coordinator_epoch < entry.coordinator_epoch &&
        origin != BatchOrigin::replication)
        return Error{
            ErrorCode::transaction_coordinator_fenced,
            fmt::format("producer_id={} coordinator_epoch={} known={}", batch.producer_id.value,
                        (*marker)->coordinator_epoch, entry.coordinator_epoch)};
    entry.raise_epoch(batch.epoch);
    if (entry.transaction_first_offset) {
        staged_markers_.push_back({batch.producer_id, *entry.transaction_first_offset,
                                   batch.base_offset, (*marker)->is_abort});
        entry.transaction_first_offset.reset();
    }
    entry.coordinator_epoch = (*marker)->coordinator_epoch;
    entry.last_timestamp = batch.max_timestamp;
    return {};
}

void ProducerState::commit(std::vector<AbortedTransaction>& aborted) {
    for (Staged& staged : staged_) {
        // Looked at and refused, or a duplicate, of a producer that is not known.
        if (staged.entry.epoch.value == kNoProducerEpoch) continue;
        entries_[staged.id] = staged.entry;
        if (!refused_.empty()) refused_.forget(staged.id);
    }
    for (const auto& [first, id] : staged_opened_) open_[first] = id;
    for (const CompletedTransaction& done : staged_markers_) {
        open_.erase(done.first_offset);
        decided_[done.first_offset] = done;
        if (!done.is_aborted) continue;
        const auto next = open_.begin();
        // Transactions that were opened behind this marker do not hold it back.
        const bool held = next != open_.end() && next->first < done.last_offset;
        aborted.push_back({done.producer_id, done.first_offset, done.last_offset,
                           held ? next->first : done.last_offset + 1});
    }
    rollback();
}

void ProducerState::rollback() {
    staged_.clear();
    staged_opened_.clear();
    staged_markers_.clear();
}

std::optional<Offset> ProducerState::first_unstable_offset(Offset high_watermark) const {
    std::optional<Offset> first;
    if (!open_.empty()) first = open_.begin()->first;
    for (const auto& [start, transaction] : decided_) {
        if (first && *first < start) break;
        if (transaction.last_offset >= high_watermark) return start;
    }
    return first;
}

void ProducerState::high_watermark_moved(Offset to) {
    std::erase_if(decided_, [to](const auto& each) { return each.second.last_offset < to; });
}

void ProducerState::remove_expired(Timestamp now, std::int64_t expiration_ms) {
    std::erase_if(entries_, [&](const auto& each) {
        const ProducerEntry& entry = each.second;
        return !entry.transaction_first_offset && now.ms - entry.last_timestamp.ms >= expiration_ms;
    });
    refused_.remove_expired(now, expiration_ms);
}

void ProducerState::was_refused(BytesView batch) {
    const auto id = load_be<std::int64_t>(batch.data() + at::kProducerId);
    if (!entries_.contains(ProducerId{id})) refused_.note(batch);
}

const ProducerEntry* ProducerState::find(ProducerId id) const {
    const auto found = entries_.find(id);
    return found == entries_.end() ? nullptr : &found->second;
}

void ProducerState::clear() {
    rollback();
    entries_.clear();
    refused_ = {};
    open_.clear();
    decided_.clear();
}

std::vector<ProducerSnapshotEntry> ProducerState::snapshot() const {
    std::vector<ProducerSnapshotEntry> made;
    made.reserve(entries_.size());
    for (const auto& [id, entry] : entries_) {
        // One for each batch, the newest last: of several entries of a producer Kafka takes the
        // last one, which alone it would write, and then does not know what else was in flight.
        for (std::size_t i = 0; i < std::max<std::size_t>(entry.size(), 1); ++i) {
            ProducerSnapshotEntry& one = made.emplace_back();
            one.producer_id = id;
            one.producer_epoch = entry.epoch;
            one.timestamp = entry.last_timestamp;
            if (!entry.empty()) {
                const ProducedBatch& batch = entry.at(i);
                one.last_sequence = batch.last_sequence;
                one.last_offset = batch.last_offset.value;
                one.offset_delta = batch.offset_delta;
                if (i + 1 < entry.size()) one.timestamp = batch.timestamp;
            }
            one.coordinator_epoch = entry.coordinator_epoch;
            one.current_transaction_first_offset = entry.transaction_first_offset;
        }
    }
    std::ranges::sort(made, {}, [](const ProducerSnapshotEntry& each) {
        return std::pair(each.producer_id, each.last_offset);
    });
    return made;
}

ProducerState ProducerState::before(Offset end) const {
    std::vector<ProducerSnapshotEntry> entries = snapshot();
    std::erase_if(entries, [end](const ProducerSnapshotEntry& each) {
        return each.last_offset >= end.value;
    });
    for (ProducerSnapshotEntry& each : entries) {
        auto& first = each.current_transaction_first_offset;
        if (first && *first >= end) first.reset();
    }
    ProducerState known;
    known.load(entries);
    return known;
}

void ProducerState::load(const std::vector<ProducerSnapshotEntry>& entries) {
    for (const ProducerSnapshotEntry& one : entries) {
        ProducerEntry& entry = entries_[one.producer_id];
        if (entry.transaction_first_offset) open_.erase(*entry.transaction_first_offset);
        const bool goes_on = entry.epoch == one.producer_epoch && !entry.empty() &&
                             entry.newest().last_offset.value < one.last_offset;
        if (!goes_on) entry = {};
        entry.epoch = one.producer_epoch;
        entry.coordinator_epoch = one.coordinator_epoch;
        entry.last_timestamp = one.timestamp;
        entry.transaction_first_offset = one.current_transaction_first_offset;
        if (one.last_offset >= 0)
            entry.add({one.last_sequence, {one.last_offset}, one.offset_delta, one.timestamp});
        if (entry.transaction_first_offset)
            open_[*entry.transaction_first_offset] = one.producer_id;
    }
}

void ProducerState::truncate_start(Offset start) {
    std::erase_if(decided_, [start](const auto& each) { return each.second.last_offset < start; });
}

}  // namespace moldau::log
