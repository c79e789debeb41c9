#include "moldau/controller/producer_ids.hpp"

#include "cluster_fixture.hpp"

namespace moldau::controller {
namespace {

class ProducerIds : public ClusterFixture {
protected:
    auto ask(std::int32_t broker, std::int64_t epoch) {
        protocol::AllocateProducerIdsRequest request;
        request.broker_id = broker;
        request.broker_epoch = epoch;
        auto decision = allocate_producer_ids(image(), request);
        append(decision.records);
        return decision.reply;
    }
};

TEST_F(ProducerIds, ComeInBlocksThatDoNotOverlap) {
    feature(metadata::kMetadataVersion, 30);
    const std::int64_t epoch = register_now(registration(1));
    const auto first = ask(1, epoch);
    EXPECT_EQ(first.error_code, ErrorCode::none);
    EXPECT_EQ(first.producer_id_start, 0);
    EXPECT_EQ(first.producer_id_len, 1000);
    EXPECT_EQ(ask(1, epoch).producer_id_start, 1000);
    EXPECT_EQ(image().next_producer_id, ProducerId{2000});
}

TEST_F(ProducerIds, AreNotGivenToABrokerOfAnotherEpochNorBeyondTheLast) {
    feature(metadata::kMetadataVersion, 30);
    const std::int64_t epoch = register_now(registration(1));
    EXPECT_EQ(ask(1, epoch - 1).error_code, ErrorCode::stale_broker_epoch);
    EXPECT_EQ(ask(2, epoch).error_code, ErrorCode::stale_broker_epoch);
    EXPECT_EQ(image().next_producer_id, std::nullopt);
    protocol::ProducerIdsRecord almost_all;
    almost_all.next_producer_id = INT64_MAX - 999;
    append_one(almost_all);
    EXPECT_EQ(ask(1, epoch).error_code, ErrorCode::unknown_server_error);
}

}  // namespace
}  // namespace moldau::controller
