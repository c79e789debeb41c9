#include "moldau/config/listener.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace moldau::config {
namespace {

TEST(Listener, IsReadAndWrittenInTheFormOfKafka) {
    struct {
        std::string text;
        std::string name, host;
        std::uint16_t port;
        std::string written;
    } const cases[] = {
        {"PLAINTEXT://127.0.0.1:9092", "PLAINTEXT", "127.0.0.1", 9092,
         "PLAINTEXT://127.0.0.1:9092"},
        {"PLAINTEXT://:0", "PLAINTEXT", "", 0, "PLAINTEXT://:0"},
        {"client://h_x.example:65535", "CLIENT", "h_x.example", 65535,
         "CLIENT://h_x.example:65535"},
        {"A://[::1]:1", "A", "::1", 1, "A://[::1]:1"},
        {"A://::1:1", "A", "::1", 1, "A://[::1]:1"},
        {"A://[fe80::1%eth0]:1", "A", "fe80::1%eth0", 1, "A://[fe80::1%eth0]:1"},
    };
    for (const auto& each : cases) {
        SCOPED_TRACE(each.text);
        const Result<Listener> listener = parse_listener(each.text);
        ASSERT_TRUE(listener) << listener.error().detail;
        EXPECT_EQ(listener->name, each.name);
        EXPECT_EQ(listener->host, each.host);
        EXPECT_EQ(listener->port, each.port);
        EXPECT_EQ(listener->to_string(), each.written);
    }
}

TEST(Listener, IsRefusedWithWhatIsWrong) {
    struct {
        std::string text, why;
    } const cases[] = {
        {"", "has no ://"},
        {"127.0.0.1:9092", "has no ://"},
        {"://h:1", "has no name"},
        {"A://h", "has no port"},
        {"A://[::1]", "has no port"},
        {"A://h:", "has a port that is no number from 0 to 65535"},
        {"A://h:65536", "has a port that is no number from 0 to 65535"},
        {"A://h:-1", "has a port that is no number from 0 to 65535"},
        {"A://h:9092/", "has a port that is no number from 0 to 65535"},
        {"A://[::1:1", "has a bracket without its twin"},
        {"A://a b:1", "has a host with characters that no host has"},
    };
    for (const auto& each : cases) {
        const Result<Listener> listener = parse_listener(each.text);
        ASSERT_FALSE(listener) << each.text;
        EXPECT_EQ(listener.error().detail,
                  "'" + each.text + "' " + each.why + "; allowed: NAME://host:port");
    }
}

TEST(Listener, KnowsWhenOnlyThisMachineReachesIt) {
    for (const std::string host : {"127.0.0.1", "127.1.2.3", "::1", "localhost", "LocalHost"})
        EXPECT_TRUE(is_loopback(Listener{.host = host})) << host;
    for (const std::string host :
         {"", "0.0.0.0", "::", "10.0.0.1", "127.example.org", "example.org"})
        EXPECT_FALSE(is_loopback(Listener{.host = host})) << host;
}

}  // namespace
}  // namespace moldau::config
