// The services of a node of one shard that has no partitions, and a connection to it.
#pragma once

#include "log/memory_disk.hpp"
#include "node_services.hpp"
#include "support/lone_shard.hpp"

#include "moldau/base/check.hpp"
#include "moldau/config/load.hpp"
#include "moldau/net/session.hpp"

#include <memory>

namespace moldau::broker {

inline config::Settings default_settings() {
    config::Loaded loaded = config::load(std::nullopt, {});
    MOLDAU_CHECK(loaded.settings, "the defaults are wrong");
    return std::move(*loaded.settings);
}

struct NodeFixture {
    support::ManualClock clock;
    support::CountingRandom random;
    support::LinesSink sink;
    runtime::Shard shard{{}, clock, random, sink};
    log::MemoryDisk disk;
    config::Settings settings = default_settings();
    NodeFacts facts{.settings = settings,
                    .self = BrokerId{1},
                    .cluster_id = "dc0SommNRky8xRHHDNW4tg",
                    .advertises_address_used = true,
                    .controller_listeners = {"CONTROLLER"},
                    .directories = nullptr};
    NodeServices services{.facts = facts,
                          .home = shard,
                          .shards = {},
                          .controller = nullptr,
                          .telemetry = std::make_unique<Telemetry>(shard, settings)};
    net::ConnectionInfo connection{.id = 1,
                                   .listener = "PLAINTEXT",
                                   .local = {"127.0.0.1", 9092},
                                   .peer = {"127.0.0.1", 50000}};

    NodeFixture() {
        services.shards.push_back(
            std::make_unique<BrokerShard>(BrokerShard::Place{.shard = shard, .disk = disk}, facts));
    }
};

}  // namespace moldau::broker
