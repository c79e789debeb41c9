#include "moldau/controller/brokers.hpp"

#include "cluster_fixture.hpp"

#include <gmock/gmock.h>

namespace moldau::controller {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Brokers : public ClusterFixture {
protected:
    void SetUp() override {
        feature(metadata::kMetadataVersion, 30);
        feature(metadata::kElrVersion, 1);
    }
    ErrorCode refused(const protocol::BrokerRegistrationRequest& request,
                      RegistrationContext where) {
        const auto decision = register_broker(image(), where, request);
        EXPECT_TRUE(decision.records.empty());
        return decision.reply.error_code;
    }
    const metadata::BrokerRegistration& broker(std::int32_t id) {
        return *image().brokers.find(BrokerId{id});
    }
};

TEST_F(Brokers, BeginFencedWithTheirRecordsOffsetAsEpoch) {
    const Offset at = end_;
    EXPECT_EQ(register_now(registration(1)), at.value);
    EXPECT_EQ(broker(1).epoch, at.value);
    EXPECT_TRUE(broker(1).fenced);
    const auto reply = beat(1);
    EXPECT_FALSE(reply.reply.is_fenced);
    EXPECT_TRUE(reply.reply.is_caught_up);
    EXPECT_FALSE(broker(1).fenced);
    EXPECT_TRUE(beat(1).records.empty());  // nothing new
}

TEST_F(Brokers, AreUnfencedWhenTheyHaveReadTheirRegistration) {
    register_now(registration(1));
    protocol::BrokerHeartbeatRequest request;
    request.broker_id = 1;
    request.broker_epoch = broker(1).epoch;
    request.current_metadata_offset = broker(1).epoch;
    const HeartbeatContext behind{.registration = Offset{broker(1).epoch + 1}, .end_offset = end_};
    EXPECT_TRUE(heartbeat(image(), behind, request).reply.is_fenced);
    EXPECT_TRUE(heartbeat(image(), behind, request).records.empty());
    request.current_metadata_offset = broker(1).epoch + 1;
    EXPECT_FALSE(heartbeat(image(), behind, request).reply.is_fenced);
}

TEST_F(Brokers, OfAnotherEpochAreToldSo) {
    join(1);
    protocol::BrokerHeartbeatRequest request;
    request.broker_id = 1;
    request.broker_epoch = broker(1).epoch - 1;
    EXPECT_EQ(heartbeat(image(), {}, request).reply.error_code, ErrorCode::stale_broker_epoch);
    request.broker_id = 2;
    EXPECT_EQ(heartbeat(image(), {}, request).reply.error_code, ErrorCode::stale_broker_epoch);
}

TEST_F(Brokers, ThatDoNotFitAreRefused) {
    auto request = registration(1);
    request.cluster_id = "another";
    EXPECT_EQ(refused(request, context()), ErrorCode::inconsistent_cluster_id);
    request = registration(1);
    request.is_migrating_zk_broker = true;
    EXPECT_EQ(refused(request, context()), ErrorCode::invalid_request);
    request = registration(1);
    request.log_dirs.clear();
    EXPECT_EQ(refused(request, context()), ErrorCode::invalid_request);
    request.log_dirs = {Uuid{1, 1}, Uuid{1, 1}};
    EXPECT_EQ(refused(request, context()), ErrorCode::invalid_request);
    join(1);
    request = registration(2);
    request.log_dirs = registration(1).log_dirs;
    EXPECT_EQ(refused(request, context()), ErrorCode::duplicate_broker_registration);
}

TEST_F(Brokers, ThatLackAFinalizedFeatureAreRefusedUnlessTheyAreThisNode) {
    feature("group.version", 1);
    EXPECT_EQ(refused(registration(1), context()), ErrorCode::unsupported_version);
    register_now(registration(1), true);
    EXPECT_TRUE(image().brokers.contains(BrokerId{1}));
}

TEST_F(Brokers, ANewIncarnationWaitsForTheOldSessionUnlessItIsThisNodes) {
    join(1);
    RegistrationContext alive = context();
    alive.has_session = true;
    EXPECT_EQ(refused(registration(1, 2), alive), ErrorCode::duplicate_broker_registration);
    alive.is_own_node = true;
    const auto decision = register_broker(image(), alive, registration(1, 2));
    EXPECT_EQ(decision.reply.error_code, ErrorCode::none);
    EXPECT_EQ(decision.reply.broker_epoch, end_.value);
    append(decision.records);
    EXPECT_EQ(broker(1).incarnation, (Uuid{9, 2}));
    EXPECT_TRUE(broker(1).fenced);
}

TEST_F(Brokers, ThatAskTwiceKeepTheirEpochAndState) {
    join(1);
    const std::int64_t epoch = broker(1).epoch;
    EXPECT_EQ(register_now(registration(1)), epoch);
    EXPECT_FALSE(broker(1).fenced);
}

TEST_F(Brokers, AfterAnUncleanStopTheirOnlyReplicasLeadAgainAndAreRecovering) {
    join(1);
    const Uuid topic_id = topic("t", {1});
    register_now(registration(1, 2), true);  // it does not know its former epoch
    EXPECT_EQ(partition(topic_id).leader, metadata::kNoLeader);
    EXPECT_THAT(partition(topic_id).isr, IsEmpty());
    EXPECT_THAT(partition(topic_id).elr, IsEmpty());
    EXPECT_THAT(partition(topic_id).last_known_elr, ElementsAre(BrokerId{1}));
    beat(1);
    EXPECT_EQ(partition(topic_id).leader, BrokerId{1});
    EXPECT_EQ(partition(topic_id).recovery, metadata::RecoveryState::recovering);
}

TEST_F(Brokers, AfterACleanStopTheirOnlyReplicasLeadAgainAsIfNothingHadBeen) {
    join(1);
    const Uuid topic_id = topic("t", {1});
    const std::int64_t epoch = broker(1).epoch;
    auto stopping = beat(1, false, true);
    EXPECT_FALSE(stopping.reply.should_shut_down);  // it led until now
    EXPECT_TRUE(broker(1).in_controlled_shutdown);
    EXPECT_THAT(partition(topic_id).elr, ElementsAre(BrokerId{1}));
    stopping = beat(1, false, true);
    EXPECT_TRUE(stopping.reply.should_shut_down);
    EXPECT_TRUE(broker(1).fenced);
    auto again = registration(1, 2);
    again.previous_broker_epoch = epoch;
    register_now(again);
    beat(1);
    EXPECT_FALSE(broker(1).in_controlled_shutdown);
    EXPECT_EQ(partition(topic_id).leader, BrokerId{1});
    EXPECT_EQ(partition(topic_id).recovery, metadata::RecoveryState::recovered);
    EXPECT_THAT(partition(topic_id).isr, ElementsAre(BrokerId{1}));
}

TEST_F(Brokers, AreFencedWithWhatTheyLedGivenToOthers) {
    join(1);
    join(2);
    const Uuid topic_id = topic("t", {1, 2});
    append(fence(image(), BrokerId{1}, {}));
    EXPECT_TRUE(broker(1).fenced);
    EXPECT_EQ(partition(topic_id).leader, BrokerId{2});
    EXPECT_THAT(partition(topic_id).isr, ElementsAre(BrokerId{2}));
    EXPECT_THAT(fence(image(), BrokerId{1}, {}), IsEmpty());
    EXPECT_THAT(fence(image(), BrokerId{5}, {}), IsEmpty());
}

TEST_F(Brokers, ThatWantToBeFencedAre) {
    join(1);
    EXPECT_TRUE(beat(1, true).reply.is_fenced);
    EXPECT_TRUE(broker(1).fenced);
    EXPECT_TRUE(beat(1, true).reply.is_fenced);
    EXPECT_FALSE(beat(1).reply.is_fenced);
}

TEST_F(Brokers, TellOfDirectoriesThatAreOfflineOrCordoned) {
    auto request = registration(1);
    request.log_dirs = {Uuid{77, 1}, Uuid{77, 2}};
    register_now(request);
    protocol::BrokerHeartbeatRequest beat;
    beat.broker_id = 1;
    beat.broker_epoch = broker(1).epoch;
    beat.offline_log_dirs = {Uuid{77, 2}};
    beat.cordoned_log_dirs.emplace();
    append(heartbeat(image(), {}, beat).records);
    EXPECT_THAT(broker(1).directories, ElementsAre(Uuid{77, 1}));
    EXPECT_EQ(broker(1).cordoned_directories, std::vector<Uuid>());
    beat.broker_epoch = broker(1).epoch;
    EXPECT_THAT(heartbeat(image(), {}, beat).records, testing::SizeIs(testing::Le(1U)));
}

TEST_F(Brokers, DoNotTellOfCordonedDirectoriesBeforeTheMetadataHaveRoomForThem) {
    feature(metadata::kMetadataVersion, metadata::kMetadataVersionCordon - 1);
    register_now(registration(1));
    protocol::BrokerHeartbeatRequest beat;
    beat.broker_id = 1;
    beat.broker_epoch = broker(1).epoch;
    beat.cordoned_log_dirs = {Uuid{77, 1}};
    append(heartbeat(image(), {}, beat).records);
    EXPECT_EQ(broker(1).cordoned_directories, std::nullopt);
    feature(metadata::kMetadataVersion, metadata::kMetadataVersionCordon);
    append(heartbeat(image(), {}, beat).records);
    EXPECT_EQ(broker(1).cordoned_directories, std::vector({Uuid{77, 1}}));
    EXPECT_THAT(heartbeat(image(), {}, beat).records, IsEmpty()) << "it is known";
}

TEST_F(Brokers, LoseTheirSessionWhenTheyAreNotHeardOf) {
    join(1);
    join(2);
    using namespace std::chrono_literals;
    BrokerLiveness liveness(9s);
    const MonoTime start{};
    EXPECT_THAT(liveness.expired(start, image()), IsEmpty());  // both have a session's time now
    EXPECT_EQ(liveness.next_expiry(image()), start + 9s);
    liveness.heard(start + 5s, BrokerId{2});
    EXPECT_TRUE(liveness.has_session(start + 8s, BrokerId{1}));
    EXPECT_THAT(liveness.expired(start + 9s, image()), ElementsAre(BrokerId{1}));
    EXPECT_FALSE(liveness.has_session(start + 9s, BrokerId{1}));
    append(fence(image(), BrokerId{1}, {}));
    EXPECT_THAT(liveness.expired(start + 9s, image()), IsEmpty());
    EXPECT_EQ(liveness.next_expiry(image()), start + 14s);
    liveness.registered(start + 20s, BrokerId{1}, Offset{7});
    EXPECT_EQ(liveness.registration_of(BrokerId{1}), Offset{7});
    liveness.forget(BrokerId{1});
    EXPECT_EQ(liveness.registration_of(BrokerId{1}), std::nullopt);
    EXPECT_FALSE(liveness.has_session(start + 20s, BrokerId{1}));
}

TEST_F(Brokers, ControllersAreWrittenWhenTheyChange) {
    metadata::ControllerRegistration registration;
    registration.incarnation = {1, 1};
    registration.endpoints = {{"CONTROLLER", "localhost", 9093, 0}};
    registration.features = {{"metadata.version", 25, 30}, {"kraft.version", 0, 1}};
    append(register_controller(image(), 1, registration));
    EXPECT_TRUE(image().controllers.contains(1));
    EXPECT_THAT(register_controller(image(), 1, registration), IsEmpty());
    registration.incarnation = {1, 2};
    EXPECT_THAT(register_controller(image(), 1, registration), testing::SizeIs(1));
}

TEST_F(Brokers, ThatAreUnregisteredAreForgottenAndLeadNothing) {
    join(1);
    join(2);
    const Uuid shared = topic("shared", {1, 2});
    const Uuid own = topic("own", {1});
    protocol::UnregisterBrokerRequest request;
    request.broker_id = 1;
    const auto decision = unregister_broker(image(), {}, request);
    EXPECT_EQ(decision.reply.error_code, ErrorCode::none);
    EXPECT_EQ(decision.reply.error_message, std::nullopt);
    append(decision.records);
    EXPECT_EQ(image().brokers.find(BrokerId{1}), nullptr);
    EXPECT_EQ(partition(shared).leader, BrokerId{2});
    EXPECT_EQ(partition(own).leader, metadata::kNoLeader);
    EXPECT_THAT(partition(own).elr, ElementsAre(BrokerId{1}));
    join(1);  // known again, and eligible
    EXPECT_EQ(partition(own).leader, BrokerId{1});
}

TEST_F(Brokers, ThatNobodyKnowsCannotBeUnregistered) {
    protocol::UnregisterBrokerRequest request;
    request.broker_id = 7;
    const auto decision = unregister_broker(image(), {}, request);
    EXPECT_EQ(decision.reply.error_code, ErrorCode::broker_id_not_registered);
    EXPECT_TRUE(decision.reply.error_message);
    EXPECT_THAT(decision.records, IsEmpty());
}

}  // namespace
}  // namespace moldau::controller
