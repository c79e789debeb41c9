// What commands print when they could do a part of what was asked: against two scripted brokers, in
// the simulated world. Broker 0 leads partitions 0 and 2 of topic "t", broker 1 partition 1.
#include "command.hpp"
#include "unit/client/scripted_broker.hpp"

#include "moldau/protocol/messages/delete_groups.hpp"
#include "moldau/protocol/messages/delete_records.hpp"
#include "moldau/protocol/messages/find_coordinator.hpp"
#include "moldau/protocol/messages/list_groups.hpp"
#include "moldau/protocol/messages/list_offsets.hpp"
#include "moldau/protocol/messages/offset_commit.hpp"
#include "moldau/protocol/messages/offset_fetch.hpp"

#include <gmock/gmock.h>

#include <map>
#include <set>
#include <string>

namespace moldau::cli {
namespace {

using client::Received;
using client::ScriptedBroker;
using protocol::ApiKey;
using runtime::Shard;
using runtime::Task;
using testing::HasSubstr;
using testing::Not;

/// What goes wrong.
struct Faults {
    std::map<std::pair<ApiKey, std::int32_t>, ErrorCode> partitions = {};
    std::set<std::pair<ApiKey, int>> hangs_up = {};  // that broker, when it is asked that
    ErrorCode groups_of_1 = ErrorCode::none;

    ErrorCode of(ApiKey api, std::int32_t partition) const {
        const auto found = partitions.find({api, partition});
        return found == partitions.end() ? ErrorCode::none : found->second;
    }
};

class Broker {
public:
    Broker(int id, const Faults& faults) : id_(id), faults_(faults) {}

    std::optional<Bytes> answer(const Received& request) const {
        if (faults_.hangs_up.contains({request.api(), id_})) return Bytes();
        switch (request.api()) {
            case ApiKey::api_versions:
                return client::api_versions(request, {{ApiKey::api_versions, {0, 4}},
                                                      {ApiKey::metadata, {0, 12}},
                                                      {ApiKey::list_offsets, {1, 7}},
                                                      {ApiKey::delete_records, {0, 2}},
                                                      {ApiKey::find_coordinator, {0, 3}},
                                                      {ApiKey::offset_fetch, {1, 7}},
                                                      {ApiKey::offset_commit, {2, 8}},
                                                      {ApiKey::list_groups, {0, 5}},
                                                      {ApiKey::delete_groups, {0, 2}}});
            case ApiKey::metadata:
                return answer_metadata(request);
            case ApiKey::list_offsets:
                return answer_offsets(request);
            case ApiKey::delete_records:
                return answer_deletion(request);
            case ApiKey::find_coordinator: {
                protocol::FindCoordinatorResponse response;  // of "on-1" it is broker 1
                response.node_id =
                    request.as<protocol::FindCoordinatorRequest>().key == "on-1" ? 1 : 0;
                return request.answer(response);
            }
            case ApiKey::offset_fetch:
                return request.answer(protocol::OffsetFetchResponse());
            case ApiKey::offset_commit:
                return answer_commit(request);
            case ApiKey::list_groups: {
                protocol::ListGroupsResponse response;
                if (id_ == 1) response.error_code = faults_.groups_of_1;
                if (response.error_code == ErrorCode::none)
                    response.groups.emplace_back().group_id = "on-" + std::to_string(id_);
                return request.answer(response);
            }
            default: {
                protocol::DeleteGroupsResponse response;
                response.results.emplace_back();
                return request.answer(response);
            }
        }
    }

private:
    static Bytes answer_metadata(const Received& request) {
        protocol::MetadataResponse response;
        for (const std::int32_t id : {0, 1}) {
            auto& broker = response.brokers.emplace_back();
            broker.node_id = id;
            broker.host = "broker-" + std::to_string(id);
            broker.port = ScriptedBroker::kPort;
        }
        auto& topic = response.topics.emplace_back();
        topic.name = "t";
        for (const std::int32_t index : {0, 1, 2}) {
            auto& partition = topic.partitions.emplace_back();
            partition.partition_index = index;
            partition.leader_id = index % 2;
        }
        return request.answer(response);
    }

    Bytes answer_offsets(const Received& request) const {
        protocol::ListOffsetsResponse response;
        auto& topic = response.topics.emplace_back();
        topic.name = "t";
        for (const auto& asked :
             request.as<protocol::ListOffsetsRequest>().topics.front().partitions) {
            auto& part = topic.partitions.emplace_back();
            part.partition_index = asked.partition_index;
            part.error_code = faults_.of(ApiKey::list_offsets, asked.partition_index);
            part.offset = asked.timestamp == -1 ? 10 : 0;
        }
        return request.answer(response);
    }

    Bytes answer_deletion(const Received& request) const {
        protocol::DeleteRecordsResponse response;
        auto& topic = response.topics.emplace_back();
        topic.name = "t";
        for (const auto& asked :
             request.as<protocol::DeleteRecordsRequest>().topics.front().partitions) {
            auto& part = topic.partitions.emplace_back();
            part.partition_index = asked.partition_index;
            part.error_code = faults_.of(ApiKey::delete_records, asked.partition_index);
            part.low_watermark = asked.offset;
        }
        return request.answer(response);
    }

    Bytes answer_commit(const Received& request) const {
        protocol::OffsetCommitResponse response;
        auto& topic = response.topics.emplace_back();
        topic.name = "t";
        for (const auto& asked :
             request.as<protocol::OffsetCommitRequest>().topics.front().partitions) {
            auto& part = topic.partitions.emplace_back();
            part.partition_index = asked.partition_index;
            part.error_code = faults_.of(ApiKey::offset_commit, asked.partition_index);
        }
        return request.answer(response);
    }

    int id_;
    const Faults& faults_;
};

struct Ran {
    Result<> outcome = Error{ErrorCode::unknown_server_error, "it did not end"};
    std::string out;
    std::string errors;  // all but the last one
};

// The test holds what they refer to until the end.
// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters)
Task<> work(Shard& shard, Transport& transport, const Global& global, const Choice& choice,
            Ran& ran) {
    client::Cluster cluster(shard, transport, {.bootstrap = {{"broker-0", ScriptedBroker::kPort}}});
    Context context{.shard = shard, .cluster = cluster, .global = global};
    ran.outcome = co_await choice.work(context);
    cluster.close();
}
// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

/// `add` a command, and give it `arguments`.
Ran run(const Faults& faults, void (*add)(Command, Choice&), const std::string& arguments) {
    Ran ran;
    const Global global{.brokers = "", .output = Output::json, .yes = true};
    Choice choice;
    CommandLine line("a command", "moldau");
    add(line, choice);
    EXPECT_FALSE(line.parse(arguments));
    if (choice.check) EXPECT_TRUE(choice.check(global));
    const Broker first(0, faults);
    const Broker second(1, faults);
    client::ScriptedCluster cluster(
        {[&](const Received& request) { return first.answer(request); },
         [&](const Received& request) { return second.answer(request); }});
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    cluster.run([&](Shard& shard, Transport& transport) {
        return work(shard, transport, global, choice, ran);
    });
    ran.out = testing::internal::GetCapturedStdout();
    ran.errors = testing::internal::GetCapturedStderr();
    return ran;
}

TEST(Commands, TrimTellsOfThePartitionsWhoseRecordsAreGone) {
    const Faults faults{
        .partitions = {{{ApiKey::delete_records, 2}, ErrorCode::kafka_storage_error}},
        .hangs_up = {{ApiKey::delete_records, 1}}};
    const Ran ran = run(faults, add_topic_trim, "trim t --before end");
    EXPECT_THAT(ran.out, HasSubstr(R"("items":[{"topic":"t","partition":0,"start":10}]})"));
    EXPECT_THAT(ran.errors, HasSubstr("partition 2 of topic 't': KAFKA_STORAGE_ERROR"));
    ASSERT_FALSE(ran.outcome);
    EXPECT_THAT(ran.outcome.error().detail, HasSubstr("partition 1 of topic 't'"));
}

TEST(Commands, TrimThatCouldDoNothingPrintsNothing) {
    const Faults faults{.hangs_up = {{ApiKey::delete_records, 0}, {ApiKey::delete_records, 1}}};
    const Ran ran = run(faults, add_topic_trim, "trim t --before end");
    EXPECT_EQ(ran.out, "");
    EXPECT_FALSE(ran.outcome);
}

TEST(Commands, OffsetsAreToldOfThePartitionsThatTell) {
    const Faults faults{
        .partitions = {{{ApiKey::list_offsets, 1}, ErrorCode::unknown_server_error}}};
    const Ran ran = run(faults, add_topic_offsets, "offsets t");
    EXPECT_THAT(ran.out, HasSubstr(R"({"topic":"t","partition":0,"start":0,"end":10,"at":null})"));
    EXPECT_THAT(ran.out, HasSubstr(R"("partition":2)"));
    EXPECT_THAT(ran.out, Not(HasSubstr(R"("partition":1)")));
    ASSERT_FALSE(ran.outcome);
    EXPECT_THAT(ran.outcome.error().detail, HasSubstr("partition 1 of topic 't'"));
}

TEST(Commands, OffsetsAreAskedForAgainOnlyOfPartitionsThatMayStillTell) {
    const Faults faults{
        .partitions = {{{ApiKey::list_offsets, 1}, ErrorCode::kafka_storage_error}}};
    const Ran ran = run(faults, add_topic_offsets, "offsets t");  // retriable: until the deadline
    EXPECT_THAT(ran.out, HasSubstr(R"("partition":2)"));
    EXPECT_FALSE(ran.outcome);
}

TEST(Commands, SeekTellsOfThePartitionsThatWereMoved) {
    const Faults faults{
        .partitions = {{{ApiKey::offset_commit, 1}, ErrorCode::offset_metadata_too_large}}};
    const Ran ran = run(faults, add_group_seek, "seek g t --to 4");
    EXPECT_THAT(ran.out, HasSubstr(R"("partition":0,"before":null,"now":4})"));
    EXPECT_THAT(ran.out, HasSubstr(R"("partition":2,"before":null,"now":4})"));
    EXPECT_THAT(ran.out, Not(HasSubstr(R"("partition":1)")));
    ASSERT_FALSE(ran.outcome);
    EXPECT_THAT(ran.outcome.error().detail, HasSubstr("partition 1 of topic 't'"));
}

TEST(Commands, SeekSaysOnceWhatIsWrongWithTheGroup) {
    Faults faults;
    for (const std::int32_t partition : {0, 1, 2})
        faults.partitions[{ApiKey::offset_commit, partition}] = ErrorCode::unknown_member_id;
    const Ran ran = run(faults, add_group_seek, "seek g t --to 4");
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(ran.errors, "");
    ASSERT_FALSE(ran.outcome);
    EXPECT_THAT(ran.outcome.error().detail, HasSubstr("has members"));
}

TEST(Commands, GroupsAreDeletedThoughTheCoordinatorOfOneDoesNotAnswer) {
    const Faults faults{.hangs_up = {{ApiKey::delete_groups, 1}}};
    const Ran ran = run(faults, add_group_delete, "delete a on-1 c");
    EXPECT_THAT(ran.out, HasSubstr(R"("items":[{"name":"a"},{"name":"c"}]})"));
    ASSERT_FALSE(ran.outcome);
    EXPECT_THAT(ran.outcome.error().detail, HasSubstr("group 'on-1'"));
}

TEST(Commands, GroupsAreListedOfTheBrokersThatTell) {
    const Ran ran =
        run({.groups_of_1 = ErrorCode::cluster_authorization_failed}, add_group_list, "list");
    EXPECT_THAT(ran.out, HasSubstr(R"("name":"on-0")"));
    EXPECT_THAT(ran.out, Not(HasSubstr("on-1")));
    ASSERT_FALSE(ran.outcome);
    EXPECT_THAT(ran.outcome.error().detail, HasSubstr("broker 1 refused"));
}

}  // namespace
}  // namespace moldau::cli
