// Options that several commands have, of both command line tools.
#pragma once

#include "moldau/cli/arguments.hpp"
#include "moldau/client/producer.hpp"
#include "moldau/record/compression.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace moldau::cli {

Option add_codec(Command command, const std::string& meaning, record::Codec& to);
Option add_acks(Command command, client::Acks& to);
/// Which of a topic's; none: all.
Option add_partitions(Command command, std::vector<std::int32_t>& to);

}  // namespace moldau::cli
