// Settings: listeners, connections, requests. Facts of Kafka 4.3; the sentences are ours.
#include "rows.hpp"

namespace moldau::config::rows {

namespace {
constexpr Setting kNetwork[] = {
    row("advertised.listeners", list, null, anything.no_empty_list(), high, read_only)
        .doc("The addresses that clients and other nodes are told to connect to, in the form of "
             "listeners; their names must be among those of listeners. Default: listeners "
             "themselves. Without a host it is this machine's name; 0.0.0.0 cannot be advertised. "
             "An implicit node that advertises nothing tells each client the address that it "
             "used."),
    row("connections.max.idle.ms", int64, "600000", anything, medium, read_only)
        .doc("A connection that neither received nor sent anything for so long is closed. "
             "Negative: never."),
    row("early.start.listeners", list, null, anything, high, read_only),
    row("fetch.max.bytes", int32, "57671680", at_least(1024), medium, read_only)
        .doc("The most bytes of records in one response to a Fetch, whatever the client allows; "
             "the first batch is sent even if it is larger."),
    row("fetch.purgatory.purge.interval.requests", int32, "1000", anything, medium, read_only),
    row("inter.broker.listener.name", string, null, anything, medium, read_only)
        .doc("The listener that other brokers use; one of those advertised. Default: the one named "
             "like security.inter.broker.protocol, which is PLAINTEXT. Only one of the two may be "
             "set."),
    row("listener.security.protocol.map", string,
        "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT", anything,
        low, per_broker)
        .doc("Which security protocol each listener speaks: NAME:PROTOCOL, commas between. Only "
             "PLAINTEXT can be carried out now. Where it is not set and no listener is called SSL "
             "or SASL_*, the controllers' listeners speak PLAINTEXT."),
    row("listeners", list, "PLAINTEXT://:9092", anything.no_empty_list(), high, per_broker)
        .doc("Where the node listens: NAME://host:port, commas between. No host or 0.0.0.0 is "
             "every interface, port 0 a free one. A name that is no security protocol needs an "
             "entry in listener.security.protocol.map. Names differ; so do ports, but for a pair "
             "of one IPv4 and one IPv6 address. An implicit node (neither process.roles nor "
             "controller.quorum.* set) listens on 127.0.0.1:9092 unless told otherwise."),
    row("max.connection.creation.rate", int32, "2147483647", at_least(0), medium, cluster_wide)
        .doc("How many connections a second may come, over quota.window.num times "
             "quota.window.size.seconds; further ones wait in the kernel's queue. For one listener "
             "alone: listener.name.x.max.connection.creation.rate, x in lower case. The listener "
             "of the brokers, where clients have another, is not held up by what all share."),
    row("max.connections", int32, "2147483647", at_least(0), medium, cluster_wide)
        .doc("How many connections the node holds at once; further ones wait in the kernel's "
             "queue. For one listener alone: listener.name.x.max.connections, x in lower case."),
    row("max.connections.per.ip", int32, "2147483647", at_least(0), medium, cluster_wide)
        .doc("How many connections one IP address may hold; further ones are closed at once. 0 "
             "only together with max.connections.per.ip.overrides."),
    row("max.connections.per.ip.overrides", string, "", anything, medium, cluster_wide)
        .doc("Other limits for single addresses: host:limit, commas between."),
    row("max.incremental.fetch.session.cache.slots", int32, "1000", at_least(0), medium, read_only)
        .doc("How many fetch sessions are kept for clients that send only what changed; 0 keeps "
             "none."),
    row("max.request.partition.size.limit", int32, "2000", at_least(1), medium, read_only)
        .doc("The most partitions in one response to DescribeTopicPartitions, whatever the client "
             "allows."),
    row("num.io.threads", int32, "8", at_least(1), high, cluster_wide),
    row("num.network.threads", int32, "3", at_least(1), high, cluster_wide),
    row("queued.max.request.bytes", int64, "-1", anything, medium, read_only),
    row("queued.max.requests", int32, "500", at_least(1), high, read_only),
    row("request.timeout.ms", int32, "30000", anything, high, read_only),
    row("socket.connection.setup.timeout.max.ms", int64, "30000", anything, medium, read_only),
    row("socket.connection.setup.timeout.ms", int64, "10000", anything, medium, read_only),
    row("socket.listen.backlog.size", int32, "50", at_least(1), medium, read_only)
        .doc("The length of the kernel's queue of connections not yet accepted, within "
             "net.core.somaxconn."),
    row("socket.receive.buffer.bytes", int32, "102400", anything, high, read_only)
        .doc("SO_RCVBUF of each connection, within net.core.rmem_max; -1 leaves it to the kernel. "
             "It is where the kernel begins: see moldau.socket.receive.buffer.grows."),
    row("socket.request.max.bytes", int32, "104857600", at_least(1), high, read_only)
        .doc("The largest request. A frame that declares more closes its connection."),
    row("socket.send.buffer.bytes", int32, "102400", anything, high, read_only)
        .doc("SO_SNDBUF of each connection; -1 leaves it to the kernel. Where records are fetched "
             "it "
             "is where the kernel begins: see moldau.socket.send.buffer.grows."),
};
}  // namespace

std::span<const Setting> network_rows() {
    return kNetwork;
}

}  // namespace moldau::config::rows
