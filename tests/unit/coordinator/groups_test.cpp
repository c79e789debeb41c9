#include "groups_driver.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace moldau::coordinator {
namespace {

protocol::JoinGroupRequest join_request(std::string member) {
    protocol::JoinGroupRequest request;
    request.group_id = "g";
    request.session_timeout_ms = 10'000;
    request.rebalance_timeout_ms = 60'000;
    request.member_id = std::move(member);
    request.protocol_type = "consumer";
    request.protocols.emplace_back().name = "range";
    return request;
}

// The driver looks at each reply, whether the request's version can express it.
TEST(Groups, AnswerEveryVersionInItsOwnWords) {
    for (std::int16_t version = 0; version <= 9; ++version) {
        SCOPED_TRACE(fmt::format("JoinGroup {}", version));
        GroupsDriver driver({.group_initial_rebalance_delay = Duration{}});
        const auto join = [&](const protocol::JoinGroupRequest& request) {
            driver.take(driver.core().join(driver.now(), driver.caller("c", version), request,
                                           driver.fresh()));
            driver.advance(Duration{});
            const Reply reply = std::move(driver.replies.back());
            driver.replies.clear();
            return std::get<protocol::JoinGroupResponse>(reply.response);
        };
        EXPECT_EQ(join(join_request("stranger")).error_code, ErrorCode::unknown_member_id);
        auto response = join(join_request(""));
        EXPECT_EQ(response.error_code == ErrorCode::member_id_required, version >= 4);
        if (version >= 4) response = join(join_request(response.member_id));
        ASSERT_EQ(response.error_code, ErrorCode::none);
        EXPECT_EQ(response.members.size(), 1U);

        protocol::LeaveGroupRequest leave;
        leave.group_id = "g";
        leave.member_id = response.member_id;
        leave.members.emplace_back().member_id = response.member_id;
        driver.take(driver.core().leave(
            driver.now(), driver.caller("c", std::min<std::int16_t>(version, 5)), leave));
        ASSERT_EQ(driver.replies.size(), 1U);
        EXPECT_EQ(
            std::get<protocol::LeaveGroupResponse>(driver.replies.front().response).error_code,
            ErrorCode::none);
    }
}

TEST(Groups, TakeAProtocolThatIsNamedTwiceAsOne) {
    GroupsDriver driver({.group_initial_rebalance_delay = Duration{}});
    auto request = join_request("");
    request.protocols.push_back(request.protocols.front());
    driver.take(driver.core().join(driver.now(), driver.caller("c", 3), request, driver.fresh()));
    driver.advance(Duration{});
    ASSERT_EQ(driver.replies.size(), 1U);
    const auto& response = std::get<protocol::JoinGroupResponse>(driver.replies.front().response);
    EXPECT_EQ(response.protocol_name, "range");
}

TEST(Groups, HoldWhatTheirRepliesLookAt) {
    GroupsDriver driver({.group_initial_rebalance_delay = Duration{}});
    auto request = join_request("");
    std::string metadata = "what the member says";
    request.protocols.front().metadata = as_bytes(metadata);
    driver.take(driver.core().join(driver.now(), driver.caller("c", 3), request, driver.fresh()));
    metadata.assign(metadata.size(), '?');  // the request's buffer is used again
    driver.advance(Duration{});
    const Reply reply = std::move(driver.replies.at(0));
    (void)driver.core().unload();  // and the group is no more
    const auto& response = std::get<protocol::JoinGroupResponse>(reply.response);
    EXPECT_EQ(as_text(response.members.at(0).metadata), "what the member says");
}

TEST(Groups, MoveADeadlineWithEachHeartbeatAndNeverPastIt) {
    GroupsDriver driver({.group_initial_rebalance_delay = Duration{}});
    driver.take(
        driver.core().join(driver.now(), driver.caller("c", 3), join_request(""), driver.fresh()));
    driver.advance(Duration{});
    protocol::HeartbeatRequest heartbeat;
    heartbeat.group_id = "g";
    heartbeat.generation_id = 1;
    heartbeat.member_id =
        std::get<protocol::JoinGroupResponse>(driver.replies.front().response).member_id;
    for (int i = 0; i < 5; ++i) {
        driver.advance(std::chrono::seconds(9));
        ASSERT_EQ(driver.core().heartbeat(driver.now(), heartbeat).error_code, ErrorCode::none);
        EXPECT_LE(driver.core().next_deadline(), driver.now().mono + std::chrono::seconds(10));
    }
    driver.advance(std::chrono::seconds(10));
    EXPECT_EQ(driver.core().heartbeat(driver.now(), heartbeat).error_code,
              ErrorCode::unknown_member_id);
}

TEST(Groups, FetchOneGroupsOffsetsInTheOldForm) {
    GroupsDriver driver;
    protocol::OffsetCommitRequest commit;
    commit.group_id = "g";
    auto& topic = commit.topics.emplace_back();
    topic.name = "t";
    topic.topic_id = Uuid{1, 2};
    topic.partitions.emplace_back().committed_offset = 7;
    driver.take(driver.core().commit_offsets(driver.now(), driver.caller("c", 10), commit));

    protocol::OffsetFetchRequest request;
    request.group_id = "g";
    request.topics->emplace_back().name = "t";
    request.topics->front().partition_indexes = {0, 1};
    for (std::int16_t version = 1; version <= 7; ++version) {
        SCOPED_TRACE(version);
        const auto group = driver.core().fetch_offsets(the_one_group(request));
        const auto response = response_of_one_group(group);
        ASSERT_TRUE(response.encoded_size(version));
        ASSERT_EQ(response.topics.size(), 1U);
        EXPECT_EQ(response.topics.front().partitions.at(0).committed_offset, 7);
        EXPECT_EQ(response.topics.front().partitions.at(1).committed_offset, -1);
    }
    request.topics.reset();
    const auto all = driver.core().fetch_offsets(the_one_group(request));
    ASSERT_EQ(all.topics.size(), 1U);
    EXPECT_EQ(all.topics.front().topic_id, (Uuid{1, 2}));
}

TEST(Groups, AreLoadedFromRecordsThatContradictThemselves) {
    Groups groups{GroupSettings{}};
    const StoredMember member{.id = "m",
                              .instance_id = "i",
                              .client_id = "c",
                              .client_host = "/",
                              .rebalance_timeout_ms = -5,
                              .session_timeout_ms = -7,
                              .subscription = {},
                              .assignment = {}};
    groups.apply(GroupRecord{"g", StoredGroup{.protocol_type = "consumer",
                                              .generation = 3,
                                              .protocol = {},
                                              .leader = "nobody",
                                              .state_since = {},
                                              .members = {member, member}}});
    groups.apply(UnknownRecord{9});
    groups.apply(OffsetRecord{"other", "t", 0, {}});  // a tombstone of what never was
    const Now now{MonoTime{}, Timestamp{0}};
    (void)groups.loaded(now);
    EXPECT_EQ(groups.list({}, {}).size(), 1U);
    const Decision decision = groups.on_time(now);
    ASSERT_EQ(decision.writes.size(), 1U);  // its only member's session is long over
    EXPECT_EQ(std::get<GroupRecord>(decision.writes.front().records.front()).value->generation, 4);
}

OffsetRecord offset_record(std::int32_t partition, std::int64_t offset) {
    CommittedOffset value;
    value.offset = offset;
    return {.group = "g", .topic = "t", .partition = partition, .value = value};
}

protocol::OffsetFetchResponse::OffsetFetchResponsePartitions fetch(Groups& groups,
                                                                   std::int32_t partition,
                                                                   bool require_stable) {
    protocol::OffsetFetchRequest::OffsetFetchRequestGroup request;
    request.group_id = "g";
    request.topics->emplace_back().name = "t";
    request.topics->front().partition_indexes = {partition};
    return groups.fetch_offsets(request, require_stable).topics.front().partitions.front();
}

TEST(Groups, LoadOffsetsOfTransactionsWhenTheseAreCommitted) {
    Groups groups{GroupSettings{}};
    constexpr ProducerId kOne{1};
    constexpr ProducerId kTwo{2};
    groups.apply(offset_record(0, 5));
    groups.apply_in_transaction(kOne, Offset{1}, offset_record(0, 7));
    EXPECT_EQ(fetch(groups, 0, false).committed_offset, 5);
    EXPECT_EQ(fetch(groups, 0, true).error_code, ErrorCode::unstable_offset_commit);
    EXPECT_EQ(fetch(groups, 0, true).committed_offset, -1);
    EXPECT_EQ(fetch(groups, 1, true).error_code, ErrorCode::none);
    groups.end_transaction(kOne, true);
    EXPECT_EQ(fetch(groups, 0, true).committed_offset, 7);

    groups.apply_in_transaction(kOne, Offset{3}, offset_record(0, 9));
    groups.end_transaction(kOne, false);
    EXPECT_EQ(fetch(groups, 0, true).committed_offset, 7);

    // What came later to the log counts, whatever ends first.
    groups.apply_in_transaction(kOne, Offset{5}, offset_record(0, 11));
    groups.apply_in_transaction(kTwo, Offset{6}, offset_record(0, 12));
    groups.end_transaction(kTwo, true);
    groups.end_transaction(kOne, true);
    EXPECT_EQ(fetch(groups, 0, true).committed_offset, 12);

    groups.apply_in_transaction(kOne, Offset{9}, offset_record(0, 13));
    groups.apply(offset_record(0, 14));
    groups.end_transaction(kOne, true);
    EXPECT_EQ(fetch(groups, 0, true).committed_offset, 14);
}

TEST(Groups, KeepGroupsOfOtherKindsAndTheirOffsetsAsTheyAre) {
    GroupsDriver driver;
    Groups& groups = driver.core();
    groups.apply(offset_record(0, 5));
    groups.apply(ForeignGroupRecord{.group = "g", .kind = ForeignKind::consumer, .exists = true});
    groups.apply(offset_record(1, 6));
    EXPECT_EQ(fetch(groups, 0, false).committed_offset, 5);
    EXPECT_EQ(fetch(groups, 1, false).committed_offset, 6);

    const auto listed = groups.list({}, {});
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed.front().group_type, "consumer");
    EXPECT_EQ(listed.front().protocol_type, "consumer");
    EXPECT_TRUE(groups.list({}, {"classic"}).empty());
    EXPECT_TRUE(groups.list({"Empty"}, {}).empty());
    EXPECT_EQ(groups.describe("g", 6).group.error_code, ErrorCode::group_id_not_found);

    driver.take(groups.join(driver.now(), driver.caller("c", 9), join_request(""), driver.fresh()));
    EXPECT_EQ(std::get<protocol::JoinGroupResponse>(driver.replies.back().response).error_code,
              ErrorCode::inconsistent_group_protocol);
    driver.take(groups.delete_groups(driver.caller("c", 2), {"g"}));
    EXPECT_EQ(std::get<protocol::DeleteGroupsResponse>(driver.replies.back().response)
                  .results.front()
                  .error_code,
              ErrorCode::non_empty_group);
    protocol::OffsetCommitRequest commit;
    commit.group_id = "g";
    auto& topic = commit.topics.emplace_back();
    topic.name = "t";
    topic.partitions.emplace_back().committed_offset = 9;
    driver.take(groups.commit_offsets(driver.now(), driver.caller("c", 9), commit));
    EXPECT_EQ(std::get<protocol::OffsetCommitResponse>(driver.replies.back().response)
                  .topics.front()
                  .partitions.front()
                  .error_code,
              ErrorCode::unknown_member_id);
    EXPECT_EQ(fetch(groups, 0, false).committed_offset, 5);

    groups.apply(ForeignGroupRecord{.group = "g", .kind = ForeignKind::consumer, .exists = false});
    EXPECT_EQ(groups.list({}, {"classic"}).size(), 1U);
}

TEST(Groups, ForgetManyOffsetsOfDeletedPartitionsInParts) {
    GroupsDriver driver;
    std::vector<std::pair<std::string, std::int32_t>> gone;
    for (std::int32_t i = 0; i < 2500; ++i) {
        driver.core().apply(offset_record(i, 1));
        gone.emplace_back("t", i);
    }
    driver.holds = true;
    driver.take(driver.core().partitions_deleted(gone));
    ASSERT_EQ(driver.in_flight.size(), 3U);
    EXPECT_EQ(driver.in_flight[0].records.size(), 1000U);
    EXPECT_EQ(driver.in_flight[2].records.size(), 500U);
    driver.holds = false;
    driver.take({});
    EXPECT_TRUE(driver.core().durable().empty());
}

}  // namespace
}  // namespace moldau::coordinator
