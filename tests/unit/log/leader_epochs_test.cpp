#include "moldau/log/leader_epochs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::log {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr LeaderEpoch epoch(std::int32_t value) {
    return {value};
}
constexpr EpochStart start(std::int32_t value, std::int64_t offset) {
    return {{value}, {offset}};
}

LeaderEpochs three() {
    return LeaderEpochs({start(2, 0), start(4, 11), start(7, 50)});
}

TEST(LeaderEpochs, KeepsTheFirstOffsetOfEachEpoch) {
    LeaderEpochs epochs;
    epochs.assign(epoch(0), {0});
    epochs.assign(epoch(0), {10});
    epochs.assign(epoch(3), {20});
    EXPECT_THAT(epochs.starts(), ElementsAre(start(0, 0), start(3, 20)));
    EXPECT_TRUE(epochs.is_dirty());
    epochs.set_clean();
    epochs.assign(epoch(3), {30});
    EXPECT_FALSE(epochs.is_dirty());
}

TEST(LeaderEpochs, HasNoPlaceForABatchWithoutAnEpoch) {
    LeaderEpochs epochs;
    epochs.assign(epoch(-1), {0});
    EXPECT_THAT(epochs.starts(), IsEmpty());
}

TEST(LeaderEpochs, LaterEpochsAndLaterStartsGiveWayToWhatIsAppended) {
    LeaderEpochs epochs = three();
    epochs.assign(epoch(5), {11});
    EXPECT_THAT(epochs.starts(), ElementsAre(start(2, 0), start(5, 11)));
    epochs.assign(epoch(1), {60});
    EXPECT_THAT(epochs.starts(), ElementsAre(start(1, 60)));
}

TEST(LeaderEpochs, AreCutAtTheEndOfTheLog) {
    LeaderEpochs epochs = three();
    epochs.truncate_end({51});
    EXPECT_FALSE(epochs.is_dirty());
    epochs.truncate_end({50});
    EXPECT_THAT(epochs.starts(), ElementsAre(start(2, 0), start(4, 11)));
    EXPECT_TRUE(epochs.is_dirty());
}

TEST(LeaderEpochs, BeginWhereTheLogBegins) {
    LeaderEpochs epochs = three();
    epochs.truncate_start({0});
    EXPECT_FALSE(epochs.is_dirty());
    epochs.truncate_start({20});
    EXPECT_THAT(epochs.starts(), ElementsAre(start(4, 20), start(7, 50)));
    epochs.truncate_start({50});
    EXPECT_THAT(epochs.starts(), ElementsAre(start(7, 50)));
}

TEST(LeaderEpochs, TellWhereAnEpochEnded) {
    const LeaderEpochs epochs = three();
    struct Row {
        const char* name;
        std::int32_t asked;
        std::optional<EpochEnd> answer;
    };
    const Row rows[] = {
        {"the current one ends with the log", 7, EpochEnd{epoch(7), {90}}},
        {"one that is over ends where the next began", 4, EpochEnd{epoch(4), {50}}},
        {"one that wrote nothing here: the one before it", 6, EpochEnd{epoch(4), {50}}},
        {"one before all that is known", 1, EpochEnd{epoch(1), {0}}},
        {"one that we have not seen", 8, std::nullopt},
        {"none", -1, std::nullopt},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(epochs.end_of(epoch(row.asked), {90}), row.answer);
    }
    EXPECT_EQ(LeaderEpochs().end_of(epoch(0), {90}), std::nullopt);
}

TEST(LeaderEpochs, TellTheEpochOfAnOffset) {
    const LeaderEpochs epochs({start(2, 5), start(4, 11)});
    EXPECT_EQ(epochs.epoch_at({4}), std::nullopt);
    EXPECT_EQ(epochs.epoch_at({5}), epoch(2));
    EXPECT_EQ(epochs.epoch_at({10}), epoch(2));
    EXPECT_EQ(epochs.epoch_at({11}), epoch(4));
    EXPECT_EQ(epochs.latest(), epoch(4));
}

}  // namespace
}  // namespace moldau::log
