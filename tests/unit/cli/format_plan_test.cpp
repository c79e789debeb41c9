#include "format_plan.hpp"

#include "moldau/config/load.hpp"
#include "moldau/metadata/records.hpp"
#include "moldau/raft/snapshot.hpp"

#include <gmock/gmock.h>

namespace moldau::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Numbers that a test chooses.
class ListedRandom final : public Random {
public:
    explicit ListedRandom(std::vector<std::uint64_t> numbers) : numbers_(std::move(numbers)) {}
    std::uint64_t next() override { return numbers_.at(at_++); }

private:
    std::vector<std::uint64_t> numbers_;
    std::size_t at_ = 0;
};

FormatNode controller() {
    return {.id = 5,
            .is_controller = true,
            .has_static_voters = false,
            .directories = {"/a", "/b"},
            .controller_endpoint = metadata::Endpoint{"CONTROLLER", "host", 9093, 0}};
}

FormatRequest standalone() {
    return {.cluster_id = "cluster",
            .voters = FirstVoters::standalone,
            .ignores_formatted = false,
            .levels = *start_levels({}, {})};
}

Result<FormatPlan> plan(const FormatNode& node, const FormatRequest& request,
                        std::vector<FoundDirectory> found = {{}, {}}) {
    ListedRandom random({1, 2, 3, 4});
    return plan_format(node, request, found, Timestamp{1000}, random);
}

std::vector<std::string> paths(const FormatPlan& plan) {
    std::vector<std::string> all;
    for (const FormatPlan::File& each : plan.files) all.push_back(each.path);
    return all;
}

TEST(FormatPlan, WritesTheMarksOfFormattedDirectoriesLast) {
    const Result<FormatPlan> planned = plan(controller(), standalone());
    ASSERT_TRUE(planned);
    EXPECT_THAT(paths(*planned),
                ElementsAre("/a/bootstrap.checkpoint",
                            "/a/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint",
                            "/b/bootstrap.checkpoint", "/a/meta.properties", "/b/meta.properties"));
    EXPECT_TRUE(planned->has_lone_voter);
}

TEST(FormatPlan, MakesTheVoterOfTheDirectoryThatItsMarkNames) {
    const Result<FormatPlan> planned = plan(controller(), standalone());
    ASSERT_TRUE(planned);
    const auto meta = log::parse_meta_properties(as_text(planned->files[3].content));
    ASSERT_TRUE(meta);
    EXPECT_EQ(meta->directory_id, (Uuid{1, 2}));
    EXPECT_EQ(meta->cluster_id, "cluster");
    EXPECT_EQ(meta->node_id, 5);
    raft::SnapshotReader snapshot(planned->files[1].content);
    const auto head = snapshot.head();
    ASSERT_TRUE(head);
    EXPECT_EQ(head->kraft_version, 1);
    ASSERT_EQ(head->voters->voters.size(), 1U);
    EXPECT_EQ(head->voters->voters[0].voter_id, 5);
    EXPECT_EQ(head->voters->voters[0].voter_directory_id, *meta->directory_id);
    EXPECT_EQ(head->voters->voters[0].endpoints[0].host, "host");
    const auto other = log::parse_meta_properties(as_text(planned->files[4].content));
    ASSERT_TRUE(other);
    EXPECT_EQ(other->directory_id, (Uuid{3, 4}));
}

TEST(FormatPlan, GivesDirectoriesNoIdThatKafkaKeepsOrTakesForAnOption) {
    // Reserved; then one whose text begins with '-' (62 in the first six bits).
    ListedRandom random({0, 99, 62ULL << 58U, 0, 7, 8});
    FormatNode node = controller();
    node.directories = {"/a"};
    const Result<FormatPlan> planned =
        plan_format(node, standalone(), {{}}, Timestamp{1000}, random);
    ASSERT_TRUE(planned);
    const auto meta = log::parse_meta_properties(as_text(planned->files.back().content));
    ASSERT_TRUE(meta);
    EXPECT_EQ(meta->directory_id, (Uuid{7, 8}));
}

TEST(FormatPlan, LeavesFormattedDirectoriesWhenToldTo) {
    FoundDirectory done;
    done.meta = log::MetaProperties{
        .version = 1, .node_id = 5, .cluster_id = "cluster", .directory_id = Uuid{9, 9}};
    EXPECT_FALSE(plan(controller(), standalone(), {done, {}}));
    FormatRequest request = standalone();
    request.ignores_formatted = true;
    const Result<FormatPlan> planned = plan(controller(), request, {done, {}});
    ASSERT_TRUE(planned);
    EXPECT_THAT(planned->directories, ElementsAre("/b"));
    EXPECT_FALSE(planned->has_lone_voter);
    EXPECT_THAT(plan(controller(), request, {done, done})->files, testing::IsEmpty());
    done.meta->node_id = 6;
    const Result<FormatPlan> other = plan(controller(), request, {done, {}});
    ASSERT_FALSE(other);
    EXPECT_THAT(other.error().detail, HasSubstr("/a is formatted for node 6, not 5"));
    done.meta->cluster_id = "another";
    EXPECT_THAT(plan(controller(), request, {done, {}}).error().detail,
                HasSubstr("/a is formatted for cluster another, not cluster"));
}

TEST(FormatPlan, RefusesToMakeAVoterForgetItsLog) {
    FoundDirectory lost;
    lost.has_metadata_log = true;
    const Result<FormatPlan> planned = plan(controller(), standalone(), {lost, {}});
    ASSERT_FALSE(planned);
    EXPECT_EQ(planned.error().code, ErrorCode::kafka_storage_error);
}

TEST(FormatPlan, HoldsOptionsAgainstTheNode) {
    const auto refused = [](const FormatNode& node, const FormatRequest& request) {
        const Result<FormatPlan> planned = plan(node, request);
        EXPECT_FALSE(planned);
        return planned ? std::string() : planned.error().detail;
    };
    FormatRequest request = standalone();
    request.voters = FirstVoters::unsaid;
    EXPECT_THAT(refused(controller(), request), HasSubstr("say --standalone"));
    FormatNode broker = controller();
    broker.is_controller = false;
    EXPECT_THAT(refused(broker, standalone()), HasSubstr("for a controller"));
    FormatNode fixed = controller();
    fixed.has_static_voters = true;
    EXPECT_THAT(refused(fixed, standalone()), HasSubstr("controller.quorum.voters is set"));
    request = standalone();
    request.levels.kraft_version = 0;
    EXPECT_THAT(refused(controller(), request), HasSubstr("kraft.version 1"));
    request = standalone();
    request.cluster_id.clear();
    EXPECT_THAT(refused(controller(), request), HasSubstr("--cluster-id"));
    request = standalone();
    request.voters = FirstVoters::unsaid;
    EXPECT_TRUE(plan(broker, request));
    EXPECT_TRUE(plan(fixed, request));
}

config::Settings settings(const std::string& text) {
    config::Loaded loaded = config::load(config::File{.name = "s.properties", .text = text}, {});
    for (const config::Problem& each : loaded.errors) ADD_FAILURE() << each.to_string();
    return std::move(*loaded.settings);
}

const std::string kController =
    "process.roles=broker,controller\nnode.id=5\ncontroller.listener.names=CONTROLLER\n"
    "controller.quorum.bootstrap.servers=h:1\n";

TEST(FormatNode, HasTheDirectoryOfTheMetadataLogFirst) {
    const Result<FormatNode> node =
        node_of(settings(kController + "listeners=PLAINTEXT://h:1,CONTROLLER://h:2\n" +
                         "log.dirs=/x/a/,/x/b/../c,/x/m\nmetadata.log.dir=/x/m\n"));
    ASSERT_TRUE(node) << node.error().detail;
    EXPECT_THAT(node->directories, ElementsAre("/x/m", "/x/a", "/x/c"));
    EXPECT_EQ(node->id, 5);
    EXPECT_TRUE(node->is_controller);
}

TEST(FormatNode, IsFoundAtItsAdvertisedAddressOrWhereItListens) {
    const struct {
        const char* text;
        const char* host;
        std::uint16_t port;
    } rows[] = {
        {"listeners=PLAINTEXT://h:1,CONTROLLER://c:2\n", "c", 2},
        {"listeners=PLAINTEXT://h:1,CONTROLLER://:2\n", "localhost", 2},
        {"listeners=PLAINTEXT://h:1,CONTROLLER://0.0.0.0:2\n", "localhost", 2},
        {"listeners=PLAINTEXT://h:1,CONTROLLER://c:2\n"
         "advertised.listeners=PLAINTEXT://h:1,CONTROLLER://far:3\n",
         "far", 3},
        {"listeners=PLAINTEXT://h:1,CONTROLLER://c:2\nadvertised.listeners=PLAINTEXT://far:3\n",
         "c", 2},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.text);
        const Result<FormatNode> node = node_of(settings(kController + row.text));
        ASSERT_TRUE(node) << node.error().detail;
        EXPECT_EQ(node->controller_endpoint->host, row.host);
        EXPECT_EQ(node->controller_endpoint->port, row.port);
        EXPECT_EQ(node->controller_endpoint->name, "CONTROLLER");
    }
    const Result<FormatNode> nowhere =
        node_of(settings(kController + "listeners=PLAINTEXT://h:1,CONTROLLER://c:0\n"));
    ASSERT_FALSE(nowhere);
    EXPECT_THAT(nowhere.error().detail, HasSubstr("port 0"));
}

TEST(FormatNode, IsNoneThatFormatsItself) {
    const Result<FormatNode> node = node_of(settings("log.dirs=/x\n"));
    ASSERT_FALSE(node);
    EXPECT_THAT(node.error().detail, HasSubstr("by itself"));
}

}  // namespace
}  // namespace moldau::cli
