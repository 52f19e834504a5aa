//! Sockets and clocks of squall, real and virtual: shards, listen, dial, RST and FIN, precise timers.
//!
//! | where | what |
//! | --- | --- |
//! | [`Shards`] | threads, each with its runtime; [`Shards::spawn`] puts a task where it stays |
//! | [`run_virtual`] | a whole world on one thread, in virtual time, with a network in memory |
//! | [`Env`] | the clock and the sockets of a shard: now, sleep, listen, dial, bind |
//! | [`Listener`], [`Incoming`] | an accept loop that nothing kills, and what it hands to a shard |
//! | [`Stream`], [`Dialer`] | connections with half-close and reset, over TCP, unix sockets or in memory |
//! | [`Datagrams`] | datagram sockets that receive and send many at a time |
//! | [`Frame`], [`Payload`] | what a load and an echo server say to each other, every byte of it checkable |
//! | [`Endpoint`], [`Address`] | addresses as people write them, the latter also `unix:PATH`; [`Client`] is one who came |
//!
//! ```
//! use squall_wire::run_virtual;
//! use std::time::Duration;
//!
//! let elapsed = run_virtual(|shards| async move {
//!     let env = shards.env(0).clone();
//!     env.sleep(Duration::from_secs(600)).await;
//!     env.now()
//! })?;
//! assert_eq!(elapsed, 600_000_000_000);
//! # Ok::<(), std::io::Error>(())
//! ```

mod address;
mod backlog;
mod client;
mod clock;
mod datagrams;
mod dialer;
mod env;
mod frame;
mod heap;
mod idle;
mod kernel_pipe;
mod limits;
mod listener;
mod lock;
mod lull;
mod mem;
mod mem_datagrams;
mod nanos;
mod net;
mod payload;
mod pipe;
mod place;
mod platform;
mod probe;
mod reason;
mod refusing;
mod scratch;
mod shards;
mod sleep;
mod stream;
mod tcp_listener;
mod timer;
mod tuning;
mod udp;
mod unix_listener;
mod world;

pub use address::{AddressError, Endpoint};
pub use backlog::{FullBacklog, can_hang};
pub use client::Client;
pub use datagrams::Datagrams;
pub use dialer::Dialer;
pub use env::Env;
pub use frame::{Frame, FrameError, FrameKind};
pub use idle::Idle;
pub use kernel_pipe::KernelPipe;
pub use limits::raise_descriptor_limit;
pub use listener::{Hung, Incoming, Listener};
pub use lock::lock;
pub use lull::Lulls;
pub use mem::MemStream;
pub use mem_datagrams::MemDatagrams;
pub use nanos::nanos;
pub use net::{MemHung, MemListener};
pub use payload::Payload;
pub use place::Address;
pub use probe::{
    BACKLOG_WANTED, DATAGRAM_BUFFER_WANTED, DatagramProbe, PIPE_WANTED, PipeProbe, descriptor_limit,
    probe_datagrams, probe_pipe, probe_reset,
};
pub use reason::reason;
pub use refusing::Refusing;
pub use scratch::{SCRATCH_BYTES, with_scratch};
pub use shards::{RealShard, Shards};
pub use sleep::Sleep;
pub use stream::Stream;
pub use tcp_listener::TcpListener;
pub use tuning::Tuning;
pub use udp::UdpDatagrams;
pub use unix_listener::UnixListener;
pub use world::{World, run_virtual};
