//! The balancer's mind, sans-I/O: which member gets a connection, and which members are fit for one.
//!
//! Nothing here owns a socket, a task, a timer or a clock. A [`Pool`] is told the time, in nanoseconds since an origin of
//! the caller's choosing, with everything that happens: a connection came ([`Pool::pick`]), its dial went well
//! ([`Pool::connected`]) or not ([`Pool::connect_failed`]), it ended ([`Pool::closed`]), a probe ended
//! ([`Pool::probe_done`]), an operator spoke ([`Pool::set_admin`]), it is to be another ([`Pool::reconfigure`]). It answers with a member and with the
//! [`Event`]s that this caused.
//!
//! - [`Algorithm`]: how a member is chosen
//! - [`PoolConfig`]: members, health checks, ejection, slow start
//! - [`Pick`] and [`Decision`]: what was chosen for a connection, and the line about it in a decision log
//! - [`Snapshot`]: the members as a report shows them
//!
//! ```
//! use squall_balance::{Algorithm, Arrival, MemberConfig, Pool, PoolConfig};
//!
//! let members = vec![MemberConfig::new("10.0.0.1:80").weight(5), MemberConfig::new("10.0.0.2:80")];
//! let mut pool = Pool::new(PoolConfig::new(Algorithm::RoundRobin, members), 0)?;
//! let pick = pool.pick(1_000, Arrival::new(1));
//! if let Ok(member) = pick.member {
//!     assert_eq!(pool.member_name(member), "10.0.0.1:80");
//!     pool.connected(2_000, member);
//!     pool.closed(3_000, member);
//! }
//! # Ok::<(), squall_balance::PoolError>(())
//! ```

mod algorithm;
mod choose;
mod condition;
mod config;
mod event;
mod health;
mod key;
mod member;
mod passive;
mod pick;
mod pool;
mod reconfigure;
mod snapshot;
mod upkeep;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use condition::{AdminState, Condition, UnknownAdminState};
pub use config::{Ejection, HealthCheck, MAX_WEIGHT, MemberConfig, PoolConfig, PoolError};
pub use event::{Event, EventKind};
pub use health::Probe;
pub use pick::{Arrival, Candidates, Decision, MemberId, NoMember, Pick, Source};
pub use pool::Pool;
pub use snapshot::{MemberSnapshot, Snapshot};
