# The one table of allowed edges. `floor module: modules it may use`. It links the targets (module.cmake) and feeds the
# test that fails on an #include that it does not allow (tests/house/check_includes.py). A new edge is a reviewed line.
set(MOLDAU_LAYERS
    "5 broker: base protocol record config quota log raft metadata controller coordinator telemetry runtime net io metrics"
    "5 cli: base protocol record config log raft metadata controller client runtime net io"
    "5 load: base protocol record client runtime net io cli"

    "4 client: base protocol record runtime"
    "4 net: base quota runtime"
    "4 io: base runtime"
    "4 metrics: base runtime"
    "4 runtime: base"
    # ----- above: may wait and touch the world · below: pure, deterministic -----
    "3 controller: base protocol quota raft metadata"
    "3 coordinator: base protocol"
    "3 telemetry: base"
    "2 raft: base record protocol"
    "2 metadata: base protocol"
    "2 log: base record"

    "1 record: base"
    "1 protocol: base"
    "1 config: base"
    "1 quota: base"

    "0 base:"

    # Tests only: the second set of adapters for the same ports.
    "beside sim: base runtime"
)
