// Random histories of one node's metadata, through crashes and clean stops: what was committed is
// there again, and nothing else. The seed is printed; with MOLDAU_SEED it is given.
#include "lone_controller.hpp"

#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

namespace moldau::controller {
namespace {

constexpr int kHistories = 40;
constexpr int kSteps = 300;

class History {
public:
    explicit History(std::uint64_t seed) : random_(seed) {
        LoneController::format(disk_);
        start(-1);
    }

    void step() {
        switch (below(12)) {
            case 0:
            case 1:
            case 2:
                return create_topic();
            case 3:
                return delete_topic();
            case 4:
            case 5:
            case 6:
                return alter_config();
            case 7:
                return allocate_producer_ids_once();
            case 8:
                if (node_->is_snapshot_due()) node_->snapshot();
                return;
            case 9:
                return crash(below(2) == 0);
            case 10:
                return crash_within_a_transaction();
            default:
                return stop_cleanly();
        }
    }

    void check() const {
        EXPECT_EQ(node_->builder().contradictions().count, 0U)
            << node_->builder().contradictions().first;
        for (const auto& [id, topic] : node_->image().topics) {
            for (const auto& [number, partition] : topic.partitions) {
                EXPECT_EQ(partition.leader, BrokerId{1});
                EXPECT_EQ(partition.isr, std::vector<BrokerId>{BrokerId{1}});
                EXPECT_TRUE(partition.elr.empty());
            }
        }
        EXPECT_EQ(node_->image().topics.size(), node_->image().topic_ids.size());
    }
    std::size_t restarts() const { return restarts_; }
    std::size_t logs_cut() const { return disk_.log_start > Offset{0} ? 1 : 0; }

private:
    unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
    std::string name() { return "t" + std::to_string(below(12)); }

    void start(std::int64_t previous_epoch) {
        node_.emplace(disk_);
        if (committed_) {
            // R8: the image is what replay makes, on whichever start.
            ASSERT_EQ(node_->builder().image(), *committed_);
            ASSERT_EQ(metadata::hash_of(node_->builder().image()), metadata::hash_of(*committed_));
        }
        const LeaderEpoch before = epoch_;
        node_->boot(++restarts_, previous_epoch);
        epoch_ = node_->quorum().epoch();
        ASSERT_GT(epoch_, before);
        ASSERT_TRUE(is_active(node_->image(), BrokerId{1}));
        check();
    }

    void create_topic() {
        protocol::CreateTopicsRequest request;
        request.topics.resize(1);
        request.topics[0].name = name();
        request.topics[0].num_partitions = static_cast<std::int32_t>(1 + below(4));
        request.topics[0].replication_factor = 1;
        const TopicContext context{.configs = rules_, .random = [this] { return random_(); }};
        const auto decision = create_topics(node_->image(), context, request);
        const bool existed = node_->image().find_topic(request.topics[0].name) != nullptr;
        EXPECT_EQ(decision.reply.topics.at(0).error_code,
                  existed ? ErrorCode::topic_already_exists : ErrorCode::none);
        node_->commit(decision);
    }
    void delete_topic() {
        protocol::DeleteTopicsRequest request;
        request.topic_names = {name()};
        node_->commit(delete_topics(node_->image(), true, request));
    }
    void alter_config() {
        protocol::IncrementalAlterConfigsRequest request;
        request.resources.resize(1);
        request.resources[0].resource_type = 2;
        request.resources[0].resource_name = name();
        request.resources[0].configs.resize(1);
        request.resources[0].configs[0].name =
            below(4) == 0 ? "min.insync.replicas" : "retention.ms";
        request.resources[0].configs[0].config_operation = static_cast<std::int8_t>(below(2));
        request.resources[0].configs[0].value = std::to_string(1 + below(9));
        node_->commit(incremental_alter_configs(node_->image(), rules_, request));
    }
    void allocate_producer_ids_once() {
        protocol::AllocateProducerIdsRequest request;
        request.broker_id = 1;
        request.broker_epoch = node_->broker().epoch;
        const auto decision = allocate_producer_ids(node_->image(), request);
        node_->commit(decision);
        EXPECT_EQ(decision.reply.error_code, ErrorCode::none);
        EXPECT_TRUE(blocks_.insert(decision.reply.producer_id_start).second);
    }

    // Of a batch that was not flushed nothing is left, or the file of the vote is.
    void crash(bool forgets_quorum_state) {
        committed_ = node_->builder().image();
        protocol::ConfigRecord lost;
        lost.resource_type = 2;
        lost.name = "lost";
        lost.value = "lost";
        Records records;
        add(records, lost);
        node_->lose(records, true);
        if (forgets_quorum_state) disk_.quorum_state = std::nullopt;
        start(-1);
    }
    // The next leader takes back what was begun and not ended.
    void crash_within_a_transaction() {
        committed_ = node_->builder().image();
        Records records;
        add(records, protocol::BeginTransactionRecord());
        protocol::TopicRecord topic;
        topic.name = "of-a-transaction";
        topic.topic_id = {3, random_()};
        add(records, topic);
        node_->commit(records, true);
        EXPECT_EQ(node_->builder().image(), *committed_);
        start(-1);
        EXPECT_FALSE(node_->builder().is_in_transaction());
        EXPECT_EQ(node_->image().find_topic("of-a-transaction"), nullptr);
    }
    void stop_cleanly() {
        const std::int64_t epoch = node_->broker().epoch;
        std::map<Uuid, metadata::RecoveryState> before;
        for (const auto& [id, topic] : node_->image().topics)
            before[id] = topic.partitions.find(0)->recovery;
        for (int beats = 0; !node_->beat(true).should_shut_down; ++beats) ASSERT_LT(beats, 3);
        committed_ = node_->builder().image();
        start(epoch);
        for (const auto& [id, topic] : node_->image().topics)
            EXPECT_EQ(topic.partitions.find(0)->recovery, before.at(id));
    }

    std::mt19937_64 random_;
    MetadataDisk disk_;
    std::optional<LoneController> node_;
    std::optional<metadata::ClusterImage> committed_;
    LeaderEpoch epoch_{0};
    std::size_t restarts_ = 0;
    std::set<std::int64_t> blocks_;
    ConfigRules rules_{
        .check = [](const metadata::ConfigResource&, std::string_view,
                    std::string_view) -> Result<> { return {}; },
        .is_list = [](metadata::ResourceType, std::string_view) { return false; },
        .inherited = [](metadata::ResourceType, std::string_view) { return std::string(); }};
};

TEST(LoneController, HasWhatItCommittedAfterEveryCrashAndStop) {
    const char* const given = std::getenv("MOLDAU_SEED");
    const std::uint64_t seed = given == nullptr ? 20260101 : std::strtoull(given, nullptr, 10);
    std::cout << "MOLDAU_SEED=" << seed << '\n';
    std::size_t restarts = 0;
    std::size_t cut = 0;
    for (std::uint64_t history = 0; history < kHistories; ++history) {
        SCOPED_TRACE(seed + history);
        History run(seed + history);
        for (int step = 0; step < kSteps; ++step) {
            run.step();
            if (testing::Test::HasFailure()) return;
            run.check();
        }
        restarts += run.restarts();
        cut += run.logs_cut();
    }
    EXPECT_GT(restarts, 1000U);
    EXPECT_GT(cut, 20U);  // most of them went on from snapshots with the log's beginning gone
    std::cout << restarts << " starts\n";
}

}  // namespace
}  // namespace moldau::controller
