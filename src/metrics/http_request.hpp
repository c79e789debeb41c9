// The head of one HTTP request, read from bytes as they come. Boost.Beast parses it, and is seen in
// this room's http_request.cpp alone. Sans-IO.
#pragma once

#include "moldau/base/bytes.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace moldau::metrics {

struct HttpRequest {
    std::string method;  // as sent: "GET", "HEAD" …
    std::string path;    // without what stands behind a '?'
    std::string accept;  // the first Accept header; empty where there is none
};

class HttpRequestReader {
public:
    explicit HttpRequestReader(std::size_t head_bytes_max);
    HttpRequestReader(const HttpRequestReader&) = delete;
    HttpRequestReader& operator=(const HttpRequestReader&) = delete;
    ~HttpRequestReader();

    /// Takes what has come. 0: more is to come · 200: request() is whole · else the status that
    /// answers what was sent: 400 no HTTP request, 413 with a body, 431 longer than the bound, 505
    /// another version of HTTP.
    int feed(BytesView bytes);
    const HttpRequest& request() const { return request_; }

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
    std::string unparsed_;
    std::size_t head_bytes_max_;
    HttpRequest request_;
};

}  // namespace moldau::metrics
