#include "moldau/metrics/http_server.hpp"

#include "http_request.hpp"

#include "moldau/runtime/list.hpp"
#include "moldau/runtime/task_group.hpp"
#include "moldau/runtime/wait.hpp"

#include <fmt/format.h>

#include <array>
#include <exception>
#include <string_view>
#include <utility>

namespace moldau::metrics {
namespace {

constexpr Duration kAcceptPause = std::chrono::milliseconds(100);
// Closing while bytes come makes the peer lose the answer: for this long and so many they are read.
constexpr Duration kLinger = std::chrono::seconds(1);
constexpr std::size_t kLingerBytes = std::size_t{64} << 10U;

std::string_view reason_of(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 400:
            return "Bad Request";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 413:
            return "Content Too Large";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Unknown";
    }
}

HttpReply refusal(int status) {
    return {.status = status, .body = fmt::format("{} {}\n", status, reason_of(status))};
}

std::string written(const HttpReply& reply, bool with_body) {
    std::string text = fmt::format(
        "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n",
        reply.status, reason_of(reply.status), reply.content_type, reply.body.size());
    if (reply.status == 405) text += "Allow: GET, HEAD\r\n";
    text += "\r\n";
    if (with_body) text += reply.body;
    return text;
}

}  // namespace

struct HttpServer::State {
    /// One connection; in `asking` until its question is whole.
    struct Client : runtime::ListLink {
        explicit Client(State& of) : state(of) { ++state.connections; }
        Client(const Client&) = delete;
        Client& operator=(const Client&) = delete;
        ~Client() {
            --state.connections;
            state.ended.set();
        }
        State& state;
        std::unique_ptr<ByteStream> stream;
    };

    State(runtime::Shard& on, Transport& by, Limits given, HttpHandler answers)
        : shard(on),
          transport(by),
          limits(given),
          handler(std::move(answers)),
          ended(on),
          accepting(on),
          clients(on) {}

    runtime::Task<> accept();
    void make_room();
    runtime::Task<> serve(std::unique_ptr<Client> client);
    runtime::Task<HttpReply> answer(Client& client, bool& with_body);
    runtime::Task<int> read_request(Client& client, HttpRequestReader& reader) const;
    runtime::Task<> send(ByteStream& stream, std::string text) const;
    runtime::Task<> linger(ByteStream& stream) const;

    runtime::Shard& shard;
    Transport& transport;
    const Limits limits;
    const HttpHandler handler;
    std::unique_ptr<Acceptor> acceptor;
    std::size_t connections = 0;
    runtime::ListLink asking;  // the oldest first
    runtime::Signal ended;     // a connection has
    runtime::TaskGroup accepting;
    runtime::TaskGroup clients;
};

HttpServer::HttpServer(runtime::Shard& shard, Transport& transport, Limits limits,
                       HttpHandler handler)
    : state_(std::make_unique<State>(shard, transport, limits, std::move(handler))) {}

HttpServer::~HttpServer() = default;

Result<Endpoint> HttpServer::listen(const Endpoint& at) {
    auto acceptor = state_->transport.listen(at);
    if (!acceptor) return acceptor.error();
    state_->acceptor = std::move(*acceptor);
    state_->accepting.spawn("accept http", state_->accept());
    return state_->acceptor->local();
}

runtime::Task<> HttpServer::stop() {
    state_->accepting.cancel();
    co_await state_->accepting.join();
    state_->acceptor.reset();
    state_->clients.cancel();
    co_await state_->clients.join();
}

runtime::Task<> HttpServer::State::accept() {
    while (true) {
        if (connections > limits.connections_max) {
            make_room();
            if (co_await ended.wait() == runtime::Waited::cancelled) co_return;
            continue;
        }
        auto pending = acceptor->accept();
        if (pending && *pending != nullptr) {
            auto client = std::make_unique<Client>(*this);
            client->stream = transport.adopt(std::move(*pending));
            client->join(asking);
            clients.spawn("http", serve(std::move(client)));
            continue;
        }
        if (!pending) {
            shard.log().warn("cannot accept connections listener=HTTP reason={}",
                             pending.error().detail);
            if (co_await runtime::sleep_until(shard, shard.now() + kAcceptPause) ==
                runtime::Waited::cancelled)
                co_return;
            continue;
        }
        if (co_await runtime::acceptable(shard, *acceptor) == runtime::Waited::cancelled) co_return;
    }
}

/// One too many has come. Who has a question asks it at once: of the others the one that has been
/// silent for longest goes.
void HttpServer::State::make_room() {
    if (asking.next() == asking.previous()) return;  // none, or the one that has come
    auto& oldest = static_cast<Client&>(*asking.next());
    oldest.leave();
    oldest.stream->close();  // wakes its task
}

runtime::Task<> HttpServer::State::serve(std::unique_ptr<Client> client) {
    bool with_body = true;
    const HttpReply reply = co_await answer(*client, with_body);
    if (reply.status == 0) co_return;
    co_await send(*client->stream, written(reply, with_body));
    client->stream->finish_sending();
    co_await linger(*client->stream);
}

// What these work on belongs to serve(), which awaits them.
// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters)
/// Status 0: there is nobody to answer.
runtime::Task<HttpReply> HttpServer::State::answer(Client& client, bool& with_body) {
    HttpRequestReader reader(limits.head_bytes_max);
    const int status = co_await read_request(client, reader);
    client.leave();
    if (status != 200) {
        if (status == 0) co_return HttpReply{.status = 0};
        co_return refusal(status);
    }
    const HttpRequest& request = reader.request();
    with_body = request.method != "HEAD";
    if (request.method != "GET" && request.method != "HEAD") co_return refusal(405);
    try {
        HttpReply reply = co_await handler(request.path, request.accept);
        co_return reply;
    } catch (const std::exception& error) {
        shard.log().error("a question by http ended by an exception what={}", error.what());
    }
    co_return refusal(500);
}

runtime::Task<int> HttpServer::State::read_request(Client& client,
                                                   HttpRequestReader& reader) const {
    const MonoTime deadline = shard.now() + limits.request_deadline;
    std::array<std::byte, 4096> bytes;
    while (true) {
        const IoResult got = client.stream->read(bytes);
        if (got.status == IoStatus::failed || got.status == IoStatus::end) co_return 0;
        if (got.status == IoStatus::ok) {
            const int status = reader.feed(BytesView(bytes.data(), got.bytes));
            if (status != 0) co_return status;
            if (shard.now() >= deadline) co_return 408;
            continue;
        }
        const runtime::Waited waited = co_await runtime::readable(shard, *client.stream, deadline);
        if (waited == runtime::Waited::cancelled) co_return 0;
        if (waited == runtime::Waited::deadline_passed) co_return 408;
    }
}

runtime::Task<> HttpServer::State::send(ByteStream& stream, std::string text) const {
    const MonoTime deadline = shard.now() + limits.reply_deadline;
    BytesView rest = as_bytes(text);
    while (!rest.empty()) {
        const BytesView piece = rest;
        const IoResult put = stream.write({&piece, 1});
        if (put.status == IoStatus::ok) {
            rest = rest.subspan(put.bytes);
            continue;
        }
        if (put.status != IoStatus::would_block) co_return;
        if (co_await runtime::writable(shard, stream, deadline) != runtime::Waited::ready)
            co_return stream.close();
    }
}

runtime::Task<> HttpServer::State::linger(ByteStream& stream) const {
    const MonoTime deadline = shard.now() + kLinger;
    std::array<std::byte, 4096> bytes;
    for (std::size_t read = 0; read < kLingerBytes && shard.now() < deadline;) {
        const IoResult got = stream.read(bytes);
        if (got.status == IoStatus::failed || got.status == IoStatus::end) co_return;
        if (got.status == IoStatus::ok) {
            read += got.bytes;
            continue;
        }
        if (co_await runtime::readable(shard, stream, deadline) != runtime::Waited::ready)
            co_return;
    }
}

// NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)

}  // namespace moldau::metrics
