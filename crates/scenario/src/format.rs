//! The tables of scenario files and of files of services: which keys each has, and what those take. The reader is held to it, and the JSON Schema is
//! made from it.

mod balance;

pub use balance::{BALANCE, BALANCE_STEP, MEMBER, MEMBER_FAULT};

/// A table with fixed keys.
#[derive(Debug)]
pub struct Shape {
    /// What the schema calls it.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Its keys, in the order of the documentation.
    pub keys: &'static [Key],
}

/// A key of a table.
#[derive(Debug)]
pub struct Key {
    /// As the file has it.
    pub name: &'static str,
    /// What may stand behind it.
    pub takes: Takes,
    /// What it says.
    pub doc: &'static str,
    /// Whether it must be there.
    pub required: bool,
}

/// What may stand behind a key. Vars may stand for all of it but tables.
#[derive(Debug)]
pub enum Takes {
    /// A string, whatever the reader makes of it: texts, names, durations, expressions.
    Text,
    /// A string, or a number alone: sizes and rates.
    Quantity,
    /// A whole number, from the least on.
    Count(u64),
    /// True or false.
    Flag,
    /// One of these.
    Word(&'static [&'static str]),
    /// One of that, or a list.
    Many(&'static Takes),
    /// A string, a number or a flag.
    Scalar,
    /// A table.
    Table(&'static Shape),
    /// A list of tables.
    List(&'static Shape),
    /// Tables by name.
    Named(&'static Shape),
    /// Any keys, each with that.
    Free(&'static Takes),
    /// A list of faults.
    Faults,
    /// A table with these keys and those of a fault.
    Fault(&'static Shape),
    /// A list of such tables.
    FaultsWith(&'static Shape),
    /// A list of texts and such tables.
    Members(&'static Shape),
}

use Takes::{Count, Fault, Faults, Flag, Free, List, Many, Named, Quantity, Scalar, Table, Text, Word};

const fn key(name: &'static str, takes: Takes, doc: &'static str) -> Key {
    Key { name, takes, doc, required: false }
}

impl Key {
    const fn required(self) -> Key {
        Key { required: true, ..self }
    }
}

/// The file as a whole.
pub const ROOT: Shape = Shape {
    name: "scenario",
    doc: "What to start, what to do to it, what must hold.",
    keys: &[
        key("scenario", Count(1), "The version of the format: 1.").required(),
        key("name", Text, "What the scenario is called; the file's name by default."),
        key("seed", Count(0), "Behind every random decision; 0 by default."),
        key(
            "clock",
            Word(&["real", "virtual"]),
            "Real sockets, or streams in memory and a clock that skips waiting.",
        ),
        key("timeout", Text, "For all steps together, such as 60s."),
        key("grace", Text, "For connections to end by themselves after the last step, such as 5s."),
        key("vars", Free(&Scalar), "Texts that stand for {NAME} in every string."),
        key("requires", Many(&Text), "Programs that must be installed beside those that are started."),
        key("echo", Named(&ECHO), "Built-in servers."),
        key("process", Named(&PROCESS), "Programs under test (real clock)."),
        key("link", Named(&LINK), "Proxies."),
        key("balance", Named(&BALANCE), "Proxies that pick one of several servers for each connection."),
        key("step", List(&STEP), "What happens, in order."),
        key("expect", List(&EXPECT), "What must hold when the run has settled."),
        key(
            "snapshot",
            Free(&Text),
            "Compare the report with NAME.snap.json; each key is a path with a band.",
        ),
    ],
};

/// A file of services as a whole.
pub const SERVICES: Shape = Shape {
    name: "services",
    doc: "Servers, links and balancers that run until they are stopped.",
    keys: &[
        key("up", Count(1), "The version of the format: 1.").required(),
        key("seed", Count(0), "Behind every random decision; 0 by default."),
        key(
            "grace",
            Text,
            "For connections of what is stopped or replaced to end by themselves; 10s by default.",
        ),
        key("metrics", Text, "Where /metrics is served, such as 127.0.0.1:8998; nowhere by default."),
        key("control", Text, "Where the control API is served, such as 127.0.0.1:8474; nowhere by default."),
        key("vars", Free(&Scalar), "Texts that stand for {NAME} in every string."),
        key("echo", Named(&ECHO), "Built-in servers."),
        key("link", Named(&LINK), "Proxies."),
        key("balance", Named(&BALANCE), "Proxies that pick one of several servers for each connection."),
    ],
};

/// `[echo.NAME]`
pub const ECHO: Shape = Shape {
    name: "echo",
    doc: "A built-in server.",
    keys: &[
        key("protocol", Word(&["tcp", "udp", "http"]), "What it speaks; TCP by default."),
        key(
            "mode",
            Text,
            "What it does with what it gets, such as delay:50ms; it sends everything back by default.",
        ),
        key("listen", Text, "Where it listens; 127.0.0.1:0, which takes a free port, by default."),
        key("id", Text, "What it calls itself towards clients that ask; its name by default."),
        key("max_connections", Count(1), "Connections beyond so many at once are closed."),
        key("idle_timeout", Text, "Connections without bytes for so long are closed."),
        key("buffer", Quantity, "Bytes that it reads at a time."),
    ],
};

/// `[link.NAME]`
pub const LINK: Shape = Shape {
    name: "link",
    doc: "A proxy, and the faults it starts with.",
    keys: &[
        key("protocol", Word(&["tcp", "udp"]), "What it carries; TCP by default."),
        key(
            "upstream",
            Text,
            "echo.NAME, link.NAME, balance.NAME, with the real clock HOST:PORT or unix:PATH, or in scenarios process.NAME.",
        )
        .required(),
        PRESET,
        key("fault", Faults, "Faults in force from the start."),
        LISTEN,
        CONNECT_TIMEOUT,
        key(
            "idle_timeout",
            Text,
            "Connections without bytes for so long are closed, clients of datagrams forgotten.",
        ),
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

// What links and balancers have in common.
const PRESET: Key =
    key("preset", Many(&Text), "A kind of network, such as 3g: its faults come before the others.");
const LISTEN: Key = key(
    "listen",
    Text,
    "Where it listens, an address or unix:PATH; 127.0.0.1:0, which takes a free port, by default.",
);
const CONNECT_TIMEOUT: Key =
    key("connect_timeout", Text, "How long connecting to the upstream may take; 5s by default.");
const MAX_CONNECTIONS: Key =
    key("max_connections", Count(1), "Connections beyond so many at once are turned away.");
const SEGMENT: Key = key("segment", Quantity, "Bytes that share one random draw; 1448 by default.");
const BUFFER: Key =
    key("buffer", Quantity, "Bytes that one direction of a connection may hold; 64MiB by default.");
const RELAY: Key =
    key("relay", Word(&["auto", "copy", "splice"]), "How bytes are relayed that no fault has to see.");
const PROXY_PROTOCOL: Key = key(
    "proxy_protocol",
    Word(&["v1", "v2"]),
    "Tell servers where clients come from, in a header of the PROXY protocol before anything else.",
);
const ACCEPT_PROXY: Key =
    key("accept_proxy", Flag, "Clients begin with such a header; without one they are turned away.");
const CONGESTION: Key =
    key("congestion", Text, "The congestion control of its sockets (Linux, real clock), such as bbr.");
const RCVBUF: Key = key("rcvbuf", Quantity, "The receive buffer of its sockets (real clock).");
const SNDBUF: Key = key("sndbuf", Quantity, "The send buffer of its sockets (real clock).");

const COMMAND: Key =
    key("command", Many(&Text), "The program and its arguments, as a list; no shell reads it.").required();
const ENV: Key = key("env", Free(&Text), "Variables beside those of squall itself.");
const CWD: Key = key("cwd", Text, "Where it runs, from the file's folder.");
const OUTPUT: Key = key(
    "output",
    Text,
    "`inherit` shows its lines when they come, a file gets all of them; else the last ones are shown where the scenario fails.",
);

/// `[process.NAME]`
pub const PROCESS: Shape = Shape {
    name: "process",
    doc: "A program that runs as long as the scenario.",
    keys: &[
        COMMAND,
        ENV,
        CWD,
        OUTPUT,
        key("ready", Table(&READY), "When it is ready; at once by default."),
        key("port", Text, "Where it listens, such as {port.app}."),
        key("grace", Text, "To end by itself once it is asked to; 2s by default."),
    ],
};

/// `ready`
pub const READY: Shape = Shape {
    name: "ready",
    doc: "One of these, and within what time.",
    keys: &[
        key("tcp", Text, "When a connection is accepted there."),
        key("http", Text, "When a GET is answered with 2xx or 3xx."),
        key("stdout", Text, "When it writes a line with this text."),
        key("stderr", Text, "When it writes a line with this text there."),
        key("within", Text, "How long that may take; 10s by default."),
    ],
};

/// `run`
pub const RUN: Shape = Shape {
    name: "run",
    doc: "A command.",
    keys: &[
        COMMAND,
        ENV,
        CWD,
        OUTPUT,
        key("exit", Many(&Count(0)), "The right exit code, or several; 0 by default."),
        key("timeout", Text, "After which it is ended, and fails."),
    ],
};

/// `[[step]]`
pub const STEP: Shape = Shape {
    name: "step",
    doc: "Exactly one of its keys says what is done.",
    keys: &[
        key("name", Text, "What it is called; of a load or a command, in expressions."),
        key("background", Flag, "Whether the next step begins while this load or command runs."),
        key("load", Table(&LOAD), "Sends requests and verifies every byte of the answers."),
        key("inject", Many(&Fault(&INJECT)), "Puts faults on links, open connections included."),
        key("update", Many(&Fault(&UPDATE)), "Changes faults that are in force into others of their kind."),
        key("clear", Many(&Table(&CLEAR)), "Takes faults off by name."),
        key("heal", Table(&HEAL), "Takes every fault off, of all links or of those named."),
        key("link", Many(&Table(&LINK_STEP)), "Takes links down or up."),
        key("balance", Many(&Table(&BALANCE_STEP)), "Puts members of balancers in and out of service."),
        key("wait", Table(&WAIT), "Until an expression holds."),
        key("assert", Many(&Text), "What must hold now, once nothing is on its way any more."),
        key("sleep", Text, "For a while, such as 200ms."),
        key(
            "stop",
            Many(&Text),
            "Ends servers (echo.NAME), links (link.NAME, balance.NAME), processes (process.NAME) and loads in the background (load.NAME).",
        ),
        key("start", Many(&Text), "Brings servers, links and processes back that were stopped."),
        key("join", Many(&Text), "Waits for loads and commands in the background, by name."),
        key("run", Table(&RUN), "Runs a command and judges its exit code (real clock)."),
    ],
};

const ON: Key = key("link", Many(&Text), "The link or balancer, or several.").required();
const AT: Key = key("member", Text, "The member of the balancer that it is for, if it is for one.");

/// The keys of `inject` beside those of the fault.
pub const INJECT: Shape = Shape { name: "inject", doc: "A fault, and where.", keys: &[ON, AT] };

/// The keys of `update` beside those of the fault.
pub const UPDATE: Shape = Shape {
    name: "update",
    doc: "What a fault is to become.",
    keys: &[ON, AT, key("name", Text, "The fault that is in force.").required()],
};

/// `clear`
pub const CLEAR: Shape = Shape {
    name: "clear",
    doc: "Faults that end.",
    keys: &[ON, AT, key("name", Many(&Text), "The fault, or several.").required()],
};

/// `heal`
pub const HEAL: Shape = Shape {
    name: "heal",
    doc: "Links that are to have no fault any more; all of them where none is named.",
    keys: &[key("link", Many(&Text), "The link, or several.")],
};

/// The step `link`
pub const LINK_STEP: Shape = Shape {
    name: "switch",
    doc: "A link that goes down, or comes up.",
    keys: &[
        key("name", Many(&Text), "The link, or several.").required(),
        key("state", Word(&["up", "down"]), "Down closes the port and resets open connections.").required(),
    ],
};

/// `wait`
pub const WAIT: Shape = Shape {
    name: "wait",
    doc: "What is waited for.",
    keys: &[
        key("that", Text, "An expression, such as link.api.bytes.up >= 16KiB.").required(),
        key("within", Text, "The scenario fails where it does not hold in this time.").required(),
    ],
};

/// `[[expect]]`
pub const EXPECT: Shape = Shape {
    name: "expect",
    doc: "What must hold when the run has settled.",
    keys: &[key("that", Text, "An expression, such as load.upload.failed == 0.").required()],
};

/// `load`
pub const LOAD: Shape = Shape {
    name: "load",
    doc: "Requests over connections.",
    keys: &[
        key("target", Text, "link.NAME, balance.NAME, echo.NAME or process.NAME.").required(),
        key("connections", Count(1), "How many connections there are at a time; 1 by default."),
        key("requests", Count(1), "How many requests in all, dealt evenly to the connections."),
        key("duration", Text, "How long, with a rate: that is a fixed number of requests."),
        key("rate", Quantity, "Requests per second, whether earlier ones were answered or not, such as 2k."),
        key("stages", Text, "Stages of such a rate, such as 10s:2k,30s:2k."),
        key("arrivals", Text, "How requests with a rate are spread: uniform, poisson, burst:N."),
        key("size", Quantity, "Bytes of a request, such as 1KiB, 64-1500 or 64:90,1400:10."),
        key("reply_size", Quantity, "Bytes of a reply; speaks in frames."),
        key("reply_delay", Text, "How long the server is to wait before it replies; speaks in frames."),
        key("framed", Flag, "Speak in frames."),
        key("pipeline", Count(1), "How many requests may be unanswered on a connection."),
        key("per_conn", Count(1), "Close each connection after so many requests and open another."),
        key("close", Word(&["fin", "rst", "half"]), "How connections are ended."),
        key("hold", Text, "How long each connection is held open when it is done."),
        key("source", Text, "Addresses that connections come from, such as 127.0.0.0/24."),
        key("proxy_protocol", Word(&["v1", "v2"]), "Begin connections with a header of the PROXY protocol."),
        key("timeout", Text, "How long a request, or connecting, may take; 10s by default."),
        key("pause", Text, "How long each connection waits between requests."),
        key("warmup", Text, "Requests of this time are counted but not measured."),
        key("retries", Count(0), "UDP: how often a datagram that is not answered in time is sent again."),
        key("reconnect", Flag, "TCP: whether a lost connection is opened again; true by default."),
        key("send", Text, "TCP: a text that is sent as each request."),
        key("expect", Text, "The text that answers `send`; of HTTP, the body that every answer has to have."),
        key("expect_echo", Flag, "HTTP: the body of a request has to come back, byte for byte."),
        key(
            "expect_status",
            Quantity,
            "HTTP: statuses that are a success, such as 204 or 200,404; 2xx by default.",
        ),
        key("http", Text, "Makes requests of HTTP of it: the path on the server, with its query."),
        key("method", Text, "HTTP: GET by default."),
        key("header", Many(&Text), "HTTP: a header, NAME: VALUE, or several."),
        key("body", Text, "HTTP: what the request carries."),
    ],
};
