// Options whose values are a few words, for both command line tools.
#pragma once

#include "moldau/client/producer.hpp"
#include "moldau/record/compression.hpp"

#include <functional>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): its name
class App;
class Option;
}  // namespace CLI

namespace moldau::cli {

/// `take` gets one of `words`; any other is a misuse that names them.
CLI::Option* add_words(CLI::App& command, const std::string& name, const std::string& description,
                       const std::vector<std::string>& words,
                       const std::function<void(const std::string&)>& take);

CLI::Option* add_codec(CLI::App& command, const std::string& description, record::Codec& to);
CLI::Option* add_acks(CLI::App& command, client::Acks& to);

}  // namespace moldau::cli
