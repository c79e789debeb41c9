#include "process_usage.hpp"

#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace moldau::load {
namespace {

std::optional<std::uint64_t> number_at(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    return number;
}

std::optional<std::uint64_t> status_value(std::string_view status, std::string_view key) {
    for (std::size_t from = 0; from < status.size();) {
        const std::size_t end = std::min(status.find('\n', from), status.size());
        const std::string_view line = status.substr(from, end - from);
        if (line.starts_with(key)) return number_at(line.substr(key.size()));
        from = end + 1;
    }
    return std::nullopt;
}

std::optional<std::string> text_of(const std::string& path) {
    std::ifstream file(path);
    if (!file) return std::nullopt;
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) return std::nullopt;
    return text;
}

std::optional<double> seconds_of(clockid_t clock) {
    timespec time{};
    if (::clock_gettime(clock, &time) != 0) return std::nullopt;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

Result<ProcessUsage> parse_memory(std::string_view status) {
    constexpr std::uint64_t kKiB = 1024;
    const auto rss = status_value(status, "VmRSS:");
    const auto peak = status_value(status, "VmHWM:");
    const auto threads = status_value(status, "Threads:");
    if (!rss || !peak || !threads)
        return Error{ErrorCode::invalid_request, "is no process with memory of its own"};
    return ProcessUsage{
        .rss_bytes = *rss * kKiB, .rss_peak_bytes = *peak * kKiB, .threads = threads};
}

Result<ProcessUsage> usage_of(std::int32_t pid) {
    const auto status = text_of(fmt::format("/proc/{}/status", pid));
    clockid_t clock{};
    std::optional<double> cpu_seconds;
    if (::clock_getcpuclockid(pid, &clock) == 0) cpu_seconds = seconds_of(clock);
    if (!status || !cpu_seconds)
        return Error{ErrorCode::invalid_request, fmt::format("there is no process {}", pid)};
    Result<ProcessUsage> usage = parse_memory(*status);
    if (!usage)
        return Error{usage.error().code, fmt::format("process {} {}", pid, usage.error().detail)};
    usage->cpu_seconds = *cpu_seconds;
    return usage;
}

double own_cpu_seconds() {
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID).value_or(0);
}

}  // namespace moldau::load
