// Where a StartAt lies in each partition of a topic, asked of the brokers.
#pragma once

#include "command.hpp"
#include "start_at.hpp"

#include "moldau/base/ids.hpp"
#include "moldau/client/cluster.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace moldau::cli {

using Offsets = std::map<std::int32_t, Offset>;  // by partition

struct Located {
    client::TopicPtr topic;
    Offsets ends;  // the log end offsets
    Offsets at;
};
/// In `partitions`; none: in all of the topic. Errors: of the topic · those of start_offsets()
runtime::Task<Result<Located>> locate(Context context, std::string topic,
                                      std::vector<std::int32_t> partitions, StartAt from,
                                      std::string hint);

/// `ends`: the log end offsets of the partitions that are asked for.
/// Errors: offset_out_of_range: a partition does not hold the offset; `hint` says what else to do ·
/// those of list_offsets()
runtime::Task<Result<Offsets>> start_offsets(Context context, std::string topic, StartAt from,
                                             Offsets ends, std::string hint);

}  // namespace moldau::cli
