#include "moldau/cli/word_options.hpp"

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

}  // namespace moldau::cli
