#include "moldau/cli/word_options.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace moldau::cli {

CLI::Option* add_words(CLI::App& command, const std::string& name, const std::string& description,
                       const std::vector<std::string>& words,
                       const std::function<void(const std::string&)>& take) {
    return command.add_option_function<std::string>(name, take, description)
        ->check(CLI::IsMember(words).description(""))
        ->type_name(fmt::format("{}", fmt::join(words, "|")));
}

CLI::Option* add_codec(CLI::App& command, const std::string& description, record::Codec& to) {
    return add_words(command, "--codec", description, {"none", "gzip", "snappy", "lz4", "zstd"},
                     [&to](const std::string& word) { to = *record::codec_named(word); });
}

CLI::Option* add_acks(CLI::App& command, client::Acks& to) {
    return add_words(command, "--acks", "who must have it: nobody, the leader, all in sync",
                     {"0", "1", "all"}, [&to](const std::string& word) {
                         to = word == "0"   ? client::Acks::none
                              : word == "1" ? client::Acks::leader
                                            : client::Acks::all;
                     });
}

}  // namespace moldau::cli
