//! Specs of every kind, for tests that put them together at random.

/// Faults that take nothing out of a stream.
pub(crate) const SHAPING: [&str; 18] = [
    "latency:3ms@both",
    "latency:2ms,jitter=1ms,after=3000@both",
    "latency:2ms,jitter=1ms,distribution=normal@both",
    "bandwidth:10MB/s,burst=1KB@both",
    "bandwidth:1MB/s,for=5ms,every=20ms@both",
    "bandwidth:2MB/s,shared=true@both",
    "bandwidth:1MB/s,shared=true,for=5ms,every=20ms@both",
    "trace:steps.csv@both",
    "trace:lines,overhead=40@both",
    "trace:steps.csv,for=5ms,every=11ms@both",
    "freeze:4ms,every=11ms",
    "freeze:3ms,match=ab,match_on=up,times=2",
    "flap:on=5ms,off=3ms",
    "slice:700,variation=300,delay=100us@both",
    "slow_close:2ms@both",
    "corrupt:1%@both",
    "loss:2%,burst=2@both",
    "loss:5%,rtt=3ms,for=20ms,every=50ms@both",
];

/// Faults that take bytes or end the connection.
pub(crate) const CUTTING: [&str; 14] = [
    "half_open:15000,side=client",
    "half_open:match=ba,at=100,side=server",
    "reset:p=20%,within=30KiB@both",
    "reset:per_mib=50%@both",
    "reset:9000,flush=false",
    "reset:match=aab,match_on=up,times=1@down",
    "truncate:20000",
    "truncate:500,match_hex=6261@up",
    "blackhole:after=5000,for=3ms",
    "blackhole:mode=stop,for=3ms,every=9ms@up",
    "timeout:5ms,after=30000",
    "timeout:5ms,for=1ms,every=40ms",
    "flap:on=9ms,off=1ms,reset=true",
    "corrupt:at=50,bits=8,match=bb,match_on=down@up",
];

/// Faults on datagrams.
pub(crate) const DATAGRAMS: [&str; 24] = [
    "latency:3ms@both",
    "latency:2ms,jitter=2ms@both",
    "latency:2ms,jitter=2ms,ordered=true,distribution=normal@both",
    "bandwidth:1MB/s,queue=2KB@both",
    "bandwidth:1MB/s,shared=true,burst=2KB@both",
    "bandwidth:1MB/s,for=5ms,every=20ms@both",
    "trace:steps.csv,queue=2KB@both",
    "trace:lines,overhead=28@both",
    "freeze:4ms,every=11ms",
    "flap:on=5ms,off=3ms",
    "blackhole:after=5000,for=3ms",
    "blackhole:for=1ms,every=7ms@up",
    "corrupt:1%@both",
    "corrupt:at=3,bits=8,match=ab",
    "loss:10%,burst=3@both",
    "loss:nth=7@both",
    "loss:pattern=PPPD,match=ba@both",
    "duplicate:20%,copies=2@both",
    "duplicate:10%,times=5",
    "reorder:20%,distance=2@both",
    "reorder:5%,wait=3ms,after=4KiB@both",
    "max_size:300@both",
    "max_size:250,action=truncate",
    "rebind:for=1ms,every=8ms",
];

/// Faults that may hold what a stream carries for ever, and say so.
pub(crate) const HOLDING: [&str; 7] = [
    "blackhole",
    "blackhole:mode=stop,after=2000@up",
    "blackhole:match=aba@down",
    "half_open:3000",
    "half_open:0,side=client@up",
    "timeout:0s,probability=50%",
    "bandwidth:0B/s,after=1KiB",
];

/// More faults that let a stream end some time.
pub(crate) const PASSING: [&str; 15] = [
    "latency:100ms,jitter=300ms,distribution=normal@both",
    "bandwidth:5KB/s,queue=100B@both",
    "bandwidth:20KB/s,shared=true,queue=300B@both",
    "trace:lines,queue=64B,overhead=1480@both",
    "loss:100%",
    "loss:60%,burst=9,rtt=50ms,times=3",
    "freeze:5s,after=1s",
    "flap:on=1ms,off=1s@up",
    "slice:1,delay=1us",
    "slow_close:10s,times=1",
    "timeout:10s,connections=1",
    "truncate:0,after=700",
    "reset:p=100%,within=1,flush=false@up",
    "reset:after=300ms,side=server",
    "half_open:1,times=1,client=10.0.0.1",
];
