// What a node says of itself to those who watch it: its metrics, and whether it serves.
#include "api_table.hpp"
#include "memory_division.hpp"
#include "metric_families.hpp"
#include "node_state.hpp"

#include "moldau/config/keys.hpp"

#include <chrono>
#include <string>

namespace moldau::broker {
namespace {

using metrics::Samples;

double number(std::uint64_t value) {
    return static_cast<double>(value);
}

void sample_requests(const ShardCounters& counters, Samples& to) {
    for (std::size_t i = 0; i < counters.apis.size(); ++i) {
        const ApiCounters& each = counters.apis[i];
        const std::string api(protocol::api_info(api_table()[i].api).name);
        to.add(families::kRequests, {{"api", api}}, number(each.requests));
        to.add(families::kRequestBytes, {{"api", api}}, number(each.request_bytes));
        // A hundred lines each: only of those that are used.
        if (each.requests > 0)
            to.add(families::kRequestDurationSeconds, {{"api", api}}, each.answered);
    }
    for (const auto& [what, count] : counters.errors) {
        to.add(families::kRequestErrors,
               {{"api", std::string(protocol::api_info(what.first).name)},
                {"code", std::string(name(what.second))}},
               number(count));
    }
    to.add(families::kBadRequests, {}, number(counters.bad_requests));
    to.add(families::kAppendedBatches, {}, number(counters.appended.batches));
    to.add(families::kAppendedRecords, {}, number(counters.appended.records));
    to.add(families::kAppendedBytes, {}, number(counters.appended.bytes));
    to.add(families::kFetchedBytes, {}, number(counters.fetched_bytes));
}

void sample_quotas(BrokerShard& shard, Samples& to) {
    for (std::size_t i = 0; i < quota::kKinds; ++i) {
        const ThrottleCounters& each = shard.counters().throttled[i];
        const std::string key(quota::kKeys[i]);
        to.add(families::kThrottles, {{"quota", key}}, number(each.times));
        to.add(families::kThrottleSeconds, {{"quota", key}},
               std::chrono::duration<double>(each.told).count());
    }
    to.add(families::kQuotaMeters, {}, number(shard.quotas().meters()));
}

void sample_shard(BrokerShard& shard, Samples& to) {
    sample_requests(shard.counters(), to);
    sample_quotas(shard, to);
    const FetchSessions& sessions = shard.sessions();
    to.add(families::kFetchSessions, {}, number(sessions.size()));
    to.add(families::kFetchSessionPartitions, {}, number(sessions.partitions()));
    to.add(families::kFetchSessionBytes, {}, number(sessions.bytes()));
    to.add(families::kFetchSessionBytesMax, {}, number(sessions.bytes_max()));
    const BrokerShard::LogFigures logs = shard.log_figures();
    to.add(families::kPartitions, {}, number(logs.partitions));
    to.add(families::kPartitionsLed, {}, number(logs.leaders));
    to.add(families::kPartitionsOffline, {}, number(logs.offline));
    to.add(families::kLogBytes, {}, number(logs.bytes));
    to.add(families::kLogSegments, {}, number(logs.segments));
    to.add(families::kProducers, {}, number(logs.producers));
    to.add(families::kMetadataAppliedOffset, {{"shard", std::to_string(shard.index())}},
           static_cast<double>(shard.image().provenance.end_offset.value));
}

}  // namespace

std::vector<std::string> NodeState::reasons_not_ready() const {
    if (is_stopping) return {"the node is stopping"};
    if (!failure.empty()) return {failure};
    if (!is_serving) return {"the node is starting"};
    std::vector<std::string> reasons;
    if (metadata->quorum().role() != raft::Role::leader)
        reasons.emplace_back("this node does not lead the metadata log");
    const metadata::BrokerRegistration* self =
        services.shards.front()->image().brokers.find(node.id);
    if (self == nullptr) {
        reasons.emplace_back("this broker is not registered");
    } else {
        if (self->fenced) reasons.emplace_back("this broker is fenced");
        if (self->in_controlled_shutdown) reasons.emplace_back("this broker is shutting down");
    }
    return reasons;
}

void NodeState::sample(std::size_t shard, Samples& to) const {
    if (has_shards.load(std::memory_order_acquire)) {
        sample_listeners(shard, to);
        if (services.shards[shard] != nullptr) sample_shard(*services.shards[shard], to);
    }
    if (shard == 0) sample_node(to);
}

void NodeState::sample_listeners(std::size_t shard, Samples& to) const {
    for (const net::ListenerCounters& each : server.counters(shard)) {
        const std::string& named = each.listener;
        to.add(families::kConnections, {{"listener", named}}, number(each.opened - each.closed));
        to.add(families::kConnectionsOpened, {{"listener", named}}, number(each.opened));
        to.add(families::kNetworkReceivedBytes, {{"listener", named}}, number(each.bytes_received));
        to.add(families::kNetworkSentBytes, {{"listener", named}}, number(each.bytes_sent));
    }
}

void NodeState::sample_node(Samples& to) const {
    to.add(families::kConnectionsRefused, {}, number(server.refused()));
    const net::Server::TooFast too_fast = server.too_fast();
    to.add(families::kConnectionsThrottled, {{"quota", "listener"}}, number(too_fast.delayed));
    to.add(families::kConnectionsThrottled, {{"quota", "ip"}}, number(too_fast.refused));
    to.add(families::kMemoryInFlightBytes, {}, number(server.bytes_in_flight()));
    to.add(families::kMemoryInFlightBytesMax, {}, number(divide_budget(settings).connections));
    to.add(families::kMemoryBudgetBytes, {},
           static_cast<double>(settings.get(config::kMemoryBudgetBytes)));
    if (facts.directories != nullptr) {
        for (std::size_t i = 0; i < facts.directories->all().size(); ++i)
            to.add(families::kLogDirectoryUp, {{"path", facts.directories->all()[i].path}},
                   facts.directories->is_failed(i) ? 0 : 1);
        for (std::size_t i = 0; i < facts.directories->all().size(); ++i)
            to.add(families::kLogDirectoryCordoned, {{"path", facts.directories->all()[i].path}},
                   facts.directories->is_cordoned(i) ? 1 : 0);
    }
    to.add(families::kReady, {}, reasons_not_ready().empty() ? 1 : 0);
    services.telemetry->sample(to);
    const bool leads = is_serving && metadata->quorum().role() == raft::Role::leader;
    to.add(families::kMetadataLeads, {}, leads ? 1 : 0);
    if (!is_serving) return;  // the log is not there, or not read yet
    to.add(families::kMetadataEndOffset, {}, static_cast<double>(metadata->end_offset().value));
    to.add(families::kMetadataCommittedOffset, {},
           static_cast<double>(metadata->committed_offset().value));
    to.add(families::kMetadataTopics, {}, number(metadata->newest().topics.size()));
}

}  // namespace moldau::broker
