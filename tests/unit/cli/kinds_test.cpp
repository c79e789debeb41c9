// The second half of docs/cli.md is made from the table of kinds. MOLDAU_REWRITE=1 writes it anew.
#include "kinds.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace moldau::cli {
namespace {

constexpr const char* kPage = MOLDAU_SOURCE_DIR "/docs/cli.md";
constexpr std::string_view kFirstLine = "## Kinds\n";

std::string lines_of(std::span<const Field> fields, const std::string& before) {
    std::string text;
    for (const Field& field : fields) {
        const std::string path = fmt::format("{}{}", before, field.key);
        text += fmt::format("| `{}` | {} | {} |\n", path, to_text(field.type), field.meaning);
        text += lines_of(field.fields, path + "[].");
    }
    return text;
}

std::string made() {
    std::string text = fmt::format(
        "{}\nMade from `src/cli/kinds.cpp` by its test; not edited by hand.\n", kFirstLine);
    for (const Kind& kind : kinds())
        text += fmt::format(
            "\n### {}\n\nItems: {}.\n\n| field | type | what it is |\n| --- | --- | --- |\n{}",
            kind.name, kind.meaning, lines_of(kind.fields, ""));
    return text;
}

TEST(Kinds, ThePageSaysWhatTheTableHas) {
    std::ifstream file(kPage);
    const std::string page((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    const std::string written = page.substr(0, page.find(kFirstLine));
    if (std::getenv("MOLDAU_REWRITE") != nullptr) std::ofstream(kPage) << written << made();
    std::ifstream again(kPage);
    const std::string now((std::istreambuf_iterator<char>(again)),
                          std::istreambuf_iterator<char>());
    EXPECT_EQ(now, written + made()) << "run this test with MOLDAU_REWRITE=1";
}

void expect_each_once(std::span<const Field> fields) {
    std::set<std::string_view> keys;
    for (const Field& field : fields) {
        SCOPED_TRACE(field.key);
        EXPECT_TRUE(keys.insert(field.key).second);
        EXPECT_EQ(field.type == Type::rows, !field.fields.empty());
        EXPECT_FALSE(field.meaning.empty());
        expect_each_once(field.fields);
    }
}

TEST(Kinds, HaveEachFieldOnce) {
    std::set<std::string_view> names;
    for (const Kind& kind : kinds()) {
        SCOPED_TRACE(kind.name);
        EXPECT_TRUE(names.insert(kind.name).second);
        EXPECT_EQ(&kind_named(kind.name), &kind);
        expect_each_once(kind.fields);
    }
}

}  // namespace
}  // namespace moldau::cli
