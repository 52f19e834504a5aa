//! The tables of balancers and their members.

use super::Takes::{Count, FaultsWith, Many, Members, Text, Word};
use super::{
    ACCEPT_PROXY, AT, BUFFER, CONGESTION, CONNECT_TIMEOUT, LISTEN, MAX_CONNECTIONS, PRESET, PROXY_PROTOCOL,
    RCVBUF, RELAY, SEGMENT, SNDBUF, Shape, key,
};

/// `[balance.NAME]`
pub const BALANCE: Shape = Shape {
    name: "balance",
    doc: "A proxy that picks one of several servers for each connection, and the faults it starts with.",
    keys: &[
        key("members", Members(&MEMBER), "The servers, each as a text or a table.").required(),
        key(
            "algorithm",
            Word(&["round_robin", "least_connections", "p2c", "random", "source_hash"]),
            "How one is picked; round_robin by default.",
        ),
        key(
            "dial_retries",
            Count(0),
            "On how many more members a connection is tried; 3 by default, or as many as there are others.",
        ),
        key("max_per_member", Count(1), "The most connections that each member may have at once."),
        key("check_interval", Text, "Probe each member so often."),
        key("check_timeout", Text, "A probe that takes longer has failed; 1s by default."),
        key("check_rise", Count(1), "So many probes in a row bring a member back; 2 by default."),
        key("check_fall", Count(1), "So many failed ones in a row take a member out; 3 by default."),
        key("check_send", Text, "What a probe sends."),
        key("check_expect", Text, "What has to be among the answer to a probe."),
        key(
            "eject_after",
            Count(0),
            "So many failed dials in a row take a member out for a while; 5 by default, 0 for never.",
        ),
        key("eject_time", Text, "How long the first ejection lasts; 10s by default."),
        key("eject_max", Text, "The longest an ejection may last; 5m by default."),
        key("slow_start", Text, "How long a member that comes back takes to rise to all of its weight."),
        PRESET,
        key(
            "fault",
            FaultsWith(&MEMBER_FAULT),
            "Faults in force from the start, each for all members or for one.",
        ),
        LISTEN,
        CONNECT_TIMEOUT,
        key("idle_timeout", Text, "Connections without bytes for so long are closed."),
        MAX_CONNECTIONS,
        SEGMENT,
        BUFFER,
        RELAY,
        PROXY_PROTOCOL,
        ACCEPT_PROXY,
        CONGESTION,
        RCVBUF,
        SNDBUF,
    ],
};

/// A member of a balancer that is more than whom it stands for.
pub const MEMBER: Shape = Shape {
    name: "member",
    doc: "A server among several.",
    keys: &[
        key(
            "to",
            Text,
            "echo.NAME, link.NAME, balance.NAME, with the real clock HOST:PORT or unix:PATH, or in scenarios process.NAME.",
        )
        .required(),
        key("name", Text, "What it is called; by default the part of `to` after the dot."),
        key("weight", Count(0), "Its share against the others, 0 to 1000; 1 by default."),
        key("max_connections", Count(1), "The most connections that it may have at once."),
        PRESET,
    ],
};

/// The key of a balancer's fault beside those of the fault.
pub const MEMBER_FAULT: Shape =
    Shape { name: "memberfault", doc: "A fault, for all members or for one.", keys: &[AT] };

/// The step `balance`
pub const BALANCE_STEP: Shape = Shape {
    name: "service",
    doc: "Members that are to be in service, or not.",
    keys: &[
        key("name", Many(&Text), "The balancer, or several.").required(),
        key("member", Many(&Text), "The member, or several.").required(),
        key(
            "state",
            Word(&["up", "drain", "down"]),
            "Drain gives it no new connections; down ends those that it has, too.",
        ),
        key("weight", Count(0), "Its share against the others, 0 to 1000."),
    ],
};
