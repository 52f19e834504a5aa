//! The relay: one acceptor per link, one pump per connection, a live plan of faults.
//!
//! - [`ProxyBuilder`] is what is asked for, [`Proxy`] the handle of a running link, [`FaultGuard`] a fault on it
//! - `acceptor` numbers connections and hands them to shards; `connection` is the life of one; `pump` moves its bytes
//! - `session` is the same for datagrams: a receiver in the acceptor's place, and a task for each client
//! - `forward` hears where clients of [`Proxy::forward`] want to go
//! - [`bridge`] is one connection without an acceptor, between two ends
//! - `balance` picks the server where there are several; `proxy_protocol` is what servers and clients say of who is who
//! - `live_plan` is the plan as it changes, `registry` the connections as they come and go
//! - [`Metrics`] is what was counted, [`Events`] what happens

mod acceptor;
mod alarm;
mod balance;
pub mod blocking;
mod bridge;
mod budget;
mod builder;
mod close;
mod connection;
mod durations;
mod error;
mod event;
pub mod faulty;
mod forward;
mod guard;
mod link;
mod live;
mod live_plan;
mod metrics;
mod options;
mod proxy;
mod proxy_protocol;
mod pump;
mod registry;
mod session;
mod snapshots;
mod unreached;

pub use balance::{Balance, BalanceError, BalancerHandle, Check, Departed, Member, Picks};
pub use bridge::{Bridge, BridgeBuilder, BridgeCanceller, BridgeEnd, Bridged, bridge};
pub use builder::ProxyBuilder;
pub use close::CloseReason;
pub use durations::Durations;
pub use error::ProxyError;
pub use event::{Event, Events};
pub use guard::FaultGuard;
pub use metrics::{Bytes, Closes, Connections, Datagrams, FaultMetrics, MemberMetrics, Metrics, Sides};
pub use options::Relay;
pub use proxy::{Labels, Proxy};
pub use proxy_protocol::ProxyProtocol;
pub use squall_wire::Client;
pub use unreached::Unreached;
