#include "moldau/controller/features.hpp"

#include "config_rules_fixture.hpp"

#include <gmock/gmock.h>

namespace moldau::controller {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int8_t kUpgrade = 1;
constexpr std::int8_t kSafe = 2;
constexpr std::int8_t kUnsafe = 3;

struct Wish {
    std::string feature;
    std::int16_t level = 0;
    std::int8_t type = kUpgrade;
};

class Features : public ClusterFixture {
protected:
    void SetUp() override {
        feature(metadata::kMetadataVersion, 27);
        auto broker = registration(1);
        auto& kraft = broker.features.emplace_back();
        kraft.name = "kraft.version";
        kraft.max_supported_version = 1;
        register_now(broker);
    }
    auto decide(const std::vector<Wish>& wishes, bool validate_only = false) {
        protocol::UpdateFeaturesRequest request;
        request.validate_only = validate_only;
        for (const Wish& wish : wishes) {
            auto& one = request.feature_updates.emplace_back();
            one.feature = wish.feature;
            one.max_version_level = wish.level;
            one.upgrade_type = wish.type;
        }
        return decide(request);
    }
    Decision<protocol::UpdateFeaturesResponse> decide(
        const protocol::UpdateFeaturesRequest& request) {
        auto [decision, upgrades] = update_features(image(),
                                                    {.supported = supported,
                                                     .kraft_version = kraft_version,
                                                     .defaults = {.min_insync_replicas = 2}},
                                                    request);
        upgrades_quorum = upgrades;
        for (std::int16_t v = 0; v <= 2; ++v) EXPECT_TRUE(decision.reply.encoded_size(v)) << v;
        append(decision.records);
        return decision;
    }
    ErrorCode update(std::string feature, std::int16_t level, std::int8_t type = kUpgrade) {
        const auto decision = decide({{std::move(feature), level, type}});
        EXPECT_EQ(decision.reply.error_message.has_value(),
                  decision.reply.error_code != ErrorCode::none);
        return decision.reply.error_code;
    }
    std::int16_t level(std::string_view name) const {
        return image().feature_level(name).value_or(0);
    }

    std::int16_t kraft_version = 1;
    bool upgrades_quorum = false;  // by the last update
    std::vector<metadata::FeatureRange> supported = {
        {.name = "metadata.version", .least = 25, .most = 30},
        {.name = "kraft.version", .least = 0, .most = 1},
        {.name = "eligible.leader.replicas.version", .least = 0, .most = 1}};
};

TEST_F(Features, AreUpgradedAndDowngradedAsAsked) {
    EXPECT_EQ(update("metadata.version", 30), ErrorCode::none);
    EXPECT_EQ(level("metadata.version"), 30);
    EXPECT_EQ(update("eligible.leader.replicas.version", 1), ErrorCode::none);
    EXPECT_EQ(level("eligible.leader.replicas.version"), 1);
    EXPECT_EQ(update("eligible.leader.replicas.version", 0), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("eligible.leader.replicas.version", 0, kSafe), ErrorCode::none);
    EXPECT_EQ(level("eligible.leader.replicas.version"), 0);
}

TEST_F(Features, ThatAreSoAlreadyMakeNoRecord) {
    for (const std::int8_t type : {kUpgrade, kSafe, kUnsafe}) {
        const auto same = decide({{"metadata.version", 27, type}, {"kraft.version", 1, type}});
        EXPECT_EQ(same.reply.error_code, ErrorCode::none);
        EXPECT_THAT(same.records, IsEmpty());
    }
}

TEST_F(Features, GoDownOnlyWhereNoMetadataIsLost) {
    EXPECT_EQ(update("metadata.version", 25, kSafe), ErrorCode::none);
    EXPECT_EQ(level("metadata.version"), 25);
    EXPECT_EQ(update("metadata.version", 30), ErrorCode::none);
    for (const std::int8_t type : {kUpgrade, kSafe, kUnsafe})
        EXPECT_EQ(update("metadata.version", 29, type), ErrorCode::invalid_update_version);
    EXPECT_EQ(level("metadata.version"), 30);
}

TEST_F(Features, BeyondThisServerOrANodeOfTheClusterAreRefused) {
    EXPECT_EQ(update("metadata.version", 31), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("metadata.version", 24, kSafe), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("metadata.version", -1, kSafe), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("group.version", 1), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("no.such.feature", 1), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("no.such.feature", 0), ErrorCode::invalid_update_version);
    auto old = registration(2);
    old.features[0].max_supported_version = 28;
    register_now(old);
    EXPECT_EQ(update("metadata.version", 29), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("metadata.version", 28), ErrorCode::none);
}

TEST_F(Features, OfKafkaThatWereFinalizedBeforeCanBeTakenBack) {
    feature("group.version", 1);
    EXPECT_EQ(update("group.version", 0), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("group.version", 0, kSafe), ErrorCode::none);
    EXPECT_EQ(level("group.version"), 0);
}

TEST_F(Features, OfTheQuorumGoUpAndNeverDown) {
    EXPECT_EQ(update("kraft.version", 0, kSafe), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("kraft.version", 0, kUpgrade), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("kraft.version", 1), ErrorCode::none);
    EXPECT_FALSE(upgrades_quorum) << "it is there already";
    kraft_version = 0;
    EXPECT_EQ(update("kraft.version", 2), ErrorCode::invalid_update_version);
    EXPECT_EQ(update("kraft.version", 1), ErrorCode::none);
    EXPECT_TRUE(upgrades_quorum);
    const auto dry = decide({{"kraft.version", 1}}, true);
    EXPECT_EQ(dry.reply.error_code, ErrorCode::none);
    EXPECT_FALSE(upgrades_quorum);
    EXPECT_EQ(decide({{"kraft.version", 1}, {"no.such.feature", 1}}).reply.error_code,
              ErrorCode::invalid_update_version);
    EXPECT_FALSE(upgrades_quorum);
}

TEST_F(Features, AreChangedTogetherOrNotAtAll) {
    const auto decision = decide({{"metadata.version", 30}, {"no.such.feature", 1}});
    EXPECT_EQ(decision.reply.error_code, ErrorCode::invalid_update_version);
    EXPECT_THAT(*decision.reply.error_message, HasSubstr("no.such.feature"));
    EXPECT_THAT(decision.reply.results, IsEmpty());
    EXPECT_THAT(decision.records, IsEmpty());
    EXPECT_EQ(level("metadata.version"), 27);
}

TEST_F(Features, AreOnlyJudgedWhenTheRequestSaysSo) {
    const auto good = decide({{"metadata.version", 30}}, true);
    EXPECT_EQ(good.reply.error_code, ErrorCode::none);
    EXPECT_THAT(good.reply.results, SizeIs(1));
    EXPECT_THAT(good.records, IsEmpty());
    EXPECT_EQ(decide({{"metadata.version", 31}}, true).reply.error_code,
              ErrorCode::invalid_update_version);
}

TEST_F(Features, OfAnUnknownKindOfUpdateAreRefused) {
    for (const std::int8_t type : {std::int8_t{0}, std::int8_t{4}, std::int8_t{-1}})
        EXPECT_EQ(update("metadata.version", 30, type), ErrorCode::invalid_update_version);
}

TEST_F(Features, OfVersionZeroAreDowngradedWhereTheRequestAllowsIt) {
    protocol::UpdateFeaturesRequest request;
    auto& one = request.feature_updates.emplace_back();
    one.feature = "metadata.version";
    one.max_version_level = 26;
    one.allow_downgrade = true;
    EXPECT_EQ(decide(request).reply.error_code, ErrorCode::none);
    EXPECT_EQ(level("metadata.version"), 26);
}

TEST_F(Features, WithElrGiveTheClusterOneMinInsyncReplicas) {
    config(metadata::ResourceType::broker, "1", "min.insync.replicas", "3");
    EXPECT_EQ(update("eligible.leader.replicas.version", 1), ErrorCode::none);
    using metadata::ResourceType;
    const auto* cluster = image().configs_of({ResourceType::broker, ""}).find(kMinInsyncReplicas);
    ASSERT_NE(cluster, nullptr);
    EXPECT_EQ(*cluster, "2");
    EXPECT_FALSE(image().configs_of({ResourceType::broker, "1"}).contains(kMinInsyncReplicas));
    EXPECT_THAT(decide({{"eligible.leader.replicas.version", 1}}).records, IsEmpty());
}

}  // namespace
}  // namespace moldau::controller
