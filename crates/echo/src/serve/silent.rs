//! Servers that say nothing: `discard`, `never-read`, `never-reply`.

use std::future::{pending, poll_fn};
use std::io;

use crate::peer::Peer;

/// Reads everything, then sends FIN.
pub(super) async fn discard(mut peer: Peer<'_>) -> io::Result<()> {
    peer.skip_all().await?;
    peer.stream.finish()
}

/// Reads everything and leaves the connection open.
pub(super) async fn never_reply(mut peer: Peer<'_>) -> io::Result<()> {
    peer.skip_all().await?;
    never_read(peer).await
}

/// Leaves the connection open. Nothing is asked of the socket, so that only the idle timeout or the server's end closes it.
pub(super) async fn never_read(peer: Peer<'_>) -> io::Result<()> {
    let Some(mut idle) = peer.idle else { return pending().await };
    poll_fn(|cx| idle.poll(cx)).await;
    // Only now, for what was not read makes a reset of it.
    drop(peer.stream);
    Err(io::ErrorKind::TimedOut.into())
}
