#include "fetch_share.hpp"

#include <utility>

namespace moldau::broker {
namespace {

/// What a follower, or a consumer that tells its last epoch, is to cut off (KIP-320, KIP-595).
std::optional<log::EpochEnd> divergence(const log::Log& log, const FetchItem& item) {
    if (item.last_fetched_epoch < 0) return std::nullopt;
    const auto end =
        log.leader_epochs().end_of(LeaderEpoch{item.last_fetched_epoch}, log.end_offset());
    if (!end) return std::nullopt;
    if (end->epoch.value < item.last_fetched_epoch || end->end_offset < item.from) return end;
    return std::nullopt;
}

/// One pass over a share's items.
class Reading {
public:
    Reading(BrokerShard& owner, std::shared_ptr<FetchShare> share, std::function<void()> done)
        : owner_(owner), share_(std::move(share)), done_(std::move(done)) {}

    static void start(const std::shared_ptr<Reading>& self) {
        FetchShare& share = *self->share_;
        share.answers.assign(share.items.size(), {});
        share.bytes = 0;
        share.must_answer = false;
        share.under_way = 1;  // this pass
        for (std::size_t i = 0; i < share.items.size(); ++i) self->read(self, i);
        self->ended();
    }

private:
    void read(const std::shared_ptr<Reading>& self, std::size_t index) {
        const FetchItem& item = share_->items[index];
        FetchedPartition& answer = share_->answers[index];
        Partition* partition = nullptr;
        answer.error = owner_.find_leader(item.partition, item.current_leader_epoch, partition);
        if (answer.error != ErrorCode::none) {
            share_->must_answer = true;
            return;
        }
        const log::Log& log = partition->log();
        answer.high_watermark = partition->high_watermark();
        answer.last_stable_offset = partition->last_stable_offset();
        answer.log_start = log.log_start_offset();
        if (item.from < answer.log_start || item.from > answer.high_watermark) {
            refuse(answer, ErrorCode::offset_out_of_range);
            return;
        }
        answer.diverging = divergence(log, item);
        if (answer.diverging) {
            share_->must_answer = true;
            return;
        }
        const std::size_t left =
            share_->bytes >= share_->bytes_max ? 0 : share_->bytes_max - share_->bytes;
        const log::ReadRequest request{.from = item.from,
                                       .end = partition->readable_end(share_->isolation),
                                       .bytes_max = std::min(item.bytes_max, left),
                                       .at_least_one_batch = share_->bytes == 0};
        ++share_->under_way;
        auto now = partition->log().read(request, [self, index](Result<FileSlice> slice) {
            self->take(self, index, std::move(slice));
        });
        if (now) take(self, index, std::move(*now));
    }

    /// What is cold is read before the answer begins: that the device fails can still be told.
    void take(const std::shared_ptr<Reading>& self, std::size_t index, Result<FileSlice> slice) {
        if (!slice) return give(index, std::move(slice));
        share_->bytes += slice->bytes;
        if (slice->empty()) return give(index, std::move(slice));
        if (slice->file->in_memory(slice->at, slice->bytes) == slice->bytes) {
            slice->in_memory_until = owner_.shard().now() + kStaysInMemory;
            return give(index, std::move(slice));
        }
        owner_.disk().bring_in(*slice, [self, index, slice = *slice,
                                        alive = owner_.alive()](const DiskResult<>& brought) {
            if (!alive.expired()) self->brought(index, slice, brought);
        });
    }

    void brought(std::size_t index, const FileSlice& slice, const DiskResult<>& brought) {
        // What says nothing of the disk is the connection's: it tries once more.
        if (brought || brought.error().fault != DiskFault::failed) return give(index, slice);
        share_->bytes -= slice.bytes;
        give(index, Error{owner_.read_failed(share_->items[index].partition, brought.error()),
                          brought.error().detail});
    }

    void give(std::size_t index, Result<FileSlice> slice) {
        FetchedPartition& answer = share_->answers[index];
        if (!slice) {
            refuse(answer, slice.error().code);
        } else {
            answer.records = std::move(*slice);
            tell_aborted(share_->items[index], answer);
        }
        ended();
    }

    void tell_aborted(const FetchItem& item, FetchedPartition& answer) {
        if (share_->isolation != Isolation::read_committed || answer.records.empty()) return;
        if (Partition* partition = owner_.find(item.partition)) {
            answer.aborted =
                partition->log().aborted_transactions({item.from, answer.last_stable_offset});
        }
    }

    void refuse(FetchedPartition& answer, ErrorCode code) {
        answer = {.error = code};
        share_->must_answer = true;
    }

    void ended() {
        if (--share_->under_way == 0) std::exchange(done_, nullptr)();
    }

    BrokerShard& owner_;
    std::shared_ptr<FetchShare> share_;
    std::function<void()> done_;
};

}  // namespace

void read_share(BrokerShard& owner, const std::shared_ptr<FetchShare>& share,
                std::function<void()> done) {
    Reading::start(std::make_shared<Reading>(owner, share, std::move(done)));
}

FetchWait::FetchWait(const FetchShare& share) : isolation(share.isolation) {
    for (std::size_t i = 0; i < share.items.size(); ++i) {
        const FetchedPartition& seen = share.answers[i];
        places.push_back({share.items[i].partition, isolation == Isolation::read_committed
                                                        ? seen.last_stable_offset
                                                        : seen.high_watermark});
    }
}

void begin_wait(BrokerShard& owner, FetchWait& wait, std::uint64_t bytes,
                std::function<void()> wake) {
    wait.waiter = std::make_unique<FetchWaiter>(bytes, wait.isolation, std::move(wake));
    for (const FetchWait::Place& each : wait.places) {
        Partition* partition = owner.find(each.partition);
        // What came between the reading and now would wake nobody any more.
        if (partition == nullptr || partition->readable_end(wait.isolation) != each.seen_end) {
            wait.waiter->wake();
            return;
        }
        partition->add_waiter(*wait.waiter);
    }
}

}  // namespace moldau::broker
