//! Echo servers over squall-wire: what a client sends comes back, byte for byte; or they misbehave on purpose, see [`Mode`].
//!
//! A client that begins with a [`squall_wire::Frame`] is answered in frames, if the mode is [`Mode::Echo`]:
//!
//! - A hello is answered with the server's identity.
//! - A request is read to its end and then answered with its payload, or with as many bytes as it wants, after the delay that
//!   it wants, 60 s at the most. Requests of one connection are answered in order, so later ones wait too. The answer says
//!   where the payload was first wrong when the server read it; the bytes that come back are the right ones all the same.
//! - What is no request is answered with [`squall_wire::FrameKind::Unreadable`], and the connection is closed.
//! - A datagram is answered framed if it is a whole frame; the payload of the answer is cut to what fits into one.
//!
//! ```
//! # squall_wire::run_virtual(|shards| async move {
//! let echo = squall_echo::tcp().shards(shards.clone()).start().await?;
//!
//! let client = shards.env(0).dial(echo.addr()).await?;
//! client.write_all(b"hello").await?;
//! let mut heard = [0; 5];
//! client.read(&mut heard).await?;
//! assert_eq!(&heard, b"hello");
//! assert_eq!(echo.counts().bytes_out, 5);
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! # })?.unwrap();
//! # Ok::<(), std::io::Error>(())
//! ```

mod builder;
mod connections;
mod counts;
mod echo;
mod error;
mod event;
mod frames;
mod http;
mod mode;
mod peer;
mod serve;
mod tcp;
mod text;
mod udp;

pub use builder::{EchoBuilder, http, tcp, udp};
pub use counts::Counts;
pub use echo::{Echo, Totals};
pub use error::EchoError;
pub use event::{Ending, Event, Events};
pub use mode::{Mode, ModeError};
pub use squall_wire::Client;
