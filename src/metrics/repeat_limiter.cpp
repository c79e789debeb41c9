#include "repeat_limiter.hpp"

#include <algorithm>

namespace moldau::metrics {

namespace {
constexpr std::size_t kSentenceBytesMax = 128;
}

std::string_view sentence_of(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos) {
        const std::size_t space = line.substr(0, equals).rfind(' ');
        line = line.substr(0, space == std::string_view::npos ? 0 : space);
    }
    return line.substr(0, kSentenceBytesMax);
}

bool RepeatLimiter::admit(MonoTime now, LogLevel level, std::string_view line) {
    SentenceAndLevel key{std::string(sentence_of(line)), level};
    if (windows_.size() >= options_.sentences_max && !windows_.contains(key)) key.first.clear();
    const auto [at, is_new] =
        windows_.try_emplace(std::move(key), Window{.end = now + options_.window});
    Window& window = at->second;
    if (is_new) next_end_ = std::min(next_end_, window.end);
    if (window.written < options_.lines_max) {
        ++window.written;
        return true;
    }
    ++window.held_back;
    return false;
}

std::vector<RepeatLimiter::Repeats> RepeatLimiter::take_due(MonoTime now) {
    std::vector<Repeats> due;
    if (now < next_end_) return due;
    next_end_ = MonoTime::max();
    for (auto at = windows_.begin(); at != windows_.end();) {
        const Window& window = at->second;
        if (window.end > now) {
            next_end_ = std::min(next_end_, window.end);
            ++at;
            continue;
        }
        if (window.held_back > 0)
            due.push_back({at->first.second, at->first.first, window.held_back});
        at = windows_.erase(at);
    }
    return due;
}

}  // namespace moldau::metrics
