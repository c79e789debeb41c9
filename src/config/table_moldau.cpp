// Settings: our own. All that have no counterpart in Kafka; every name starts with `moldau.`.
#include "rows.hpp"

namespace moldau::config::rows {

namespace {
constexpr Setting kMoldau[] = {
    row("moldau.client.metrics", boolean, "false", anything, low, read_only)
        .doc("Whether clients are told that they may push their metrics, which then stand at "
             "/metrics. What they are asked for is set with client-metrics configs."),
    row("moldau.connection.frame.deadline.ms", int32, "30000", at_least(1), medium, read_only)
        .doc("How long a client may take from the first byte of a request to its last; then its "
             "connection is closed."),
    row("moldau.connection.inflight.bytes", int64, "8388608", at_least(65536), medium, read_only)
        .doc("How many bytes of requests of one connection may wait for their replies before no "
             "more is read from it. One larger request is still taken, alone."),
    row("moldau.crash.directory", string, null, anything, low, read_only)
        .doc("Where a report is written when this process dies of itself. Null: the first of the "
             "log directories."),
    row("moldau.http.listener", string, null, anything, medium, read_only)
        .doc("HOST:PORT where /metrics, /health and /ready are served, without any protection; "
             ":PORT for this machine alone. Null: nowhere."),
    row("moldau.log.format", string, "text", one_of("text, json"), low, read_only)
        .doc("How the log on stderr is written: lines of text for people, or a JSON object a "
             "line."),
    row("moldau.log.level", string, "info", one_of("trace, debug, info, warn, error"), medium,
        read_only)
        .doc("The least important lines that are written to the log on stderr."),
    row("moldau.memory.budget.bytes", int64, "268435456", at_least(16777216), high, read_only)
        .doc("How many bytes of memory clients may make this node hold: seven eighths for the "
             "requests and replies of all connections, where reading waits when they are used up, "
             "one for fetch sessions."),
    row("moldau.shards", int32, "0", between(0, 1024), high, read_only)
        .doc("How many shards, each a thread with its own connections and partitions. 0: one for "
             "each core."),
    row("moldau.socket.local.pacing", boolean, "false", anything, low, read_only)
        .doc("Whether clients on this machine are sent to at the pace of a system's congestion "
             "control that has one (net.ipv4.tcp_congestion_control=bbr): no network lies "
             "between, and each piece wakes the client anew. Others always are."),
    row("moldau.socket.receive.buffer.grows", boolean, "true", anything, medium, read_only)
        .doc("Whether the receive buffer of a connection may become larger than "
             "socket.receive.buffer.bytes when what is sent over it is read as fast as it comes: "
             "up to net.ipv4.tcp_rmem's maximum. A connection that sends little stays small."),
    row("moldau.socket.send.buffer.grows", boolean, "true", anything, medium, read_only)
        .doc("Whether the send buffer of a connection that records are fetched over may become "
             "larger than socket.send.buffer.bytes when it can use that: up to "
             "net.ipv4.tcp_wmem's maximum. What waits there is the page cache's own memory."),
};
}  // namespace

std::span<const Setting> moldau_rows() {
    return kMoldau;
}

}  // namespace moldau::config::rows
