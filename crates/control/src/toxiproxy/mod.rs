//! The control API that Toxiproxy's clients speak, on squall's links.
//!
//! - [`Collection`]: the proxies, what they are asked to be and the links that they are while they run
//! - `toxic`: a toxic, its attributes, and the fault that it stands for
//! - `listen`: addresses as Go reads them; `json`: bodies as Go reads and writes them; `error`: refusals in its words
//! - `balance`: squall's own part, the members of balancers
//! - `routes`: which request does what; `gate`: who may ask; `page`: how answers look
//! - `metrics`: the families of Toxiproxy's clients, beside squall's own

mod adopted;
mod balance;
mod collection;
mod counts;
mod entry;
mod error;
mod gate;
mod json;
mod listen;
mod metrics;
mod page;
mod paths;
mod populate;
mod request;
mod routes;
mod toxic;
mod toxics;

pub use collection::{Collection, PopulateError};
pub use gate::Access;
pub use metrics::{Exposure, Gauge};
pub(crate) use routes::app;
