// docs/api-coverage.md is made from the API table beside the reference
// (tests/golden/reference/apis.tsv: what Apache Kafka 4.3.1 advertises). MOLDAU_REWRITE=1 writes
// the page anew.
#include "api_table.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace moldau::broker {
namespace {

constexpr const char* kPage = MOLDAU_SOURCE_DIR "/docs/api-coverage.md";
constexpr const char* kReference = MOLDAU_SOURCE_DIR "/tests/golden/reference/apis.tsv";

struct Reference {
    std::int16_t key = 0;
    std::string name, broker, controller;  // "0-13", or "-"
};

std::vector<Reference> reference() {
    std::vector<Reference> rows;
    std::ifstream file(kReference);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        std::vector<std::string> fields;
        std::istringstream split(line);
        for (std::string field; std::getline(split, field, '\t');) fields.push_back(field);
        rows.push_back({static_cast<std::int16_t>(std::stoi(fields.at(0))), fields.at(1),
                        fields.at(8), fields.at(9)});
    }
    return rows;
}

std::string served(std::int16_t key, ListenerKind kind) {
    const ApiRow* row = find_api(key, kind);
    return row == nullptr ? "-" : fmt::format("{}-{}", row->advertised_from(), row->max_version);
}

/// With default settings.
bool is_unadvertised(std::int16_t key) {
    const ApiRow* row = find_api(key, ListenerKind::broker);
    return row != nullptr && row->is_told != Told::always;
}

std::string page() {
    std::string rows;
    int complete = 0;
    int advertised = 0;
    for (const Reference& each : reference()) {
        std::string broker = served(each.key, ListenerKind::broker);
        if (each.broker != "-") ++advertised;
        if (each.broker != "-" && broker == each.broker) ++complete;
        if (is_unadvertised(each.key)) broker = fmt::format("({})", broker);
        rows += fmt::format("| {} | {} | {} | {} | {} | {} |\n", each.key, each.name, each.broker,
                            broker, each.controller, served(each.key, ListenerKind::controller));
    }
    return fmt::format(
        "# API coverage\n\n"
        "Made from `src/broker/api_table.cpp` by its test; not edited by hand. Beside each API "
        "stands what Apache Kafka 4.3.1\n"
        "advertises with default settings. What is not served is not advertised, and a request for "
        "it closes the connection, as\n"
        "Kafka does with what it does not know. Of the {} APIs on Kafka's broker listener, {} are "
        "answered at every version.\n\n"
        "Features: metadata.version (25 to 30), kraft.version (0 to 1), "
        "eligible.leader.replicas.version (0 to 1) are supported;\n"
        "a new node finalizes metadata.version 30 and eligible.leader.replicas.version 1.\n\n"
        "Served in part: FindCoordinator finds groups, and answers INVALID_REQUEST with a message "
        "for transactions and\n"
        "share groups; groups are those of the classic protocol; InitProducerId refuses "
        "transactional ids, and Produce\n"
        "transactional batches; Fetch refuses followers with NOT_LEADER_OR_FOLLOWER; of "
        "a broker's loggers there\n"
        "is one, root.\n\n"
        "In brackets: served always, and advertised where clients' metrics are received, here with "
        "`moldau.client.metrics`, in Kafka\nwith a plugin.\n\n"
        "| key | API | Kafka, brokers | Moldau | Kafka, controllers | Moldau |\n| --- | --- | --- "
        "| --- | --- | --- |\n{}",
        advertised, complete, rows);
}

TEST(ApiCoverage, ThePageSaysWhatTheTableServes) {
    if (std::getenv("MOLDAU_REWRITE") != nullptr) std::ofstream(kPage) << page();
    std::ifstream file(kPage);
    const std::string committed((std::istreambuf_iterator<char>(file)),
                                std::istreambuf_iterator<char>());
    EXPECT_EQ(committed, page()) << "run this test with MOLDAU_REWRITE=1";
}

TEST(ApiCoverage, NoVersionIsServedThatApacheKafkaDoesNotAdvertise) {
    for (const Reference& each : reference()) {
        SCOPED_TRACE(each.name);
        const std::string broker = served(each.key, ListenerKind::broker);
        EXPECT_TRUE(broker == "-" || broker == each.broker || is_unadvertised(each.key))
            << broker << " against " << each.broker;
    }
}

}  // namespace
}  // namespace moldau::broker
