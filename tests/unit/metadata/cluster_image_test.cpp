#include "moldau/metadata/cluster_image.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::metadata {
namespace {

ClusterImage at_metadata_version(std::int16_t level) {
    ClusterImage image;
    image.features.set(std::string(kMetadataVersion), level);
    return image;
}

TEST(ClusterImage, OfAMetadataVersionThatWeDoNotKnowIsRefusedWithTheReason) {
    EXPECT_TRUE(check_metadata_version(at_metadata_version(25)));
    EXPECT_TRUE(check_metadata_version(at_metadata_version(30)));
    for (const std::int16_t level : {std::int16_t{24}, std::int16_t{31}}) {
        const Result<> checked = check_metadata_version(at_metadata_version(level));
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error().code, ErrorCode::unsupported_version);
        EXPECT_THAT(checked.error().detail, testing::HasSubstr(std::to_string(level)));
    }
    const Result<> none = check_metadata_version(ClusterImage());
    ASSERT_FALSE(none);
    EXPECT_THAT(none.error().detail, testing::HasSubstr("no metadata.version"));
}

TEST(QuotaEntity, GivesItsPartOfAType) {
    const QuotaEntity entity{.parts = {{"client-id", std::nullopt}, {"user", "u"}}};
    ASSERT_NE(entity.find("client-id"), nullptr);
    EXPECT_EQ(entity.find("client-id")->name, std::nullopt);
    ASSERT_NE(entity.find("user"), nullptr);
    EXPECT_EQ(entity.find("user")->name, "u");
    EXPECT_EQ(entity.find("ip"), nullptr);
}

TEST(BrokerRegistration, HasOnlineWhatItToldAndWhatNobodyHasPlaced) {
    const Uuid own{1, 1000}, others{1, 2000};
    BrokerRegistration broker;
    broker.directories = {own};
    EXPECT_TRUE(broker.has_online(own));
    EXPECT_FALSE(broker.has_online(others));
    EXPECT_TRUE(broker.has_online(kUnassignedDirectory));
    EXPECT_TRUE(broker.has_online(kMigratingDirectory));
    EXPECT_FALSE(broker.has_online(kLostDirectory));
    broker.directories.clear();
    EXPECT_TRUE(broker.has_online(others)) << "it registered before directories had ids";
    EXPECT_FALSE(broker.has_online(kLostDirectory));
}

TEST(ClusterImage, NamesTheFeaturesThatGoBeyondOurs) {
    ClusterImage image = at_metadata_version(30);
    image.features.set("group.version", 1);
    image.features.set("transaction.version", 2);
    EXPECT_THAT(features_beyond(image, {{std::string(kMetadataVersion), 25, 30},
                                        {"transaction.version", 0, 1}}),
                testing::ElementsAre("group.version=1", "transaction.version=2"));
    EXPECT_THAT(features_beyond(image, {{std::string(kMetadataVersion), 25, 30},
                                        {"group.version", 0, 1},
                                        {"transaction.version", 0, 2}}),
                testing::IsEmpty());
}

TEST(ClusterImage, HasNoConfigsOfWhatNobodyConfigured) {
    EXPECT_TRUE(ClusterImage().configs_of({ResourceType::topic, "t"}).empty());
    EXPECT_EQ(ClusterImage().find_topic("t"), nullptr);
    EXPECT_EQ(ClusterImage().find_partition(Uuid{1, 1}, 0), nullptr);
}

}  // namespace
}  // namespace moldau::metadata
