// moldau storage dump: what files of a data directory hold.
#include "command.hpp"
#include "disk_tasks.hpp"
#include "file_dump.hpp"
#include "report.hpp"

#include "moldau/cli/output.hpp"

#include <fmt/format.h>

namespace moldau::cli {
namespace {

using runtime::Task;

constexpr std::size_t kPrintBytes = 64U << 10U;

struct Options {
    std::vector<std::string> paths;
    bool shows_records = false;
};

/// Files as they are named; of a directory those that we know.
Result<std::vector<std::string>> files_of(Disk& disk, const std::vector<std::string>& paths) {
    std::vector<std::string> files;
    for (const std::string& each : paths) {
        std::string path = absolute_path(each);
        const auto entries = disk.list(path);
        if (!entries) {
            files.push_back(std::move(path));
            continue;
        }
        const std::size_t before = files.size();
        for (const DirectoryEntry& entry : *entries)
            if (!entry.is_directory && is_known_file(entry.name))
                files.push_back(path + '/' + entry.name);
        if (files.size() == before)
            return Error{ErrorCode::invalid_request,
                         fmt::format("{} holds no file that can be told", path)};
    }
    return files;
}

struct Told {
    Result<> file;     // what is wrong with it
    Result<> printed;  // nobody reads on
};

Told print_file(const std::string& path, BytesView content, const Options& options, Output output) {
    std::string text = output == Output::table ? path + ":\n" : std::string();
    Told told;
    told.file =
        dump_file(path, content, options.shows_records, [&](const Entry& entry) -> Result<> {
            text += output == Output::json ? entry.to_json(path) : entry.to_line();
            if (text.size() < kPrintBytes) return {};
            told.printed = print(text);
            text.clear();
            return told.printed;
        });
    if (told.printed) told.printed = print(text);
    if (!told.file)
        told.file =
            Error{told.file.error().code, fmt::format("{}: {}", path, told.file.error().detail)};
    return told;
}

Task<Result<>> dump(Offline offline, Options options) {
    const Result<std::vector<std::string>> files = files_of(offline.disk, options.paths);
    if (!files) co_return files.error();
    Failures failures(offline.global);
    for (const std::string& path : *files) {
        const Result<std::optional<Bytes>> content =
            co_await read_file(offline.shard, offline.disk, path);
        if (!content) {
            failures.add(content.error());
        } else if (!*content) {
            failures.add({ErrorCode::invalid_request, fmt::format("there is no file {}", path)});
        } else {
            const Told told = print_file(path, **content, options, offline.global.output);
            if (!told.file && told.printed) failures.add(told.file.error());
            if (!told.printed) failures.add(told.printed.error());
            if (!told.printed) break;  // nobody reads on
        }
    }
    co_return std::move(failures).outcome();
}

}  // namespace

void add_storage_dump(Command parent, Choice& choice) {
    Command command = parent.command(
        "dump", "tell what files hold: segments, indexes, snapshots, checkpoints, metadata");
    auto options = std::make_shared<Options>();
    command
        .option("path", options->paths,
                "files by the names that they have in a data directory, or a directory for "
                "all of its own")
        .required();
    command.flag("--records", options->shows_records,
                 "the records of batches, too; those of the metadata log come always");
    command.when_chosen([options, &choice] {
        choice.offline = [options](Offline offline) { return dump(offline, *options); };
    });
}

}  // namespace moldau::cli
