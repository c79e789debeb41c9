#include "cordon.hpp"

#include "config_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::broker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Cordoned : testing::Test, ConfigFixture {
    std::vector<bool> directories(std::size_t count = 3) {
        return cordon_of(BrokerLayers(image, settings), count).directories;
    }
};

TEST_F(Cordoned, DirectoriesAreThoseThatTheFileNames) {
    settings = settings_of("log.dirs=/a,/b,/c\n");
    EXPECT_THAT(directories(), ElementsAre(false, false, false));
    settings = settings_of("log.dirs=/a,/b,/c\ncordoned.log.dirs=/c,/a\n");
    EXPECT_THAT(directories(), ElementsAre(true, false, true));
    settings = settings_of("log.dirs=/a,/b,/c\ncordoned.log.dirs=*\n");
    EXPECT_THAT(directories(), ElementsAre(true, true, true));
}

TEST_F(Cordoned, DirectoriesAreThoseOfTheChangeOverTheFiles) {
    settings = settings_of("log.dirs=/a,/b,/c\ncordoned.log.dirs=/a\n");
    this_broker("cordoned.log.dirs", "/b");
    EXPECT_THAT(directories(), ElementsAre(false, true, false));
    this_broker("cordoned.log.dirs", "*");
    EXPECT_THAT(directories(), ElementsAre(true, true, true));
    this_broker("cordoned.log.dirs", "");
    EXPECT_THAT(directories(), ElementsAre(false, false, false));
}

TEST_F(Cordoned, DirectoriesThatAreGoneByNowAreNamed) {
    settings = settings_of("log.dirs=/a,/b,/c\n");
    this_broker("cordoned.log.dirs", "/gone,/c");
    const Cordon cordon = cordon_of(BrokerLayers(image, settings), 3);
    EXPECT_THAT(cordon.directories, ElementsAre(false, false, true));
    EXPECT_THAT(cordon.strangers, ElementsAre("/gone"));
    this_broker("cordoned.log.dirs", "*");
    EXPECT_THAT(cordon_of(BrokerLayers(image, settings), 3).strangers, IsEmpty());
}

TEST_F(Cordoned, TheMetadataLogsOwnDirectoryGoesWithAllOthers) {
    settings = settings_of("log.dirs=/a,/b\nmetadata.log.dir=/m\n");
    this_broker("cordoned.log.dirs", "/a");
    EXPECT_THAT(directories(), ElementsAre(true, false, false));
    this_broker("cordoned.log.dirs", "/a,/b");
    EXPECT_THAT(directories(), ElementsAre(true, true, true));
}

}  // namespace
}  // namespace moldau::broker
