// Settings: our own. All that have no counterpart in Kafka; every name starts with `moldau.`.
#include "rows.hpp"

namespace moldau::config::rows {

namespace {
constexpr Setting kMoldau[] = {
    row("moldau.connection.frame.deadline.ms", int32, "30000", at_least(1), medium, read_only)
        .doc("How long a client may take from the first byte of a request to its last; then its "
             "connection is closed."),
    row("moldau.connection.inflight.bytes", int64, "8388608", at_least(65536), medium, read_only)
        .doc("How many bytes of requests of one connection may wait for their replies before no "
             "more is read from it. One larger request is still taken, alone."),
    row("moldau.log.level", string, "info", one_of("trace, debug, info, warn, error"), medium,
        read_only)
        .doc("The least important lines that are written to the log on stderr."),
    row("moldau.memory.budget.bytes", int64, "268435456", at_least(16777216), high, read_only)
        .doc("How many bytes all connections together may hold in requests and replies. When they "
             "are used up, reading waits."),
    row("moldau.shards", int32, "0", between(0, 1024), high, read_only)
        .doc("How many shards, each a thread with its own connections and partitions. 0: one for "
             "each core."),
};
}  // namespace

std::span<const Setting> moldau_rows() {
    return kMoldau;
}

}  // namespace moldau::config::rows
