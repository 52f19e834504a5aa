//! Servers that end in the midst of it: `close-after`, `reset-after`.

use std::io;
use std::time::Duration;

use crate::event::Ending;
use crate::peer::Peer;

/// How long a reset waits for what was echoed before it to arrive.
const ARRIVAL: Duration = Duration::from_secs(1);

/// Echoes `length` bytes, then sends FIN and drops the rest.
pub(super) async fn close_after(mut peer: Peer<'_>, length: u64) -> io::Result<()> {
    echo_first(&mut peer, length).await?;
    peer.stream.finish()?;
    peer.skip_all().await
}

/// Echoes `length` bytes, then resets the connection. A client that is done before gets FIN.
pub(super) async fn reset_after(mut peer: Peer<'_>, length: u64) -> io::Result<()> {
    if !echo_first(&mut peer, length).await? {
        return peer.stream.finish();
    }
    // A reset overtakes what is still on its way.
    peer.stream.drained(peer.env, ARRIVAL).await;
    peer.account.end(Ending::Reset);
    peer.stream.abort()
}

/// Echoes up to `length` bytes; whether there were so many.
async fn echo_first(peer: &mut Peer<'_>, length: u64) -> io::Result<bool> {
    let (mut left, mut held) = (length, Vec::new());
    while left > 0 {
        let limit = usize::try_from(left).unwrap_or(usize::MAX);
        let read = peer.read_onto(&mut held, limit).await?;
        if read == 0 {
            return Ok(false);
        }
        peer.write_all(&held).await?;
        left -= read as u64;
        held = Vec::new();
    }
    Ok(true)
}
