// A cluster of one broker, a connection to it, and requests on it.
#pragma once

#include "api_table.hpp"

namespace moldau::broker {

struct RequestFixture {
    ClusterView cluster{.cluster_id = "dc0SommNRky8xRHHDNW4tg",
                        .controller = BrokerId{1},
                        .brokers = {{.id = BrokerId{1},
                                     .rack = "north",
                                     .advertised = {{"PLAINTEXT", {"broker.example", 9092}}}}},
                        .supported_features = {{.name = "metadata.version", .min = 25, .max = 30},
                                               {.name = "kraft.version", .min = 0, .max = 1}}};
    net::ConnectionInfo connection{.id = 1,
                                   .listener = "PLAINTEXT",
                                   .local = {"127.0.0.1", 9092},
                                   .peer = {"127.0.0.1", 50000}};

    RequestContext context(protocol::ApiKey api, int version,
                           ListenerKind kind = ListenerKind::broker) const {
        return {.cluster = cluster,
                .connection = connection,
                .listener = kind,
                .api = api,
                .version = static_cast<std::int16_t>(version),
                .correlation_id = 7,
                .client_id = "test"};
    }
};

}  // namespace moldau::broker
