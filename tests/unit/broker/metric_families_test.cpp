#include "metric_families.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace moldau::broker {
namespace {

std::string_view word(metrics::Kind kind) {
    constexpr std::string_view kWords[] = {"counter", "gauge", "histogram"};
    return kWords[static_cast<std::size_t>(kind)];
}

TEST(MetricFamilies, AreNamedAsPrometheusWantsThemAndOnce) {
    std::set<std::string_view> names;
    for (const metrics::Family* each : families::kAll) {
        SCOPED_TRACE(each->name);
        EXPECT_TRUE(names.insert(each->name).second);
        EXPECT_TRUE(each->name.starts_with("moldau_"));
        EXPECT_EQ(each->name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"),
                  std::string_view::npos);
        EXPECT_EQ(each->name.ends_with("_total"), each->kind == metrics::Kind::counter);
        EXPECT_EQ(each->name.ends_with("_seconds"),
                  each->kind == metrics::Kind::histogram || each->name.ends_with("_seconds"));
        EXPECT_TRUE(each->help.ends_with('.'));
        EXPECT_EQ(each->help.find_first_of("\\\n|"), std::string_view::npos);
    }
}

TEST(MetricFamilies, AreAllInThePageOfTheDocumentationAndNoOthers) {
    std::ifstream file(std::string(MOLDAU_SOURCE_DIR) + "/docs/metrics.md");
    std::ostringstream page;
    page << file.rdbuf();
    std::size_t rows = 0;
    std::istringstream lines(page.str());
    for (std::string line; std::getline(lines, line) && !line.starts_with("## ");)
        rows += line.starts_with("| `") ? 1U : 0U;
    EXPECT_EQ(rows, families::kAll.size());
    for (const metrics::Family* each : families::kAll) {
        const std::string row = fmt::format("\n| `{}` | {} | {} | {} |\n", each->name,
                                            word(each->kind), each->labels, each->help);
        EXPECT_NE(page.str().find(row), std::string::npos) << row;
    }
}

}  // namespace
}  // namespace moldau::broker
