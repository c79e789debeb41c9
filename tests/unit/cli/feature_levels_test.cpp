#include "feature_levels.hpp"

#include <gmock/gmock.h>

namespace moldau::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(FeatureLevels, BeginAtTheNewestReleaseWithWhatIsCarriedOut) {
    const Result<StartLevels> levels = start_levels({}, {});
    ASSERT_TRUE(levels);
    EXPECT_THAT(levels->finalized, ElementsAre(Pair("eligible.leader.replicas.version", 1),
                                               Pair("metadata.version", 30)));
    EXPECT_FALSE(levels->kraft_version);
    EXPECT_THAT(levels->beyond_ours, testing::IsEmpty());
}

TEST(FeatureLevels, OfAReleaseAreTheNewestOfItsLineUnlessOneIsNamed) {
    const struct {
        const char* release;
        std::int16_t version;
        bool has_elr;
    } rows[] = {{"4.0", 25, false},    {"4.0-IV3", 25, false}, {"4.1", 27, true},
                {"4.1-IV0", 26, true}, {"4.1.1", 27, true},    {"4.2", 29, true},
                {"4.3.0", 30, true},   {"4.3-IV0", 30, true}};
    for (const auto& row : rows) {
        SCOPED_TRACE(row.release);
        const Result<StartLevels> levels = start_levels(row.release, {});
        ASSERT_TRUE(levels);
        EXPECT_EQ(levels->finalized.at("metadata.version"), row.version);
        EXPECT_EQ(levels->finalized.contains("eligible.leader.replicas.version"), row.has_elr);
    }
}

TEST(FeatureLevels, AreWhatIsAskedForAndNameWhatGoesBeyondUs) {
    const Result<StartLevels> levels = start_levels(
        {}, {"metadata.version=26", "eligible.leader.replicas.version=0", "group.version=1",
             "transaction.version=2", "share.version=0", "kraft.version=1"});
    ASSERT_TRUE(levels);
    EXPECT_THAT(levels->finalized,
                ElementsAre(Pair("group.version", 1), Pair("metadata.version", 26),
                            Pair("transaction.version", 2)));
    EXPECT_THAT(levels->beyond_ours, ElementsAre("group.version", "transaction.version"));
    EXPECT_EQ(levels->kraft_version, 1);
}

TEST(FeatureLevels, RefuseWhatThereIsNotAndSayWhatThereIs) {
    const struct {
        std::optional<std::string> release;
        std::vector<std::string> settings;
        const char* reason;
    } rows[] = {
        {"3.9", {}, "4.0-IV3, 4.1-IV0"},
        {"4.0-IV0", {}, "known are"},
        {"4", {}, "known are"},
        {"", {}, "known are"},
        {{}, {"metadata.version=24"}, "25 to 30"},
        {{}, {"metadata.version=31"}, "25 to 30"},
        {{}, {"kraft.version=2"}, "0 to 1"},
        {{}, {"transaction.version=3"}, "0 to 2"},
        {{}, {"group.version=-1"}, "is not NAME=LEVEL"},
        {{}, {"group.version"}, "is not NAME=LEVEL"},
        {{}, {"group.version="}, "is not NAME=LEVEL"},
        {{}, {"group.version=1x"}, "is not NAME=LEVEL"},
        {{}, {"group.version=99999"}, "is not NAME=LEVEL"},
        {{}, {"=1"}, "is not NAME=LEVEL"},
        {{}, {"no.such=1"}, "no such feature"},
        {{}, {"group.version=1", "group.version=0"}, "twice"},
        {"4.3", {"metadata.version=30"}, "say one"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.release.value_or("-") +
                     (row.settings.empty() ? "" : " " + row.settings.front()));
        const Result<StartLevels> levels = start_levels(row.release, row.settings);
        ASSERT_FALSE(levels);
        EXPECT_EQ(levels.error().code, ErrorCode::invalid_request);
        EXPECT_THAT(levels.error().detail, HasSubstr(row.reason));
    }
}

}  // namespace
}  // namespace moldau::cli
