#include "json_line.hpp"

#include "moldau/metrics/log_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iterator>
#include <optional>
#include <set>
#include <type_traits>
#include <utility>

namespace moldau::metrics {
namespace {

bool is_key_character(char each) {
    return std::isalnum(static_cast<unsigned char>(each)) != 0 || each == '_' || each == '.' ||
           each == '-';
}

/// Whether JSON can say it as it is.
bool is_number_or_truth(fmt::format_args args, int index) {
    return fmt::visit_format_arg(
        [](auto value) {
            using T = decltype(value);
            return std::is_same_v<T, bool> || (std::is_integral_v<T> && !std::is_same_v<T, char>);
        },
        args.get(index));
}

/// Follows a format string: words before the first key, and between a value and the next key, are
/// the message's.
class Splitter {
public:
    explicit Splitter(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    void literal(char each) {
        if (in_value_) {
            if (each == ' ') return end_value();
            value_ += each;
            is_plain_ = false;
        } else if (each == '=' && !word_.empty() && !word_has_value_ &&
                   std::ranges::all_of(word_, is_key_character)) {
            in_value_ = true;
            is_plain_ = true;
            key_ = std::exchange(word_, {});
        } else if (each == ' ') {
            end_word();
        } else {
            word_ += each;
        }
    }
    void value(std::string_view text, bool is_plain) {
        if (!in_value_) {
            word_ += text;
            word_has_value_ = true;
            return;
        }
        is_plain_ = is_plain_ && is_plain && value_.empty();
        value_ += text;
    }
    JsonLine end() && {
        if (in_value_) end_value();
        end_word();
        return std::move(line_);
    }

private:
    void end_value() {
        std::string_view value = value_;
        if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'')
            value = value.substr(1, value.size() - 2);
        line_.fields.push_back(
            {std::move(key_), is_plain_ ? value_ : json_string(value, bytes_max_)});
        key_.clear();
        value_.clear();
        in_value_ = false;
    }
    void end_word() {
        if (!word_.empty()) {
            if (!line_.message.empty()) line_.message += ' ';
            line_.message += word_;
        }
        word_.clear();
        word_has_value_ = false;
    }

    std::size_t bytes_max_;
    JsonLine line_;
    std::string word_;
    bool word_has_value_ = false;
    std::string key_, value_;
    bool in_value_ = false;
    bool is_plain_ = false;
};

/// What stands between the braces of one replacement field.
struct Place {
    int index = 0;
    std::string_view spec;  // with its ':'; empty where there is none
};

std::optional<Place> parse_place(std::string_view text, int& next) {
    Place place;
    const std::size_t colon = std::min(text.find(':'), text.size());
    place.spec = text.substr(colon);
    if (colon == 0) {
        place.index = next++;
        return place;
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + colon, place.index);
    if (error != std::errc{} || end != text.data() + colon) return std::nullopt;
    return place;
}

/// Nothing: it is written in a way that is not followed here (a width that is an argument itself).
std::optional<JsonLine> split(std::string_view format, fmt::format_args args,
                              std::size_t bytes_max) {
    Splitter splitter(bytes_max);
    int next = 0;
    for (std::size_t at = 0; at < format.size(); ++at) {
        const char each = format[at];
        const bool is_doubled = at + 1 < format.size() && format[at + 1] == each;
        if ((each != '{' && each != '}') || is_doubled) {
            splitter.literal(each);
            if (each == '{' || each == '}') ++at;
            continue;
        }
        const std::size_t end = format.find_first_of("{}", at + 1);
        if (end == std::string_view::npos || format[end] != '}') return std::nullopt;
        const auto place = parse_place(format.substr(at + 1, end - at - 1), next);
        if (!place) return std::nullopt;
        const std::string one = fmt::format("{{{}{}}}", place->index, place->spec);
        splitter.value(fmt::vformat(one, args),
                       place->spec.empty() && is_number_or_truth(args, place->index));
        at = end;
    }
    return std::move(splitter).end();
}

}  // namespace

JsonLine json_line(fmt::string_view format, fmt::format_args args, std::size_t bytes_max) {
    const std::string_view text(format.data(), format.size());
    if (auto line = split(text, args, bytes_max)) return std::move(*line);
    return {.message = fmt::vformat(format, args), .fields = {}};
}

std::string json_object(std::string_view time, std::string_view level, std::string_view thread,
                        const JsonLine& line, std::size_t bytes_max) {
    std::string json =
        fmt::format(R"({{"ts":"{}","level":"{}","thread":{},"message":{})", time, level,
                    json_string(thread, bytes_max), json_string(line.message, bytes_max));
    std::set<std::string> taken{"ts", "level", "thread", "message"};
    const auto add = [&](std::string key, std::string_view value) {
        while (!taken.insert(key).second) key += '_';
        fmt::format_to(std::back_inserter(json), ",\"{}\":{}", key, value);
    };
    for (const JsonField& each : line.fields) add(each.key, each.json);
    constexpr std::string_view kShard = "shard-";
    const std::string_view number =
        thread.starts_with(kShard) ? thread.substr(kShard.size()) : std::string_view();
    const bool is_number = !number.empty() && std::ranges::all_of(number, [](char each) {
        return each >= '0' && each <= '9';
    });
    if (is_number && !taken.contains("shard")) add("shard", number);
    json += '}';
    return json;
}

}  // namespace moldau::metrics
