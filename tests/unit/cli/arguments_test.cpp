#include "moldau/cli/arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace moldau::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A program with one command below another, and an option of each kind.
struct Program {
    Program() {
        line.version("tool 7");
        line.footer("that is all");
        host = "127.0.0.1";
        line.option("-b,--host", host, "where")
            .from_environment("ARGUMENTS_TEST_HOST")
            .type_name("HOST")
            .shows_default();
        line.requires_command();
        Command noun = line.command("thing", "things");
        noun.requires_command();
        Command command = noun.command("make", "make things");
        command.option("name", names, "whose").required();
        command.option("--count", count, "how many").within(1, 9);
        command.option("--share", share, "of all").within(0.5, 1.0);
        command.option("--most", most, "at most").default_text("no bound");
        command.option("--part", parts, "which; repeatable").repeats_name();
        command.words("--kind", [this](const std::string& word) { kind = word; }, "what",
                      {"red", "blue"});
        const Option loud = command.flag("--loud", is_loud, "say it");
        command.flag("--quiet", [this] { is_quiet = true; }, "do not").excludes(loud);
        command.when_chosen([this] { chosen = names; });
    }
    std::string misuse(const std::string& arguments) {
        const std::optional<Ended> ended = line.parse(arguments);
        return ended && ended->is_misuse ? ended->text : "(none)";
    }

    CommandLine line{"a tool for tests", "tool"};
    std::string host, kind;
    std::vector<std::string> names, chosen;
    std::int32_t count = 0;
    double share = 0;
    std::optional<std::uint64_t> most;
    std::vector<std::int32_t> parts;
    bool is_loud = false, is_quiet = false;
};

TEST(Arguments, FillWhatTheyWereGivenFor) {
    Program program;
    EXPECT_FALSE(
        program.line.parse("thing make a b --count 9 --share=0.5 --most 18446744073709551615"
                           " --part 1 --part 2 --kind blue --quiet --host there"));
    EXPECT_THAT(program.chosen, ElementsAre("a", "b"));
    EXPECT_EQ(program.count, 9);
    EXPECT_EQ(program.share, 0.5);
    EXPECT_EQ(program.most, 18446744073709551615ULL);
    EXPECT_THAT(program.parts, ElementsAre(1, 2));
    EXPECT_EQ(program.kind, "blue");
    EXPECT_TRUE(program.is_quiet);
    EXPECT_FALSE(program.is_loud);
    EXPECT_EQ(program.host, "there");
    EXPECT_TRUE(program.line.has_chosen("thing"));
}

TEST(Arguments, StayAsTheyWereWhenTheyAreNotThere) {
    Program program;
    EXPECT_FALSE(program.line.parse("thing make a"));
    EXPECT_EQ(program.host, "127.0.0.1");
    EXPECT_EQ(program.most, std::nullopt);
    EXPECT_THAT(program.parts, ElementsAre());
}

TEST(Arguments, OfTheEnvironmentAreWeakerThanThoseOfTheLine) {
    ::setenv("ARGUMENTS_TEST_HOST", "elsewhere", 1);
    Program from_environment;
    EXPECT_FALSE(from_environment.line.parse("thing make a"));
    Program from_line;
    EXPECT_FALSE(from_line.line.parse("-b here thing make a"));
    ::unsetenv("ARGUMENTS_TEST_HOST");
    EXPECT_EQ(from_environment.host, "elsewhere");
    EXPECT_EQ(from_line.host, "here");
}

TEST(Arguments, ThatAreWrongAreNamed) {
    EXPECT_EQ(Program().misuse("thing make"), "name is required");
    EXPECT_THAT(Program().misuse("thing"), HasSubstr("subcommand is required"));
    EXPECT_EQ(Program().misuse("think"), "'think' is not known here");
    EXPECT_EQ(Program().misuse("thing make --cuont"), "'--cuont' is not known here");
    EXPECT_THAT(Program().misuse("thing make a --cuont"), HasSubstr("--cuont"));
    EXPECT_EQ(Program().misuse("thing make a --count 10"), "--count: Value 10 not in range 1 to 9");
    EXPECT_THAT(Program().misuse("thing make a --share 0.4"), HasSubstr("--share"));
    EXPECT_EQ(Program().misuse("thing make a --kind green"), "--kind: green not in {red,blue}");
    EXPECT_EQ(Program().misuse("thing make a --loud --quiet"), "--loud excludes --quiet");
}

TEST(Arguments, AskForHelpOrTheVersion) {
    const std::optional<Ended> version = Program().line.parse("--version");
    ASSERT_TRUE(version);
    EXPECT_FALSE(version->is_misuse);
    EXPECT_EQ(version->text, "tool 7\n");
    const std::optional<Ended> help = Program().line.parse("--help");
    ASSERT_TRUE(help);
    EXPECT_FALSE(help->is_misuse);
    EXPECT_THAT(help->text, HasSubstr("-b,--host HOST=127.0.0.1"));
    EXPECT_THAT(help->text, HasSubstr("that is all"));
    const std::optional<Ended> deeper = Program().line.parse("thing make --help");
    ASSERT_TRUE(deeper);
    EXPECT_THAT(deeper->text, HasSubstr("--kind red|blue"));
    EXPECT_THAT(deeper->text, HasSubstr("--most UINT=no bound"));
}

TEST(Arguments, AreThereForCompletion) {
    Program program;
    ASSERT_EQ(program.line.commands().size(), 1U);
    EXPECT_EQ(program.line.commands().front().name(), "thing");
    const Command make = program.line.commands().front().commands().front();
    EXPECT_THAT(make.long_names(), ElementsAre("--help", "--count", "--share", "--most", "--part",
                                               "--kind", "--loud", "--quiet"));
}

}  // namespace
}  // namespace moldau::cli
