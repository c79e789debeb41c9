#include "metrics_page.hpp"

#include "moldau/runtime/wait.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

namespace moldau::load {

using runtime::Shard;
using runtime::Task;
using runtime::Waited;

namespace {

constexpr std::size_t kPageBytesMax = 64U << 20U;
constexpr std::size_t kPieceBytes = 64U << 10U;

/// The sum of all samples of that name, whatever their labels say.
std::optional<double> sum_of(std::string_view page, std::string_view name) {
    std::optional<double> sum;
    for (std::size_t from = 0; from < page.size();) {
        const std::size_t end = std::min(page.find('\n', from), page.size());
        const std::string_view line = page.substr(from, end - from);
        from = end + 1;
        if (!line.starts_with(name)) continue;
        std::string_view rest = line.substr(name.size());
        if (rest.starts_with('{')) {
            // No value of a label that counts here has a brace.
            const std::size_t brace = rest.find('}');
            if (brace == std::string_view::npos) continue;
            rest.remove_prefix(brace + 1);
        }
        if (!rest.starts_with(' ')) continue;  // a longer name
        rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
        double value = 0;
        const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
        if (error == std::errc{}) sum = sum.value_or(0) + value;
    }
    return sum;
}

std::optional<double> either(std::string_view page, std::string_view ours, std::string_view usual) {
    const std::optional<double> found = sum_of(page, ours);
    return found ? found : sum_of(page, usual);
}

std::optional<std::uint64_t> whole(std::optional<double> number) {
    constexpr double kMost = 1e18;
    if (!number || *number < 0 || *number > kMost) return std::nullopt;
    return static_cast<std::uint64_t>(*number);
}

Error no_page(const Endpoint& at, std::string_view what) {
    return {ErrorCode::invalid_request,
            fmt::format("http://{}:{}/metrics: {}", at.host, at.port, what)};
}

/// What the peer sends until it closes.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): usage_at() owns it
Task<Result<std::string>> read_all(Shard& shard, ByteStream& stream, Endpoint at,
                                   MonoTime deadline) {
    std::string text;
    std::string piece(kPieceBytes, '\0');
    for (;;) {
        const IoResult got =
            stream.read({reinterpret_cast<std::byte*>(piece.data()), piece.size()});
        if (got.status == IoStatus::end) co_return text;
        if (got.status == IoStatus::failed) co_return no_page(at, "the connection broke");
        if (got.status == IoStatus::ok) {
            text.append(piece, 0, got.bytes);
            if (text.size() > kPageBytesMax) co_return no_page(at, "it has no end");
            continue;
        }
        const Waited waited = co_await runtime::readable(shard, stream, deadline);
        if (waited == Waited::deadline_passed) co_return no_page(at, "no answer in time");
        if (waited == Waited::cancelled) co_return runtime::error_of(waited);
    }
}

}  // namespace

Result<ProcessUsage> usage_on_page(std::string_view page) {
    const auto cpu = either(page, "moldau_process_cpu_seconds_total", "process_cpu_seconds_total");
    const auto rss = whole(
        either(page, "moldau_process_resident_memory_bytes", "process_resident_memory_bytes"));
    if (!cpu || !rss)
        return Error{ErrorCode::invalid_request,
                     "the page tells neither CPU time nor memory of the process "
                     "(process_cpu_seconds_total, process_resident_memory_bytes)"};
    return ProcessUsage{.cpu_seconds = *cpu,
                        .rss_bytes = *rss,
                        .rss_peak_bytes = {},
                        .threads = whole(sum_of(page, "moldau_process_threads"))};
}

// The caller owns both.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters)
Task<Result<ProcessUsage>> usage_at(Shard& shard, Transport& transport, Endpoint at,
                                    MonoTime deadline) {
    auto connected = co_await runtime::connect(shard, transport, at, deadline);
    if (!connected) co_return no_page(at, connected.error().detail);
    const std::unique_ptr<ByteStream> stream = std::move(*connected);
    // 1.0: the answer is neither cut in chunks nor followed by another.
    const std::string request = fmt::format(
        "GET /metrics HTTP/1.0\r\nHost: {}:{}\r\nConnection: close\r\n\r\n", at.host, at.port);
    const std::array<BytesView, 1> pieces{as_bytes(request)};
    const IoResult sent = stream->write(pieces);  // less than any socket's buffer
    if (sent.status != IoStatus::ok || sent.bytes != request.size())
        co_return no_page(at, "the request could not be sent");
    const Result<std::string> answer = co_await read_all(shard, *stream, at, deadline);
    if (!answer) co_return answer.error();
    const std::size_t line = std::min(answer->find("\r\n"), answer->size());
    const std::size_t body = answer->find("\r\n\r\n");
    const std::string_view status = std::string_view(*answer).substr(0, line);
    if (!status.starts_with("HTTP/1.") || status.find(" 200") == std::string_view::npos ||
        body == std::string::npos)
        co_return no_page(at, fmt::format("the answer is '{}', not 200", status.substr(0, 80)));
    Result<ProcessUsage> usage = usage_on_page(std::string_view(*answer).substr(body + 4));
    if (!usage) co_return no_page(at, usage.error().detail);
    co_return usage;
}

}  // namespace moldau::load
