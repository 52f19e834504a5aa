//! How a link treats its connections, apart from faults.

use crate::proxy_protocol::ProxyProtocol;
use squall_wire::Tuning;
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) connect_timeout: Duration,
    /// A client whose server cannot be reached gets a FIN instead of a RST.
    pub(crate) fin_unreached: bool,
    pub(crate) idle_timeout: Option<Duration>,
    /// How often to look whether it is idle; at the very moment where there is none.
    pub(crate) idle_check: Option<Duration>,
    /// Whether one direction goes on when the other has ended.
    pub(crate) half_close: bool,
    pub(crate) max_connections: Option<u64>,
    pub(crate) buffer: u64,
    pub(crate) relay: Relay,
    pub(crate) tuning: Tuning,
    /// What servers are told of clients before anything else.
    pub(crate) proxy_protocol: Option<ProxyProtocol>,
    /// Whether clients are to say where they come from before anything else.
    pub(crate) accept_proxy: bool,
}

/// How bytes that nobody has to see are relayed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Relay {
    /// Bulk through pipes of the kernel where there are such (Linux), everything else through a buffer.
    #[default]
    Auto,
    /// Always through a buffer.
    Copy,
    /// Through pipes of the kernel from the first byte, where there are such. Costs more for small messages.
    Splice,
}

/// How long a dial may take by default.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What one direction of one connection holds at the most by default: 20 ms of latency at 3 GB/s.
const BUFFER: u64 = 64 << 20;

/// How long a client may take to say where it comes from.
pub(crate) const HEADER_LIMIT: Duration = Duration::from_secs(5);

/// How long a RST that keeps its place waits for what stands before it, and an orderly end for the peer's.
pub(crate) const FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// How long a client of datagrams is remembered by default.
const SESSION_IDLE: Duration = Duration::from_secs(60);
/// How many clients of datagrams are remembered by default: each takes a socket.
const SESSIONS: u64 = 10_000;

impl Options {
    /// Those of a link for datagrams by default.
    pub(crate) fn for_datagrams() -> Options {
        Options { idle_timeout: Some(SESSION_IDLE), max_connections: Some(SESSIONS), ..Options::default() }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            connect_timeout: CONNECT_TIMEOUT,
            fin_unreached: false,
            idle_timeout: None,
            idle_check: None,
            half_close: true,
            max_connections: None,
            buffer: BUFFER,
            relay: Relay::Auto,
            tuning: Tuning::default(),
            proxy_protocol: None,
            accept_proxy: false,
        }
    }
}
