#include "moldau/raft/quorum_state.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace moldau::raft {
namespace {

constexpr std::string_view kOfKafka =
    R"({"leaderId":1,"leaderEpoch":2,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1})";

TEST(QuorumState, IsKafkasFileToTheByte) {
    std::ifstream file(MOLDAU_SOURCE_DIR "/tests/golden/metadata/clean/quorum-state",
                       std::ios::binary);
    const std::string golden{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(golden, kOfKafka);
    const Result<QuorumState> state = parse_quorum_state(golden);
    ASSERT_TRUE(state) << state.error().detail;
    EXPECT_EQ(state->leader, 1);
    EXPECT_EQ(state->epoch, LeaderEpoch{2});
    EXPECT_EQ(state->voted, std::nullopt);
    EXPECT_EQ(write_quorum_state(*state), golden);
}

TEST(QuorumState, IsReadAsItWasWritten) {
    for (const QuorumState& state :
         {QuorumState{}, QuorumState{.epoch = {7}, .voted = ReplicaKey{3, Uuid{4, 5}}},
          QuorumState{.epoch = {INT32_MAX}, .leader = 2, .voted = ReplicaKey{2, Uuid{4, 5}}},
          QuorumState{.epoch = {7}, .leader = 1, .data_version = 0, .voters = {1, 2, 3}},
          QuorumState{.epoch = {7}, .voted = ReplicaKey{3, {}}, .data_version = 0}}) {
        const std::string file = write_quorum_state(state);
        const Result<QuorumState> back = parse_quorum_state(file);
        ASSERT_TRUE(back) << back.error().detail;
        EXPECT_EQ(*back, state) << file;
    }
}

TEST(QuorumState, OfVersion0AndWithBlanksAndUnknownKeysIsRead) {
    const auto state = parse_quorum_state(
        R"( { "clusterId":"", "leaderId": 1 ,"leaderEpoch":4,"votedId":-1,"appliedOffset":0,
            "currentVoters":[{"voterId":1},{"voterId":2}],"more":{"a":[],"b":null},"data_version":0}
)");
    ASSERT_TRUE(state) << state.error().detail;
    EXPECT_EQ(state->voters, (std::vector<std::int32_t>{1, 2}));
    EXPECT_EQ(state->epoch, LeaderEpoch{4});
}

TEST(QuorumState, ThatIsNoneIsRefused) {
    const std::string whole(kOfKafka);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(parse_quorum_state(whole.substr(0, size))) << size;
    const auto with = [&](std::string_view from, std::string_view to) {
        std::string text = whole;
        return text.replace(text.find(from), from.size(), to);
    };
    for (const std::string& file :
         {with("\"data_version\":1", "\"data_version\":2"), with("Epoch\":2", "Epoch\":-2"),
          with("Epoch\":2", "Epoch\":99999999999"), with("Epoch\":2", "Epoch\":\"2\""),
          with("leaderId", "leader"), with("}", "}}"),
          with("votedId\":-1,\"votedDirectoryId\":\"AAAA", "votedId\":1,\"votedDirectoryId\":\"A"),
          with("-1,\"votedDirectoryId", "1,\"directory"), std::string(70'000, '['),
          std::string("[") + whole + "]"}) {
        const Result<QuorumState> state = parse_quorum_state(file);
        ASSERT_FALSE(state) << file;
        EXPECT_EQ(state.error().code, ErrorCode::kafka_storage_error);
    }
    EXPECT_FALSE(parse_quorum_state(
        R"({"leaderId":1,"leaderEpoch":4,"votedId":-1,"currentVoters":[{"voterId":-7}],"data_version":0})"));
    std::string deep;
    for (int i = 0; i < 10'000; ++i) deep += "{\"a\":";
    EXPECT_FALSE(parse_quorum_state(deep));
}

}  // namespace
}  // namespace moldau::raft
