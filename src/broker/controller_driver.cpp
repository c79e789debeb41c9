#include "controller_driver.hpp"

#include "broker_shard.hpp"
#include "config_rules.hpp"
#include "handlers/admin/describe_configs.hpp"

#include "moldau/config/keys.hpp"
#include "moldau/controller/brokers.hpp"
#include "moldau/controller/configs.hpp"
#include "moldau/controller/producer_ids.hpp"
#include "moldau/controller/topics.hpp"

#include <utility>

namespace moldau::broker {

ControllerDriver::ControllerDriver(runtime::Shard& shard, const NodeFacts& facts, MetadataLog& log,
                                   Publisher& publisher)
    : shard_(shard),
      facts_(facts),
      log_(log),
      publisher_(publisher),
      config_rules_(make_config_rules(
          facts.settings, [&log]() -> const metadata::ClusterImage& { return log.newest(); })),
      allocated_(shard) {}

template <class Reply>
runtime::Task<Result<Reply>> ControllerDriver::carry_out(controller::Decision<Reply> decision) {
    Offset end = log_.end_offset();
    if (!decision.records.empty()) {
        Result<Offset> appended = log_.append(decision.records, decision.is_atomic);
        if (!appended) co_return appended.error();
        end = *appended;
    }
    // Without records, too: what was decided rests on what is not yet committed.
    if (Result<> ok = co_await log_.committed(end); !ok) co_return ok.error();
    if (Result<> ok = co_await publisher_.published(end); !ok) co_return ok.error();
    co_return std::move(decision.reply);
}

controller::StaticTopicDefaults ControllerDriver::topic_defaults() const {
    return {.min_insync_replicas = facts_.settings.get(config::kMinInsyncReplicas),
            .is_unclean_allowed = facts_.settings.get(config::kUncleanLeaderElectionEnable)};
}

runtime::Task<Result<std::int64_t>> ControllerDriver::register_own_broker(Registration request) {
    auto reply = co_await carry_out(controller::register_broker(log_.newest(),
                                                                {.cluster_id = facts_.cluster_id,
                                                                 .next_offset = log_.end_offset(),
                                                                 .has_session = true,
                                                                 .is_own_node = true,
                                                                 .defaults = topic_defaults()},
                                                                request));
    if (!reply) co_return reply.error();
    if (reply->error_code != ErrorCode::none)
        co_return Error{reply->error_code, "the controller refused this broker's registration"};
    broker_epoch_ = reply->broker_epoch;
    co_return broker_epoch_;
}

runtime::Task<Result<>> ControllerDriver::register_own_controller(
    metadata::ControllerRegistration registration) {
    controller::Decision<bool> decision{.records = controller::register_controller(
                                            log_.newest(), facts_.self.value, registration),
                                        .reply = true};
    auto done = co_await carry_out(std::move(decision));
    if (!done) co_return done.error();
    co_return Result<>();
}

runtime::Task<Result<>> ControllerDriver::own_heartbeat(std::int64_t broker_epoch,
                                                        bool want_shut_down) {
    protocol::BrokerHeartbeatRequest request;
    request.broker_id = facts_.self.value;
    request.broker_epoch = broker_epoch;
    request.current_metadata_offset = log_.committed_offset().value;
    request.want_shut_down = want_shut_down;
    auto reply = co_await carry_out(controller::heartbeat(log_.newest(),
                                                          {.registration = std::nullopt,
                                                           .end_offset = log_.committed_offset(),
                                                           .defaults = topic_defaults()},
                                                          request));
    if (!reply) co_return reply.error();
    if (reply->error_code != ErrorCode::none)
        co_return Error{reply->error_code, "the controller refused this broker's heartbeat"};
    co_return Result<>();
}

runtime::Task<Result<protocol::CreateTopicsResponse>> ControllerDriver::create_topics(
    protocol::CreateTopicsRequest request) {
    const controller::TopicContext context{
        .configs = config_rules_,
        .default_partitions = facts_.settings.get(config::kNumPartitions),
        .default_replication_factor =
            static_cast<std::int16_t>(facts_.settings.get(config::kDefaultReplicationFactor)),
        .random = [this] { return shard_.random().next(); }};
    auto decision = controller::create_topics(log_.newest(), context, request);
    add_created_configs(log_.newest(), facts_.settings, request, decision.reply);
    co_return co_await carry_out(std::move(decision));
}

runtime::Task<Result<protocol::DeleteTopicsResponse>> ControllerDriver::delete_topics(
    protocol::DeleteTopicsRequest request) {
    co_return co_await carry_out(controller::delete_topics(
        log_.newest(), facts_.settings.get(config::kDeleteTopicEnable), request));
}

runtime::Task<Result<protocol::IncrementalAlterConfigsResponse>> ControllerDriver::alter_configs(
    protocol::IncrementalAlterConfigsRequest request) {
    co_return co_await carry_out(
        controller::incremental_alter_configs(log_.newest(), config_rules_, request));
}

runtime::Task<Result<ProducerId>> ControllerDriver::next_producer_id() {
    while (next_producer_id_ == end_of_producer_ids_) {
        if (allocating_) {
            const runtime::Waited waited = co_await allocated_.wait();
            if (waited != runtime::Waited::ready) co_return runtime::error_of(waited);
            continue;
        }
        allocating_ = true;
        Result<> done = co_await new_producer_ids();
        allocating_ = false;
        allocated_.set();
        if (!done) co_return done.error();
    }
    co_return ProducerId{next_producer_id_++};
}

runtime::Task<Result<>> ControllerDriver::new_producer_ids() {
    protocol::AllocateProducerIdsRequest request;
    request.broker_id = facts_.self.value;
    request.broker_epoch = broker_epoch_;
    auto reply = co_await carry_out(controller::allocate_producer_ids(log_.newest(), request));
    if (!reply) co_return reply.error();
    if (reply->error_code != ErrorCode::none)
        co_return Error{reply->error_code, "no producer ids"};
    next_producer_id_ = reply->producer_id_start;
    end_of_producer_ids_ = reply->producer_id_start + reply->producer_id_len;
    co_return Result<>();
}

}  // namespace moldau::broker
