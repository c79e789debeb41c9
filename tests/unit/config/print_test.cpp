#include "moldau/config/print.hpp"

#include "fixture.hpp"

#include "moldau/config/keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace moldau::config {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kFile =
    "broker.rack=\"a\\\\b: #c\"\n"
    "log.dirs=/a b,/c\n"
    "authorizer.class.name=\n"
    "inter.broker.listener.name=null\n"
    "listeners=NULL://127.0.0.1:1\n"
    "listener.security.protocol.map=NULL:PLAINTEXT\n"
    "log.cleaner.min.cleanable.ratio=0.25\n"
    "ssl.key.password=hunter2\n"
    "listener.name.x.ssl.key.password=hunter3\n"
    "super.users=hunter4\n";

TEST(PrintConfig, IsAFileThatLoadsToTheSameSettings) {
    const Loaded first = load_text("a.properties", std::string(kFile));
    ASSERT_TRUE(first.settings) << texts(first.errors).at(0);
    const std::string page = print_config(*first.settings);
    const Loaded second = load_text("printed.yaml", page);
    ASSERT_TRUE(second.settings) << texts(second.errors).at(0) << page;
    for (const Settings::Entry& entry : first.settings->entries()) {
        SCOPED_TRACE(entry.setting->name);
        const Settings::Entry* other = second.settings->find(entry.setting->name);
        if (entry.setting->type == Type::password) continue;
        EXPECT_TRUE(other->value == entry.value);
        EXPECT_EQ(other->origin.is_explicit(), entry.origin.is_explicit());
    }
    EXPECT_EQ(second.settings->node().is_implicit, first.settings->node().is_implicit);
}

TEST(PrintConfig, NamesEverySettingWithItsOriginAndHidesSecrets) {
    const Loaded loaded = load_text("a.properties", std::string(kFile));
    ASSERT_TRUE(loaded.settings);
    const std::string page = print_config(*loaded.settings);
    for (const Setting& setting : table(Table::broker))
        EXPECT_THAT(page, HasSubstr(std::string(setting.name) + ": "));
    EXPECT_THAT(page, HasSubstr("\nlog.dirs: [\"/a b\", /c]  # a.properties:2\n"));
    EXPECT_THAT(page, HasSubstr("\nbroker.rack: \"\\\"a\\\\b: #c\\\"\"  # a.properties:1\n"));
    EXPECT_THAT(page, HasSubstr("\n# moldau.shards: 0  # default\n"));
    EXPECT_THAT(page, HasSubstr("\n# node.id: 1  # default of an implicit node\n"));
    EXPECT_THAT(page, HasSubstr("\nlog.cleaner.min.cleanable.ratio: 0.25  # a.properties:7, "
                                "without effect yet\n"));
    EXPECT_THAT(page, HasSubstr("\n# ssl.key.password: (hidden)  # a.properties:8, without effect "
                                "yet\n"));
    EXPECT_THAT(page, HasSubstr("\n# super.users: (hidden)  # a.properties:10"));
    EXPECT_THAT(page, Not(HasSubstr("hunter")));
}

TEST(CheckConfig, SaysWhatIsWrongAndWhatHasNoEffect) {
    const Report good = check_config(load_text("a.yaml", "background.threads: 3\nx.y: 1\n"));
    EXPECT_TRUE(good.is_good);
    EXPECT_EQ(good.text,
              "warning: a.yaml:2: x.y: is no setting that is known here\n"
              "warning: set, but without effect yet: background.threads\n"
              "the settings are good\n");
    const Report bad = check_config(load_text("a.yaml", "num.partitions: 0\nnode.id: a\n"));
    EXPECT_FALSE(bad.is_good);
    EXPECT_EQ(bad.text,
              "error: a.yaml:1: num.partitions: '0' is out of range; allowed: [1,...]\n"
              "error: a.yaml:2: node.id: 'a' is no int; allowed: [0,...]\n"
              "the settings cannot be used: errors=2\n");
}

TEST(SettingsPage, IsWhatIsCommitted) {
    if (std::getenv("MOLDAU_REWRITE") != nullptr)
        std::ofstream(std::string(MOLDAU_SOURCE_DIR) + "/docs/settings.md") << settings_page();
    EXPECT_TRUE(settings_page() == golden("docs/settings.md"))
        << "docs/settings.md is not what the table says: run this test with MOLDAU_REWRITE=1";
}

}  // namespace
}  // namespace moldau::config
