// moldaud: the daemon. Reads its arguments; the rest is broker::run_daemon().
#include "moldau/base/version.hpp"
#include "moldau/broker/daemon.hpp"
#include "moldau/cli/arguments.hpp"
#include "moldau/config/keys.hpp"
#include "moldau/config/load.hpp"
#include "moldau/config/print.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <malloc.h>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace moldau;

/// Buffers of requests come and go: what they have freed is kept for the next ones, up to a bound.
/// Else glibc gives it back to the kernel each time and pays for each page once more.
void keep_freed_memory() {
    constexpr int kKeptBytes = 4 << 20;  // of each arena, of which there is one for each thread
    mallopt(M_TRIM_THRESHOLD, kKeptBytes);
    mallopt(M_MMAP_THRESHOLD, kKeptBytes);
}

constexpr int kFailed = 1;
constexpr int kMisused = 2;

struct Arguments {
    std::string config_file;
    std::string data_dir;
    std::string listen;
    std::vector<std::string> set;
    bool check_config = false;
    bool print_config = false;
    bool version = false;
};

void describe(cli::CommandLine& app, Arguments& to) {
    app.option("--config", to.config_file, "settings: a .yaml file, or Kafka's server.properties")
        .type_name("FILE");
    app.option("--data-dir", to.data_dir, "directory for the data (log.dirs)").type_name("DIR");
    app.option("--listen", to.listen,
               "one plaintext listener for clients (listeners); port 0 takes a free one")
        .type_name("HOST:PORT");
    app.option("--set", to.set, "a setting; stronger than the file, may be given again")
        .type_name("KEY=VALUE")
        .repeats_name();
    app.flag("--check-config", to.check_config, "say what is wrong with the settings, and end");
    app.flag("--print-config", to.print_config,
             "print every setting with its value and where it comes from, and end");
    app.flag("--version", to.version, "print version and commit, and end");
}

/// Empty when there is no such file, or it cannot be read.
std::optional<config::File> read(const std::string& name) {
    std::ifstream stream(name, std::ios::binary);
    if (!stream) return std::nullopt;
    std::string text(config::kFileBytesMax + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad()) return std::nullopt;
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return config::File{.name = name, .text = std::move(text)};
}

Result<std::vector<config::Overlay>> overlays(const Arguments& arguments) {
    std::vector<config::Overlay> found;
    if (!arguments.data_dir.empty())
        found.push_back({.key = "log.dirs", .value = arguments.data_dir, .source = "--data-dir"});
    if (!arguments.listen.empty())
        found.push_back(
            {.key = "listeners", .value = "PLAINTEXT://" + arguments.listen, .source = "--listen"});
    for (const std::string& text : arguments.set) {
        Result<config::Overlay> overlay = config::parse_set(text);
        if (!overlay) return overlay.error();
        found.push_back(std::move(*overlay));
    }
    return found;
}

int run(const Arguments& arguments) {
    std::optional<config::File> file;
    if (!arguments.config_file.empty()) {
        file = read(arguments.config_file);
        if (!file) {
            fmt::print(stderr, "error: cannot read {}\n", arguments.config_file);
            return kFailed;
        }
    }
    const Result<std::vector<config::Overlay>> over = overlays(arguments);
    if (!over) {
        fmt::print(stderr, "error: {}\n", over.error().detail);
        return kMisused;
    }
    const config::Loaded loaded = config::load(file, *over);
    if (arguments.check_config) {
        const config::Report report = config::check_config(loaded);
        fmt::print("{}", report.text);
        return report.is_good ? 0 : kFailed;
    }
    // A log of JSON holds nothing but JSON: there the log tells them.
    const bool is_json = loaded.settings && !arguments.print_config &&
                         loaded.settings->get(config::kLogFormat) == "json";
    std::vector<std::string> warnings;
    for (const config::Problem& each : loaded.warnings) {
        if (is_json)
            warnings.push_back(each.to_string());
        else
            fmt::print(stderr, "warning: {}\n", each.to_string());
    }
    for (const config::Problem& each : loaded.errors)
        fmt::print(stderr, "error: {}\n", each.to_string());
    if (!loaded.settings) return kFailed;
    if (arguments.print_config) {
        fmt::print("{}", config::print_config(*loaded.settings));
        return 0;
    }
    keep_freed_memory();
    const Result<> ended = broker::run_daemon(*loaded.settings, warnings);
    if (ended) return 0;
    if (!is_json) fmt::print(stderr, "error: {}\n", ended.error().detail);
    return kFailed;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        Arguments arguments;
        cli::CommandLine line("moldaud: a Kafka-compatible event streaming server", "moldaud");
        describe(line, arguments);
        if (const std::optional<cli::Ended> ended = line.parse(argc, argv)) {
            if (!ended->is_misuse) {
                fmt::print("{}", ended->text);
                return 0;
            }
            fmt::print(stderr, "error: {} ('moldaud --help' shows how)\n", ended->text);
            return kMisused;
        }
        if (arguments.version) {
            fmt::print("moldaud {} ({})\n", version(), commit());
            return 0;
        }
        return run(arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "error: {}\n", error.what());
        return kFailed;
    }
}
