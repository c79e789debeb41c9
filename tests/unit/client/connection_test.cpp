// Against a scripted broker in the simulated world: no socket, no clock but its own.
#include "moldau/client/connection.hpp"

#include "scripted_broker.hpp"

#include "moldau/protocol/messages/metadata.hpp"
#include "moldau/protocol/messages/produce.hpp"

#include <gmock/gmock.h>

#include <array>

namespace moldau::client {
namespace {

using protocol::ApiKey;
using runtime::Shard;
using runtime::Task;
using std::chrono::seconds;
using testing::HasSubstr;

const Endpoint kBroker{"broker-0", ScriptedBroker::kPort};

std::optional<Bytes> serve_metadata(const Received& request) {
    if (request.api() == ApiKey::api_versions)
        return api_versions(request, {{ApiKey::api_versions, {0, 4}}, {ApiKey::metadata, {0, 9}}});
    protocol::MetadataResponse response;
    response.controller_id =
        static_cast<std::int32_t>(request.as<protocol::MetadataRequest>().topics.value().size());
    return request.answer(response);
}

protocol::MetadataRequest metadata_of(std::size_t topics) {
    protocol::MetadataRequest request;
    for (std::size_t i = 0; i < topics; ++i)
        request.topics->emplace_back().name = "topic-" + std::to_string(i);
    return request;
}

Task<Result<std::shared_ptr<Connection>>> open(Shard& shard, Transport& transport) {
    return Connection::open(shard, transport, kBroker, {}, shard.now() + seconds(10));
}

struct Told {
    std::vector<std::int32_t> numbers;
    std::vector<Error> errors;
};

Task<> ask_three(Shard& shard, Transport& transport, Told& told) {
    auto connection = co_await open(shard, transport);
    if (!connection) {
        told.errors.push_back(connection.error());
        co_return;
    }
    using protocol::MetadataResponse;
    const MonoTime deadline = shard.now() + seconds(10);
    auto first = (*connection)->ask<MetadataResponse>(metadata_of(1), deadline);
    auto second = (*connection)->ask<MetadataResponse>(metadata_of(2), deadline);
    auto third = (*connection)->ask<MetadataResponse>(metadata_of(3), deadline);
    for (auto* each : {&third, &first, &second}) {
        auto reply = co_await std::move(*each);
        if (reply) {
            told.numbers.push_back(reply->message.controller_id);
            told.numbers.push_back(reply->version);
        } else {
            told.errors.push_back(reply.error());
        }
    }
}

TEST(Connection, GivesEachAskerItsReplyWhateverTheOrderOfWaiting) {
    ScriptedCluster cluster({serve_metadata}, {.piecemeal = 300'000});
    Told told;
    cluster.run(
        [&](Shard& shard, Transport& transport) { return ask_three(shard, transport, told); });
    EXPECT_THAT(told.errors, testing::IsEmpty());
    EXPECT_THAT(told.numbers, testing::ElementsAre(3, 9, 1, 9, 2, 9));
}

TEST(Connection, AsksAgainInAnOlderVersionWhenTheBrokerDoesNotKnowOurApiVersions) {
    std::vector<std::int16_t> versions;
    ScriptedCluster cluster({[&](const Received& request) -> std::optional<Bytes> {
        if (request.api() == ApiKey::api_versions) {
            versions.push_back(request.header.request_api_version);
            if (request.header.request_api_version > 2) {
                protocol::ApiVersionsResponse refusal;
                refusal.error_code = ErrorCode::unsupported_version;
                auto& api = refusal.api_keys.emplace_back();
                api.api_key = static_cast<std::int16_t>(ApiKey::api_versions);
                api.max_version = 2;
                return *protocol::response_frame(request.header.correlation_id, refusal, 0);
            }
        }
        return serve_metadata(request);
    }});
    Told told;
    cluster.run(
        [&](Shard& shard, Transport& transport) { return ask_three(shard, transport, told); });
    EXPECT_THAT(told.errors, testing::IsEmpty());
    EXPECT_EQ(told.numbers.size(), 6U);
    EXPECT_THAT(versions,
                testing::ElementsAre(protocol::api_info(ApiKey::api_versions).latest_stable, 2));
}

Task<> produce_by_reference(Shard& shard, Transport& transport, std::vector<ErrorCode>& codes) {
    auto connection = co_await open(shard, transport);
    EXPECT_TRUE(connection);
    if (!connection) co_return;
    protocol::ProduceRequest request;
    request.acks = -1;
    request.topic_data.emplace_back().name = "t";
    auto& data = request.topic_data.front().partition_data.emplace_back();
    data.records = BytesView(static_cast<const std::byte*>(nullptr), 11);  // its size counts
    const std::vector<Bytes> pieces{Bytes::copy_of(as_bytes("hello ")),
                                    Bytes::copy_of(as_bytes("world"))};
    // The last version that is not flexible, and a flexible one.
    for (const std::int16_t newest : std::array<std::int16_t, 2>{8, 11}) {
        auto reply = co_await (*connection)
                         ->ask_with<protocol::ProduceResponse>(request, pieces,
                                                               shard.now() + seconds(10), newest);
        EXPECT_TRUE(reply);
        if (reply)
            codes.push_back(
                reply->message.responses.front().partition_responses.front().error_code);
    }
    EXPECT_TRUE((*connection)->tell_with(request, pieces));
    Result<> sent = co_await (*connection)->sent(shard.now() + seconds(10));
    EXPECT_TRUE(sent);
}

TEST(Connection, SendsRecordsByReferenceAsIfTheyStoodInTheRequest) {
    std::vector<std::string> came;
    ScriptedCluster cluster(
        {[&](const Received& request) -> std::optional<Bytes> {
            if (request.api() == ApiKey::api_versions)
                return api_versions(request,
                                    {{ApiKey::api_versions, {0, 4}}, {ApiKey::produce, {3, 11}}});
            const auto produce = request.as<protocol::ProduceRequest>();
            came.emplace_back(as_text(*produce.topic_data.front().partition_data.front().records));
            protocol::ProduceResponse response;
            response.responses.emplace_back().name = "t";
            response.responses.front().partition_responses.emplace_back();
            return came.size() < 3 ? std::optional(request.answer(response)) : std::nullopt;
        }},
        {.piecemeal = 300'000});
    std::vector<ErrorCode> codes;
    cluster.run([&](Shard& shard, Transport& transport) {
        return produce_by_reference(shard, transport, codes);
    });
    EXPECT_THAT(came, testing::ElementsAre("hello world", "hello world", "hello world"));
    EXPECT_THAT(codes, testing::ElementsAre(ErrorCode::none, ErrorCode::none));
}

TEST(Connection, FailsAllThatWaitWhenTheBrokerHangsUp) {
    ScriptedCluster cluster({[](const Received& request) -> std::optional<Bytes> {
        if (request.api() == ApiKey::metadata) return Bytes();
        return serve_metadata(request);
    }});
    Told told;
    cluster.run(
        [&](Shard& shard, Transport& transport) { return ask_three(shard, transport, told); });
    ASSERT_EQ(told.errors.size(), 3U);
    for (const Error& error : told.errors) EXPECT_EQ(error.code, ErrorCode::network_exception);
}

TEST(Connection, IsClosedByAReplyThatComesTooLate) {
    ScriptedCluster cluster({[](const Received& request) -> std::optional<Bytes> {
        if (request.api() == ApiKey::metadata) return std::nullopt;
        return serve_metadata(request);
    }});
    Told told;
    cluster.run(
        [&](Shard& shard, Transport& transport) { return ask_three(shard, transport, told); });
    ASSERT_EQ(told.errors.size(), 3U);
    EXPECT_EQ(told.errors[0].code, ErrorCode::request_timed_out);
    EXPECT_THAT(told.errors[0].detail, HasSubstr("did not answer Metadata in time"));
}

TEST(Connection, RefusesAPeerThatDoesNotSpeakTheProtocol) {
    ScriptedCluster cluster({[](const Received&) -> std::optional<Bytes> {
        return Bytes::copy_of(as_bytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
    }});
    Told told;
    cluster.run(
        [&](Shard& shard, Transport& transport) { return ask_three(shard, transport, told); });
    ASSERT_EQ(told.errors.size(), 1U);
    EXPECT_EQ(told.errors[0].code, ErrorCode::invalid_request);
    EXPECT_THAT(told.errors[0].detail, HasSubstr("declares 1213486160 bytes"));
}

TEST(Connection, RefusesAReplyThatNobodyAskedFor) {
    ScriptedCluster cluster({[](const Received& request) -> std::optional<Bytes> {
        if (request.api() != ApiKey::metadata) return serve_metadata(request);
        return *protocol::response_frame(request.header.correlation_id + 100,
                                         protocol::MetadataResponse{}, 9);
    }});
    Told told;
    cluster.run(
        [&](Shard& shard, Transport& transport) { return ask_three(shard, transport, told); });
    ASSERT_EQ(told.errors.size(), 3U);
    EXPECT_EQ(told.errors[0].code, ErrorCode::invalid_request);
}

}  // namespace
}  // namespace moldau::client
