// What handlers on any shard may ask of the node as a whole.
#pragma once

#include "broker_shard.hpp"
#include "controller_driver.hpp"
#include "telemetry/telemetry.hpp"

#include "moldau/metadata/cluster_image.hpp"
#include "moldau/protocol/messages/create_topics.hpp"
#include "moldau/protocol/messages/delete_topics.hpp"
#include "moldau/protocol/messages/incremental_alter_configs.hpp"
#include "moldau/runtime/task.hpp"
#include "moldau/runtime/wait.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace moldau::broker {

struct NodeServices {
    const NodeFacts& facts;
    runtime::Shard& home;
    std::vector<std::unique_ptr<BrokerShard>> shards;
    std::unique_ptr<ControllerDriver> controller;  // touched on the home shard only
    std::unique_ptr<Telemetry> telemetry{};        // touched on the home shard only

    /// Has the controller carry out `ask(ControllerDriver&)`, a Task<Result<T>>, from any shard.
    template <class Ask>
    auto ask_controller(runtime::Shard& from, std::string name, Ask ask) {
        return runtime::call_task(
            from, home, std::move(name),
            [driver = controller.get(), ask = std::move(ask)]() mutable { return ask(*driver); });
    }
};

}  // namespace moldau::broker
