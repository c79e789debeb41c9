// A broker of the simulated world that answers as a test says.
#pragma once

#include "frame_reader.hpp"

#include "moldau/protocol/framing.hpp"
#include "moldau/protocol/messages/api_versions.hpp"
#include "moldau/protocol/messages/metadata.hpp"
#include "moldau/runtime/wait.hpp"
#include "moldau/sim/world.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace moldau::client {

/// A request as it came. Views in decoded messages look at `frame`.
struct Received {
    Bytes frame;
    protocol::RequestHeader header;
    std::size_t body_at = 0;

    protocol::ApiKey api() const { return static_cast<protocol::ApiKey>(header.request_api_key); }
    template <class Request>
    Request as() const {
        Request request;
        protocol::Reader in(frame.view().subspan(body_at));
        EXPECT_TRUE(request.decode(in, header.request_api_version));
        return request;
    }
    template <class Response>
    Bytes answer(const Response& response) const {
        auto bytes =
            protocol::response_frame(header.correlation_id, response, header.request_api_version);
        EXPECT_TRUE(bytes);
        return bytes ? *bytes : Bytes();
    }
};

/// What a broker does with a request: bytes to send, or nothing.
using Script = std::function<std::optional<Bytes>(const Received&)>;

inline Bytes api_versions(const Received& request,
                          std::vector<std::pair<protocol::ApiKey, protocol::VersionRange>> apis) {
    protocol::ApiVersionsResponse response;
    for (const auto& [key, range] : apis) {
        auto& api = response.api_keys.emplace_back();
        api.api_key = static_cast<std::int16_t>(key);
        api.min_version = range.first;
        api.max_version = range.last;
    }
    return request.answer(response);
}

class ScriptedBroker final : public sim::Program {
public:
    static constexpr std::uint16_t kPort = 9092;

    ScriptedBroker(sim::Process& process, Script script)
        : shard_(process.shard(0)), transport_(process.transport(0)), script_(std::move(script)) {
        auto acceptor = transport_.listen({"0.0.0.0", kPort});
        EXPECT_TRUE(acceptor);
        acceptor_ = std::move(*acceptor);
        runtime::spawn(shard_, "accept", accept_all(*this));
    }

private:
    static runtime::Task<> accept_all(ScriptedBroker& broker) {
        for (;;) {
            auto pending = broker.acceptor_->accept();
            if (pending && *pending != nullptr) {
                runtime::spawn(broker.shard_, "serve",
                               serve(broker, broker.transport_.adopt(std::move(*pending))));
            } else if (co_await runtime::acceptable(broker.shard_, *broker.acceptor_) ==
                       runtime::Waited::cancelled) {
                co_return;
            }
        }
    }

    static std::optional<Received> parse(Bytes frame) {
        Received received{.frame = std::move(frame), .header = {}, .body_at = 0};
        protocol::Reader in(received.frame);
        EXPECT_TRUE(protocol::decode_request_header(in, received.header));
        received.body_at = in.position();
        return received;
    }

    static runtime::Task<> serve(ScriptedBroker& broker, std::unique_ptr<ByteStream> stream) {
        FrameReader reader(1 << 20);
        for (;;) {
            const IoResult got = stream->read(reader.room());
            if (got.status == IoStatus::would_block) {
                const auto waited = co_await runtime::readable(broker.shard_, *stream);
                if (waited == runtime::Waited::cancelled) co_return;
                continue;
            }
            if (got.status != IoStatus::ok) co_return;
            reader.filled(got.bytes);
            for (;;) {
                auto frame = reader.next();
                EXPECT_TRUE(frame);
                if (!frame || !*frame) break;
                const std::optional<Bytes> answer = broker.script_(*parse(std::move(**frame)));
                if (!answer) continue;
                if (answer->empty()) co_return;  // hangs up
                const bool sent = co_await send(broker.shard_, *stream, *answer);
                if (!sent) co_return;
            }
        }
    }

    static runtime::Task<bool> send(runtime::Shard& shard, ByteStream& stream, Bytes bytes) {
        while (!bytes.empty()) {
            const std::array<BytesView, 1> pieces{bytes.view()};
            const IoResult put = stream.write(pieces);
            if (put.status == IoStatus::failed) co_return false;
            if (put.status == IoStatus::would_block &&
                co_await runtime::writable(shard, stream) == runtime::Waited::cancelled)
                co_return false;
            bytes = bytes.slice(put.bytes, bytes.size() - put.bytes);
        }
        co_return true;
    }

    runtime::Shard& shard_;
    Transport& transport_;
    Script script_;
    std::unique_ptr<Acceptor> acceptor_;
};

/// Metadata of a cluster of "broker-0" with one topic, "t".
inline Bytes metadata_of_t(const Received& request, std::int32_t partitions) {
    protocol::MetadataResponse response;
    auto& broker = response.brokers.emplace_back();
    broker.host = "broker-0";
    broker.port = ScriptedBroker::kPort;
    auto& topic = response.topics.emplace_back();
    topic.name = "t";
    for (std::int32_t i = 0; i < partitions; ++i)
        topic.partitions.emplace_back().partition_index = i;
    return request.answer(response);
}

/// A process that runs one task of a test.
class ClientProgram final : public sim::Program {
public:
    using Body = std::function<runtime::Task<>(runtime::Shard&, Transport&)>;
    ClientProgram(sim::Process& process, const Body& body) {
        runtime::spawn(process.shard(0), "test", body(process.shard(0), process.transport(0)));
    }
};

/// Brokers "broker-0", "broker-1", … and a client that does what the test wants.
struct ScriptedCluster {
    explicit ScriptedCluster(std::vector<Script> scripts, sim::NetworkFaults network = {})
        : world({.seed = 7, .disk = {}, .network = network}) {
        for (Script& script : scripts) {
            brokers.push_back(
                world.add_process("broker-" + std::to_string(brokers.size()), 1,
                                  [script = std::move(script)](sim::Process& process) {
                                      return std::make_unique<ScriptedBroker>(process, script);
                                  }));
            world.start(brokers.back());
        }
    }

    void run(ClientProgram::Body body, Duration time = std::chrono::seconds(100)) {
        const sim::ProcessId client =
            world.add_process("client", 1, [body = std::move(body)](sim::Process& process) {
                return std::make_unique<ClientProgram>(process, body);
            });
        world.start(client);
        world.run_for(time);
    }

    sim::World world;
    std::vector<sim::ProcessId> brokers;
};

}  // namespace moldau::client
