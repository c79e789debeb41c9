// Options whose values are a few words, for both command line tools.
#pragma once

#include "moldau/cli/arguments.hpp"
#include "moldau/client/producer.hpp"
#include "moldau/record/compression.hpp"

#include <string>

namespace moldau::cli {

Option add_codec(Command command, const std::string& meaning, record::Codec& to);
Option add_acks(Command command, client::Acks& to);

}  // namespace moldau::cli
