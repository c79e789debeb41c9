#include "error_counts.hpp"

#include "moldau/protocol/messages/api_versions.hpp"
#include "moldau/protocol/messages/create_topics.hpp"
#include "moldau/protocol/messages/fetch.hpp"
#include "moldau/protocol/messages/list_offsets.hpp"
#include "moldau/protocol/messages/metadata.hpp"
#include "moldau/protocol/messages/produce.hpp"

#include <gtest/gtest.h>

namespace moldau::broker {
namespace {

using protocol::ApiKey;

template <class Response>
std::uint64_t counted(const Response& response) {
    ShardCounters counters(0);
    count_errors(counters, ApiKey::produce, response);
    const auto found = counters.errors.find({ApiKey::produce, ErrorCode::invalid_request});
    EXPECT_FALSE(counters.errors.contains({ApiKey::produce, ErrorCode::none}));
    return found == counters.errors.end() ? 0 : found->second;
}

TEST(ErrorCounts, FindErrorsWhereverAResponseTellsThem) {
    constexpr ErrorCode kBad = ErrorCode::invalid_request;
    protocol::ApiVersionsResponse whole;
    whole.error_code = kBad;
    EXPECT_EQ(counted(whole), 1U);

    protocol::CreateTopicsResponse topics;
    topics.topics.resize(3);
    topics.topics[1].error_code = topics.topics[2].error_code = kBad;
    EXPECT_EQ(counted(topics), 2U);

    protocol::ProduceResponse produced;
    produced.responses.resize(1);
    produced.responses[0].partition_responses.resize(2);
    produced.responses[0].partition_responses[1].error_code = kBad;
    EXPECT_EQ(counted(produced), 1U);

    protocol::FetchResponse fetched;
    fetched.error_code = kBad;
    fetched.responses.resize(1);
    fetched.responses[0].partitions.resize(1);
    fetched.responses[0].partitions[0].error_code = kBad;
    EXPECT_EQ(counted(fetched), 2U);

    protocol::ListOffsetsResponse offsets;
    offsets.topics.resize(1);
    offsets.topics[0].partitions.resize(1);
    offsets.topics[0].partitions[0].error_code = kBad;
    EXPECT_EQ(counted(offsets), 1U);

    protocol::MetadataResponse metadata;
    metadata.topics.resize(1);
    metadata.topics[0].error_code = kBad;
    metadata.topics[0].partitions.resize(1);
    metadata.topics[0].partitions[0].error_code = kBad;
    EXPECT_EQ(counted(metadata), 2U);
    EXPECT_EQ(counted(protocol::MetadataResponse{}), 0U);
}

}  // namespace
}  // namespace moldau::broker
