// Produce: api key 0, versions 3..13
//   acks=0    no response; an error closes the connection
//   acks=1    the batch is in the log
//   acks=-1   … of every replica in sync
// Each partition's batch goes to the shard that owns it and is written there together with all that
// arrives in the same turn; partitions succeed or fail for themselves.
// What the request holds counts for the client's producer_byte_rate when it is answered; without an
// answer the connection rests all the same.
//   v8   which records were refused, and why                       KIP-467
//   v13  topics by id                                              KIP-516
#include "handlers/data/produce.hpp"

#include "moldau/base/endian.hpp"
#include "moldau/record/batch.hpp"
#include "moldau/runtime/wait.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace moldau::broker {
namespace {

constexpr std::int16_t kTopicIdsVersion = 13;
constexpr std::int16_t kAcksAll = -1;
/// A client that says less can hardly mean it: the write itself takes a turn of the shard.
constexpr Duration kTimeoutLeast = std::chrono::milliseconds(100);

/// Who may write to internal topics: the admin clients of Kafka's own tools.
constexpr std::string_view kAdminClientId = "__admin_client";

struct Slot {
    std::size_t topic = 0;
    std::int32_t partition = 0;
    bool is_answered = false;
    AppendOutcome outcome;
};

/// One request under way; on the connection's shard.
struct Operation {
    explicit Operation(runtime::Shard& shard) : answered(shard) {}

    void answer(std::size_t slot, AppendOutcome outcome) {
        slots[slot].outcome = std::move(outcome);
        slots[slot].is_answered = true;
        if (--pending == 0) answered.set();
    }
    void refuse(std::size_t slot, ErrorCode error, std::string message = {}) {
        answer(slot, {.error = error, .message = std::move(message)});
    }

    struct Topic {
        std::string name;
        Uuid id;
    };
    std::vector<Topic> topics;
    std::vector<Slot> slots;
    std::size_t pending = 0;
    std::int16_t acks = 0;
    MonoTime deadline;
    runtime::Signal answered;
};
using OperationPtr = std::shared_ptr<Operation>;

/// A batch on its way to the owner of its partition.
struct Item {
    std::size_t slot = 0;
    TopicPartition partition;
    BytesView records;
};

/// What another shard is asked to do, and what comes back when all of it is done.
struct Parcel {
    OperationPtr operation;
    runtime::Shard* home = nullptr;
    Bytes frame;
    std::vector<Item> items;
    std::vector<AppendOutcome> outcomes;
    std::size_t pending = 0;
    bool all_replicas = false;
};
using ParcelPtr = std::shared_ptr<Parcel>;

void append_here(BrokerShard& here, const TopicPartition& id, const Bytes& frame, BytesView records,
                 bool all_replicas, AppendDone done) {
    Partition* partition = nullptr;
    if (const ErrorCode refused = here.find_leader(id, -1, partition); refused != ErrorCode::none) {
        here.was_refused(id, records);
        done({.error = refused, .message = {}});
        return;
    }
    partition->append(here.validator(), frame, records, all_replicas, std::move(done));
}

void bring_home(ParcelPtr parcel) {
    runtime::Shard& home = *parcel->home;
    (void)home.post_answer([parcel = std::move(parcel)] {
        for (std::size_t i = 0; i < parcel->items.size(); ++i)
            parcel->operation->answer(parcel->items[i].slot, std::move(parcel->outcomes[i]));
    });
}

void unpack(BrokerShard& there, const ParcelPtr& parcel) {
    parcel->pending = parcel->items.size();
    parcel->outcomes.resize(parcel->items.size());
    for (std::size_t i = 0; i < parcel->items.size(); ++i) {
        const Item& item = parcel->items[i];
        append_here(there, item.partition, parcel->frame, item.records, parcel->all_replicas,
                    [parcel, i](AppendOutcome outcome) {
                        parcel->outcomes[i] = std::move(outcome);
                        if (--parcel->pending == 0) bring_home(parcel);
                    });
    }
}

bool is_transactional(const std::optional<BytesView>& records) {
    constexpr std::size_t kMagicAt = 16;
    constexpr std::size_t kAttributesAt = 21;
    constexpr std::int16_t kTransactionalBit = 0x10;
    if (!records || records->size() < record::kHeaderBytes) return false;
    return (*records)[kMagicAt] == std::byte{2} &&
           (load_be<std::int16_t>(records->data() + kAttributesAt) & kTransactionalBit) != 0;
}

/// Takes the request apart.
class Dispatch {
public:
    Dispatch(const RequestContext& context, const protocol::ProduceRequest& request)
        : context_(context),
          request_(request),
          operation_(std::make_shared<Operation>(context.here.shard())) {
        operation_->acks = request.acks;
        operation_->deadline =
            context.here.shard().now() +
            std::max<Duration>(std::chrono::milliseconds(request.timeout_ms), kTimeoutLeast);
        for (const auto& topic : request.topic_data) {
            for (const auto& partition : topic.partition_data) {
                operation_->slots.push_back(
                    {.topic = operation_->topics.size(), .partition = partition.index});
            }
            operation_->topics.push_back({topic.name, topic.topic_id});
        }
        operation_->pending = operation_->slots.size();
    }

    OperationPtr run() {
        const ErrorCode whole = refusal_of_all();
        std::size_t slot = 0;
        for (const auto& topic : request_.topic_data) {
            for (const auto& partition : topic.partition_data) {
                if (whole != ErrorCode::none) {
                    operation_->refuse(slot, whole);
                } else {
                    dispatch(slot, topic, partition);
                }
                ++slot;
            }
        }
        for (std::size_t shard = 0; shard < parcels_.size(); ++shard) send(shard);
        return operation_;
    }

private:
    ErrorCode refusal_of_all() const {
        if (request_.acks < kAcksAll || request_.acks > 1) return ErrorCode::invalid_required_acks;
        for (const auto& topic : request_.topic_data) {
            for (const auto& partition : topic.partition_data) {
                // Transactions are not served: nobody is allowed the id that is missing.
                if (is_transactional(partition.records) && !request_.transactional_id)
                    return ErrorCode::transactional_id_authorization_failed;
            }
        }
        return ErrorCode::none;
    }

    ErrorCode find_topic(const protocol::ProduceRequest::TopicProduceData& topic, Uuid& id,
                         std::string_view& name) const {
        const metadata::ClusterImage& image = context_.image();
        if (context_.version >= kTopicIdsVersion) {
            const metadata::Topic* found = image.topics.find(topic.topic_id);
            if (found == nullptr) return ErrorCode::unknown_topic_id;
            id = topic.topic_id;
            name = found->name;
            return ErrorCode::none;
        }
        name = topic.name;
        const Uuid* found = image.topic_ids.find(topic.name);
        if (found == nullptr) return ErrorCode::unknown_topic_or_partition;
        id = *found;
        return ErrorCode::none;
    }

    void dispatch(std::size_t slot, const protocol::ProduceRequest::TopicProduceData& topic,
                  const protocol::ProduceRequest::PartitionProduceData& partition) {
        TopicPartition id{{}, partition.index};
        std::string_view name;
        const ErrorCode unknown = find_topic(topic, id.topic, name);
        if (is_internal_topic(name) && context_.client_id != kAdminClientId)
            return operation_->refuse(slot, ErrorCode::invalid_topic_exception);
        if (unknown != ErrorCode::none) return operation_->refuse(slot, unknown);
        if (context_.image().find_partition(id.topic, id.partition) == nullptr)
            return operation_->refuse(slot, ErrorCode::unknown_topic_or_partition);
        if (!partition.records)
            return operation_->refuse(slot, ErrorCode::invalid_record, "no records");
        if (is_transactional(partition.records)) {
            return operation_->refuse(slot, ErrorCode::invalid_producer_id_mapping,
                                      "transactions are not supported yet");
        }
        const std::size_t owner = context_.here.owner_of(id);
        if (owner == context_.here.index()) {
            append_here(context_.here, id, context_.frame, *partition.records,
                        request_.acks == kAcksAll,
                        [operation = operation_, slot](AppendOutcome outcome) {
                            operation->answer(slot, std::move(outcome));
                        });
            return;
        }
        if (parcels_.empty()) parcels_.resize(context_.node.shards.size());
        if (parcels_[owner] == nullptr) parcels_[owner] = std::make_shared<Parcel>();
        parcels_[owner]->items.push_back({slot, id, *partition.records});
    }

    void send(std::size_t shard) {
        const ParcelPtr& parcel = parcels_[shard];
        if (parcel == nullptr) return;
        parcel->operation = operation_;
        parcel->home = &context_.here.shard();
        parcel->frame = context_.frame;
        parcel->all_replicas = request_.acks == kAcksAll;
        BrokerShard& there = *context_.node.shards[shard];
        const Result<> posted = there.shard().post([&there, parcel] { unpack(there, parcel); });
        if (posted) return;
        // Not begun: a client may try again.
        for (const Item& item : parcel->items)
            operation_->refuse(item.slot, ErrorCode::request_timed_out, posted.error().detail);
    }

    const RequestContext& context_;
    const protocol::ProduceRequest& request_;
    OperationPtr operation_;
    std::vector<ParcelPtr> parcels_;  // by shard
};

protocol::ProduceResponse::PartitionProduceResponse result_of(Slot& slot, std::int16_t version) {
    constexpr std::int16_t kRecordErrorsVersion = 8;
    protocol::ProduceResponse::PartitionProduceResponse result;
    result.index = slot.partition;
    AppendOutcome& outcome = slot.outcome;
    result.error_code = slot.is_answered ? outcome.error : ErrorCode::request_timed_out;
    result.base_offset = outcome.base_offset.value;
    result.log_append_time_ms = outcome.log_append_time.ms;
    result.log_start_offset = outcome.log_start.value;
    if (version < kRecordErrorsVersion) return result;
    if (!outcome.message.empty()) result.error_message = std::move(outcome.message);
    for (record::RecordError& each : outcome.record_errors) {
        result.record_errors.push_back({.batch_index = each.batch_index,
                                        .batch_index_error_message = std::move(each.message)});
    }
    return result;
}

net::Reply reply_of(const RequestContext& context, Operation& operation) {
    const auto bytes = static_cast<double>(context.frame.size());
    const quota::Milliseconds wait = charge(context, quota::Kind::produce, bytes);
    if (operation.acks == 0) {
        // There is no other way to tell.
        const bool failed = std::ranges::any_of(operation.slots, [](const Slot& slot) {
            return slot.outcome.error != ErrorCode::none;
        });
        return {.outcome = failed ? net::Reply::Outcome::close : net::Reply::Outcome::nothing,
                .first = {},
                .more = {},
                .rest = wait};
    }
    protocol::ProduceResponse response;
    response.throttle_time_ms = static_cast<std::int32_t>(wait.count());
    response.responses.resize(operation.topics.size());
    for (std::size_t i = 0; i < operation.topics.size(); ++i) {
        auto& topic = response.responses[i];
        if (context.version >= kTopicIdsVersion) {
            topic.topic_id = operation.topics[i].id;
        } else {
            topic.name = std::move(operation.topics[i].name);
        }
    }
    for (Slot& slot : operation.slots) {
        response.responses[slot.topic].partition_responses.push_back(
            result_of(slot, context.version));
    }
    return final_reply(context, response);
}

runtime::Task<net::Reply> wait_and_reply(RequestContext context, OperationPtr operation) {
    while (operation->pending > 0) {
        const runtime::Waited waited = co_await operation->answered.wait(operation->deadline);
        if (waited != runtime::Waited::ready) break;
    }
    co_return reply_of(context, *operation);
}

}  // namespace

Result<net::Answer> handle_produce(const RequestContext& context, protocol::Reader& body) {
    // Dealt with before this returns: its memory serves the next request again.
    protocol::ProduceRequest& request = context.here.produce_request();
    if (Result<> ok = request.decode(body, context.version); !ok) return ok.error();
    if (request.acks == 0) context.here.quotas().exempt_handling();
    OperationPtr operation = Dispatch(context, request).run();
    if (operation->pending == 0) return net::Answer(reply_of(context, *operation));
    return net::Answer(wait_and_reply(context, std::move(operation)));
}

}  // namespace moldau::broker
