// Which lines are one too many: a rule over time, which comes in as an argument.
#pragma once

#include "moldau/base/ports/log.hpp"
#include "moldau/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moldau::metrics {

/// What is the same in lines that say one thing of several: all before the first `key=value`.
std::string_view sentence_of(std::string_view line);

/// Lets the first `lines_max` lines of a sentence through in each window and counts the rest.
class RepeatLimiter {
public:
    struct Options {
        std::size_t lines_max = 20;
        Duration window = std::chrono::seconds(5);
        std::size_t sentences_max = 256;  // what comes beyond shares one count
    };
    struct Repeats {
        LogLevel level{};
        std::string sentence;  // empty: several
        std::uint64_t count = 0;
    };

    explicit RepeatLimiter(Options options) : options_(options) {}

    /// Whether the line is to be written. Call take_due first: a window that is over starts anew
    /// here.
    bool admit(MonoTime now, LogLevel level, std::string_view line);

    /// The counts of windows that are over at `now`, in order of their sentences; forgotten here.
    std::vector<Repeats> take_due(MonoTime now);
    /// All counts; forgotten here.
    std::vector<Repeats> take_all() { return take_due(MonoTime::max()); }

private:
    struct Window {
        MonoTime end;
        std::size_t written = 0;
        std::uint64_t held_back = 0;
    };
    using SentenceAndLevel = std::pair<std::string, LogLevel>;

    Options options_;
    std::map<SentenceAndLevel, Window> windows_;
    MonoTime next_end_ = MonoTime::max();  // no window is over before
};

}  // namespace moldau::metrics
