//! HTTP of squall: live metrics, and the control API that Toxiproxy's clients speak.
//!
//! - [`serve`] answers `/metrics`, `/healthz` and `/readyz` until the [`Server`] it returns is stopped or dropped
//! - [`serve_all`] and [`serve_echoes`] do so for the links of a collection, and for echo servers; [`serve_services`] for both
//! - [`control`] serves a [`Collection`] of proxies; `toxiproxy` is what its clients know
//! - [`Source`] is one link whose counts are shown; they are read anew for every request
//! - `routes` says which path gives what, `text` and `json` are the two formats
//! - `server` accepts, `connection` keeps one client within bounds, `host` keeps web pages out,
//!   `patient` gives up on who does not read
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use squall_control::{Source, serve};
//! use squall_proxy::Metrics;
//!
//! let addr = "127.0.0.1:0".parse()?;
//! let server = serve(addr, vec![Source::new("web", Metrics::default)]).await?;
//! println!("metrics at http://{}/metrics", server.addr());
//! server.stop().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod all;
mod connection;
mod echo;
mod error;
mod guests;
mod host;
mod json;
mod patient;
mod routes;
mod server;
mod services;
mod source;
mod text;
mod toxiproxy;

pub use all::serve_all;
pub use echo::{EchoCollection, EchoProtocol, EchoSource, serve_echoes};
pub use error::ControlError;
pub use server::{Server, control, serve};
pub use services::serve_services;
pub use source::Source;
pub use toxiproxy::{Access, Collection, Exposure, Gauge, PopulateError};
