//! Flaky networks on purpose, reproducibly: the squall library.
//!
//! A [`Proxy`] stands between a client and a server and does to their connection what networks do. It works on a thread of
//! its own, so it serves blocking and async tests alike, on any runtime.
//!
//! ```
//! use squall::{Latency, Proxy, Reset, Shape};
//! use std::time::Duration;
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = squall::echo::tcp().start().await?; // or the server under test
//! let proxy = Proxy::tcp(server.addr()).seed(7).fault(Latency::new(Duration::from_millis(5))).start().await?;
//! let mut client = tokio::net::TcpStream::connect(proxy.addr()).await?;
//!
//! client.write_all(b"ping").await?;
//! let mut answer = [0; 4];
//! client.read_exact(&mut answer).await?; // 5 ms later
//!
//! let cut = proxy.inject(Reset::at(6).down()); // in force until `cut` is dropped
//! client.write_all(b"ping").await?;
//! let error = client.read_exact(&mut answer).await.unwrap_err();
//! assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
//! assert_eq!(cut.fired(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! - [`Proxy`], [`ProxyBuilder`]: a link; port 0 by default, [`Proxy::addr`] tells which
//! - [`Latency`], [`Bandwidth`], [`Reset`] and the others of [`KINDS`]: faults; [`Shape`] gives them direction, scope and
//!   name; [`FaultSpec`] reads the command line's grammar
//! - [`ProxyBuilder::preset`]: kinds of networks by name, [`PRESETS`]
//! - [`Faults`], [`duplex`], [`Faulty`]: faults within the process, on tokio's clock, paused or not, and on any stream
//! - [`Decisions`], [`Replay`]: what the faults decided, to compare and to repeat
//! - [`FaultGuard`]: a fault that ends when its guard is dropped
//! - [`Balance`], [`Member`], [`BalancerHandle`]: a link that picks one of several servers, [`Algorithm`] says how
//! - [`Metrics`], [`Events`]: what was counted, what happens
//! - [`bridge`]: one connection between two ends; [`blocking`]: links and bridges for threads that may block
//! - [`echo`]: servers that send back what they get, or misbehave
//! - `load` (feature `load`): clients that verify every byte
//! - `scenario` (feature `scenario`): scenario files
//! - [`Shards`], [`run_virtual`]: threads of your own, and whole worlds in virtual time

pub use squall_balance::{
    AdminState, Algorithm, Condition, Ejection, HealthCheck, PoolError, Snapshot, UnknownAdminState,
    UnknownAlgorithm,
};
pub use squall_faults::catalogue::*;
pub use squall_faults::value;
pub use squall_faults::{
    After, Carrier, ConnKey, Decision, Decisions, Direction, Directions, FaultSpec, IndexSet, Kind,
    LinkedSpec, PRESETS, Pattern, Peer, PlanError, Preset, Probability, Rate, Replay, ReplayError, Schedule,
    Scope, Shape, Side, Size, SpecError, TraceError, find_kind, find_preset, nearest_preset,
};
pub use squall_proxy::faulty::{DuplexEnd, FaultHandle, Faults, Faulty, duplex};
pub use squall_proxy::{
    Balance, BalanceError, BalancerHandle, Bridge, BridgeBuilder, BridgeCanceller, BridgeEnd, Bridged, Bytes,
    Check, Client, CloseReason, Closes, Connections, Datagrams, Departed, Event, Events, FaultGuard,
    FaultMetrics, Labels, Member, MemberMetrics, Metrics, Picks, Proxy, ProxyBuilder, ProxyError,
    ProxyProtocol, Relay, Unreached, blocking, bridge,
};
pub use squall_wire::{
    Address, AddressError, Endpoint, Env, Shards, Tuning, raise_descriptor_limit, run_virtual,
};

/// Servers that send back what they get.
pub mod echo {
    pub use squall_echo::{
        Client, Counts, Echo, EchoBuilder, EchoError, Ending, Event, Events, Mode, ModeError, Totals, http,
        tcp, udp,
    };
}

/// Clients that verify every byte that comes back.
#[cfg(feature = "load")]
pub mod load {
    pub use squall_load::*;
}

/// Scenario files: read, run, report, compare.
#[cfg(feature = "scenario")]
pub mod scenario {
    pub use squall_scenario::*;
}

/// The examples of the project's front page, compiled with the library's tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;

/// The examples of the guide, likewise.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/tests.md")]
pub struct Guide;
