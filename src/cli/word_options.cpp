#include "moldau/cli/word_options.hpp"

#include <limits>

namespace moldau::cli {

Option add_codec(Command command, const std::string& meaning, record::Codec& to) {
    return command.words("--codec",
                         [&to](const std::string& word) { to = *record::codec_named(word); },
                         meaning, {"none", "gzip", "snappy", "lz4", "zstd"});
}

Option add_acks(Command command, client::Acks& to) {
    return command.words("--acks",
                         [&to](const std::string& word) {
                             to = word == "0"   ? client::Acks::none
                                  : word == "1" ? client::Acks::leader
                                                : client::Acks::all;
                         },
                         "who must have it: nobody, the leader, all in sync", {"0", "1", "all"});
}

Option add_partitions(Command command, std::vector<std::int32_t>& to) {
    return command.option("--partition", to, "default: all; may be given again")
        .within(0, std::numeric_limits<std::int32_t>::max())
        .repeats_name();
}

}  // namespace moldau::cli
