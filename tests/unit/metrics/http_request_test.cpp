#include "http_request.hpp"

#include <gtest/gtest.h>

#include <string>

namespace moldau::metrics {
namespace {

constexpr std::size_t kHeadBytesMax = 8192;

int status_of(std::string_view text) {
    HttpRequestReader reader(kHeadBytesMax);
    return reader.feed(as_bytes(text));
}

TEST(HttpRequestReader, ReadsARequestHoweverItIsCutIntoPieces) {
    const std::string text =
        "GET /metrics?debug=1 HTTP/1.1\r\nHost: a\r\nAccept: text/plain\r\n\r\n";
    for (std::size_t cut = 1; cut < text.size(); ++cut) {
        SCOPED_TRACE(cut);
        HttpRequestReader reader(kHeadBytesMax);
        ASSERT_EQ(reader.feed(as_bytes(std::string_view(text).substr(0, cut))), 0);
        ASSERT_EQ(reader.feed(as_bytes(std::string_view(text).substr(cut))), 200);
        EXPECT_EQ(reader.request().method, "GET");
        EXPECT_EQ(reader.request().path, "/metrics");
        EXPECT_EQ(reader.request().accept, "text/plain");
    }
    HttpRequestReader reader(kHeadBytesMax);
    int status = 0;
    for (const char each : text) status = reader.feed(as_bytes(std::string_view(&each, 1)));
    EXPECT_EQ(status, 200);
}

TEST(HttpRequestReader, SaysWhatIsWrong) {
    const struct {
        const char* name;
        std::string text;
        int status;
    } rows[] = {
        {"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 200},
        {"another method", "BREW /pot HTTP/1.1\r\n\r\n", 200},
        {"the start of one", "GET / HT", 0},
        {"a request of Kafka", std::string("\0\0\0\x14\0\x12\0\3\0\0\0\1", 12), 400},
        {"a TLS handshake", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400},
        {"no path", "GET HTTP/1.1\r\n\r\n", 400},
        {"bare line ends", "GET / HTTP/1.1\n\n", 505},
        {"a zero in a header", std::string("GET / HTTP/1.1\r\nA: \0b\r\n\r\n", 26), 400},
        {"a header without a name", "GET / HTTP/1.1\r\n: b\r\n\r\n", 400},
        {"HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"version 9.9", "GET / HTTP/9.9\r\n\r\n", 505},
        {"a body", "GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 413},
        {"a large body", "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413},
        {"chunks", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 413},
        {"two lengths", "GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
        {"a long path", "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n", 431},
        {"a path without end", "GET /" + std::string(20'000, 'a'), 431},
        {"a long header", "GET / HTTP/1.1\r\nA: " + std::string(20'000, 'b') + "\r\n\r\n", 431},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(status_of(row.text), row.status);
    }
}

TEST(HttpRequestReader, HasEnoughOfManySmallHeaders) {
    HttpRequestReader reader(kHeadBytesMax);
    int status = reader.feed(as_bytes("GET / HTTP/1.1\r\n"));
    for (int i = 0; i < 10'000 && status == 0; ++i) status = reader.feed(as_bytes("a: b\r\n"));
    EXPECT_EQ(status, 431);
}

}  // namespace
}  // namespace moldau::metrics
