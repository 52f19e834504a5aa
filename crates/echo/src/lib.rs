//! Echo servers over squall-wire: what a client sends comes back, byte for byte.
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
mod connection;
mod connections;
mod counts;
mod echo;
mod error;
mod tcp;
mod udp;

pub use builder::{EchoBuilder, tcp, udp};
pub use counts::Counts;
pub use echo::Echo;
pub use error::EchoError;
