// Latencies in HdrHistogram's interval log, which its tools read and plot: one line for each
// second.
#pragma once

#include "histogram.hpp"
#include "output_file.hpp"

#include "moldau/base/result.hpp"
#include "moldau/base/time.hpp"

#include <string>
#include <string_view>

namespace moldau::load {

/// `histogram` as HdrHistogram's V2 encoding has it, deflated, in base64: "HISTFAAA…".
std::string hdr_encoded(const Histogram& histogram);

struct HdrInterval {
    std::string_view tag;  // empty: none. Without commas, blanks and line ends.
    Duration begins{0};    // since the log's start
    Duration length{0};
};
/// The lines before the first interval. `start`: since when intervals count.
std::string hdr_head(Timestamp start);
/// One line, of values in nanoseconds.
std::string hdr_line(const HdrInterval& interval, const Histogram& histogram);

/// The file of such a log.
class HdrLog {
public:
    /// Errors: as OutputFile
    static Result<HdrLog> create(const std::string& path, MonoTime now, Timestamp wall);

    MonoTime start() const { return start_; }
    /// Intervals with nothing in them are left out. Errors: as create()
    Result<> write(const HdrInterval& interval, const Histogram& histogram);

private:
    HdrLog(MonoTime start, OutputFile file) : start_(start), file_(std::move(file)) {}

    MonoTime start_;
    OutputFile file_;
};

}  // namespace moldau::load
