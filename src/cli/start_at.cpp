#include "start_at.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <limits>
#include <optional>

namespace moldau::cli {
namespace {

template <class T>
std::optional<T> number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

/// Takes pieces of fixed form off a text.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool take(char letter) {
        if (!rest_.starts_with(letter)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    /// Exactly `count` digits, at most `most`.
    std::optional<unsigned> digits(std::size_t count, unsigned most) {
        if (rest_.size() < count) return std::nullopt;
        const auto value = number<unsigned>(rest_.substr(0, count));
        if (!value || *value > most) return std::nullopt;
        rest_.remove_prefix(count);
        return value;
    }
    bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

/// Hours, minutes, seconds and milliseconds behind the 'T'.
std::optional<std::chrono::milliseconds> time_of_day(Scanner& from) {
    const auto hours = from.digits(2, 23);
    if (!hours || !from.take(':')) return std::nullopt;
    const auto minutes = from.digits(2, 59);
    if (!minutes) return std::nullopt;
    std::chrono::milliseconds time = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
    if (!from.take(':')) return time;
    const auto seconds = from.digits(2, 59);
    if (!seconds) return std::nullopt;
    time += std::chrono::seconds(*seconds);
    if (!from.take('.')) return time;
    const auto fraction = from.digits(3, 999);
    if (!fraction) return std::nullopt;
    return time + std::chrono::milliseconds(*fraction);
}

std::optional<std::int64_t> calendar_time(std::string_view text) {
    Scanner from(text);
    const auto year = from.digits(4, 9999);
    if (!year || !from.take('-')) return std::nullopt;
    const auto month = from.digits(2, 12);
    if (!month || !from.take('-')) return std::nullopt;
    const auto day = from.digits(2, 31);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(*month), std::chrono::day(*day)};
    if (!date.ok()) return std::nullopt;
    std::chrono::milliseconds since_1970 = std::chrono::sys_days(date).time_since_epoch();
    if (from.take('T')) {
        const auto time = time_of_day(from);
        if (!time) return std::nullopt;
        since_1970 += *time;
        from.take('Z');
    }
    if (!from.at_end()) return std::nullopt;
    return since_1970.count();
}

}  // namespace

Result<StartAt> parse_start(std::string_view text) {
    using Kind = StartAt::Kind;
    if (text == "beginning") return StartAt{.kind = Kind::beginning, .number = 0};
    if (text == "end") return StartAt{.kind = Kind::end, .number = 0};
    if (text.starts_with('@')) {
        const auto ms = number<std::int64_t>(text.substr(1));
        if (ms && *ms >= 0) return StartAt{.kind = Kind::time, .number = *ms};
    } else if (const auto offset = number<std::int64_t>(text)) {
        if (*offset >= 0) return StartAt{.kind = Kind::offset, .number = *offset};
        if (*offset != std::numeric_limits<std::int64_t>::min())
            return StartAt{.kind = Kind::last, .number = -*offset};
    } else if (const auto ms = calendar_time(text)) {
        return StartAt{.kind = Kind::time, .number = *ms};
    }
    return Error{ErrorCode::invalid_request,
                 fmt::format("--from '{}' is none of: beginning, end, an offset (42), the last of "
                             "each partition (-10), a time in UTC (2026-11-22T18:30:05Z, or "
                             "@MILLISECONDS)",
                             text)};
}

}  // namespace moldau::cli
