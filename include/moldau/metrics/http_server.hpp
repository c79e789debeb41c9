// A small HTTP server for what watches a process: GET and HEAD, one request a connection, all of it
// bounded. It stands on the ports, so that a simulator may ask it, too.
#pragma once

#include "moldau/base/ports/transport.hpp"
#include "moldau/base/result.hpp"
#include "moldau/runtime/shard.hpp"
#include "moldau/runtime/task.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace moldau::metrics {

struct HttpReply {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
};

/// Answers a GET of `path`; `accept` is what the client would like to have. On the server's shard.
/// What it throws is answered with status 500.
using HttpHandler = std::function<runtime::Task<HttpReply>(std::string path, std::string accept)>;

class HttpServer {
public:
    struct Limits {
        std::size_t connections_max = 64;  // for one more, one that has asked nothing yet goes
        std::size_t head_bytes_max = 8192;
        Duration request_deadline = std::chrono::seconds(5);  // from the connection to the question
        Duration reply_deadline = std::chrono::seconds(10);   // until all of the answer is taken
    };

    HttpServer(runtime::Shard& shard, Transport& transport, Limits limits, HttpHandler handler);
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    ~HttpServer();

    /// Where it listens, with the port that the system chose. On the shard.
    /// Errors: network_exception with the reason
    Result<Endpoint> listen(const Endpoint& at);
    /// On return nothing of it runs. To be called before the end in any case.
    runtime::Task<> stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace moldau::metrics
