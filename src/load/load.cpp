#include "moldau/load/load.hpp"

#include "html_report.hpp"
#include "options.hpp"
#include "output_file.hpp"
#include "report.hpp"
#include "run.hpp"

#include "moldau/base/version.hpp"
#include "moldau/cli/output.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <optional>

namespace moldau::load {
namespace {

constexpr int kFailed = 1;
constexpr int kMisused = 2;

int fail(const Error& error) {
    fmt::print(stderr, "error: {}\n", error.detail.empty() ? name(error.code) : error.detail);
    return kFailed;
}

/// "NOT_LEADER_OR_FOLLOWER (2), NETWORK_EXCEPTION (1)": requests
std::string errors_text(const Figures& figures) {
    std::string text;
    for (const auto& [name, count] : figures.errors)
        text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", name, count);
    return text;
}

/// What a run that came to its end did not do.
Result<> shortfall(const Work& what, const Report& report) {
    const Figures& figures = report.figures;
    if (figures.unsent != 0)
        return Error{ErrorCode::request_timed_out,
                     "the rate was not reached: the broker or this client is too slow"};
    if (figures.failed != 0)
        return Error{ErrorCode::unknown_server_error,
                     fmt::format("{} {} were refused or lost on the way: {}", figures.failed,
                                 things_of(what), errors_text(figures))};
    if (!report.consumed) return {};
    const ConsumeOptions& consume = std::get<MixOptions>(what).consume;
    const std::uint64_t due = figures.done * (consume.shares_partitions ? 1 : consume.consumers);
    if (report.consumed->done >= due) return {};
    return Error{ErrorCode::unknown_server_error,
                 fmt::format("{} records that were acknowledged were never read",
                             due - report.consumed->done)};
}

/// What is written beside the figures, while the load runs and at its end.
struct Outputs {
    std::optional<OutputFile> page;
    std::optional<HdrLog> log;
};

Result<Outputs> open_outputs(const Arguments& arguments) {
    Outputs outputs;
    if (arguments.report) {
        Result<OutputFile> page = OutputFile::create(*arguments.report);
        if (!page) return page.error();
        outputs.page = std::move(*page);
    }
    if (arguments.hdr_log) {
        const io::SystemClock clock;
        Result<HdrLog> log = HdrLog::create(*arguments.hdr_log, clock.now(), clock.wall());
        if (!log) return log.error();
        outputs.log = std::move(*log);
    }
    return outputs;
}

/// A label as a tag of the log, which has no commas, blanks or line ends.
std::string tag_of(std::string label) {
    std::ranges::replace_if(
        label, [](char each) { return each == ',' || each == '"' || each <= ' '; }, '_');
    return label;
}

/// One run. `report` is set as soon as there is something to be told.
Result<> run_once(const Work& what, const Side& side, const Watch& watch,
                  std::optional<Report>& report) {
    Run run(what, side);
    if (Result<> ready = run.prepare(); !ready) return ready;
    Report made;
    if (Result<> begun = run.begin_report(made); !begun) return begun;
    Result<> outcome = run.measure(made, watch);
    if (outcome) outcome = shortfall(what, made);
    report = std::move(made);
    return outcome;
}

PageHead head_of(int argc, const char* const* argv) {
    PageHead head;
    for (int i = 0; i < argc; ++i) {
        if (i > 0) head.command_line += ' ';
        head.command_line += i == 0 ? "moldau-bench" : argv[i];
    }
    head.made_at = fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::time(nullptr)));
    head.machine = machine_text();
    head.version = fmt::format("{} ({})", version(), commit());
    return head;
}

Result<> write_page(Outputs& outputs, const PageHead& head, const Work& what,
                    const std::vector<SideResult>& sides) {
    if (!outputs.page) return {};
    return outputs.page->write(to_html(head, what, sides));
}

int run_single(const Arguments& arguments, const PageHead& head, Outputs& outputs) {
    const Side& side = arguments.sides.front();
    const Watch watch{.has_samples = outputs.page.has_value(),
                      .log = outputs.log ? &*outputs.log : nullptr,
                      .tag = {}};
    std::optional<Report> report;
    const Result<> outcome = run_once(arguments.what, side, watch, report);
    if (report) {
        const Result<> printed = cli::print(arguments.is_json ? to_json(arguments.what, *report)
                                                              : to_table(arguments.what, *report));
        if (!printed) return fail(printed.error());
        std::vector<SideResult> sides{{.side = side, .rounds = {}}};
        sides.front().rounds.push_back(std::move(*report));
        const Result<> written = write_page(outputs, head, arguments.what, sides);
        if (!written) return fail(written.error());
    }
    return outcome ? 0 : fail(outcome.error());
}

/// A B A B …; the first failure ends it.
int run_comparison(const Arguments& arguments, const PageHead& head, Outputs& outputs) {
    std::vector<SideResult> sides;
    sides.reserve(arguments.sides.size());
    for (const Side& side : arguments.sides) sides.push_back({.side = side, .rounds = {}});
    const std::size_t rounds = arguments.warmup_rounds + arguments.rounds;
    for (std::size_t i = 0; i < rounds; ++i) {
        const bool is_counted = i >= arguments.warmup_rounds;
        for (SideResult& side : sides) {
            const std::string round =
                is_counted ? fmt::format("round {} of {}", i - arguments.warmup_rounds + 1,
                                         arguments.rounds)
                           : std::string("warm-up");
            fmt::print(stderr, "{}: {}\n", round, side.side.label);
            const Watch watch{.has_samples = is_counted && outputs.page.has_value(),
                              .log = is_counted && outputs.log ? &*outputs.log : nullptr,
                              .tag = tag_of(side.side.label)};
            std::optional<Report> report;
            const Result<> outcome = run_once(arguments.what, side.side, watch, report);
            if (!outcome)
                return fail({outcome.error().code, fmt::format("{}: {}: {}", round, side.side.label,
                                                               outcome.error().detail)});
            if (is_counted) side.rounds.push_back(std::move(*report));
        }
    }
    const Result<> printed = cli::print(arguments.is_json ? to_json(arguments.what, sides)
                                                          : to_table(arguments.what, sides));
    if (!printed) return fail(printed.error());
    const Result<> written = write_page(outputs, head, arguments.what, sides);
    return written ? 0 : fail(written.error());
}

}  // namespace

int run(int argc, const char* const* argv) {
    const Result<Arguments> arguments = parse_arguments(argc, argv);
    if (!arguments) {
        fmt::print(stderr, "error: {}\n", arguments.error().detail);
        return kMisused;
    }
    if (!arguments->text.empty()) {
        const Result<> printed = cli::print(arguments->text);
        return printed ? 0 : fail(printed.error());
    }
    // A reader of stdout that has left is an error of the write, not a death by a signal.
    std::signal(SIGPIPE, SIG_IGN);
    // Each connection is a descriptor. Where the limit stays low, opening them says so.
    (void)runtime::raise_open_files_limit();
    Result<Outputs> outputs = open_outputs(*arguments);
    if (!outputs) return fail(outputs.error());
    const PageHead head = head_of(argc, argv);
    return arguments->sides.size() > 1 ? run_comparison(*arguments, head, *outputs)
                                       : run_single(*arguments, head, *outputs);
}

}  // namespace moldau::load
