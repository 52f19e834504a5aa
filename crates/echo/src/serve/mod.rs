//! What becomes of a connection: one function for each mode.

mod cut;
mod delay;
mod drip;
mod plain;
mod silent;
mod talk;

use std::io;

use crate::Mode;
use crate::peer::Peer;

/// Serves a connection until its end.
///
/// # Errors
/// When the connection breaks or was idle for too long; nobody but the client has to know.
pub(crate) async fn serve(peer: Peer<'_>, mode: &Mode, id: &str) -> io::Result<()> {
    match mode {
        Mode::Echo => plain::framed_or_not(peer, id).await,
        Mode::Discard => silent::discard(peer).await,
        Mode::Chargen => talk::talk(peer, u64::MAX).await,
        Mode::Fixed(size) => talk::talk(peer, size.as_bytes()).await,
        Mode::Banner(banner) => talk::greet(peer, banner).await,
        Mode::Delay(delay) => delay::serve(peer, *delay).await,
        Mode::Drip(rate) => drip::serve(peer, *rate).await,
        Mode::NeverRead => silent::never_read(peer).await,
        Mode::NeverReply => silent::never_reply(peer).await,
        Mode::CloseAfter(size) => cut::close_after(peer, size.as_bytes()).await,
        Mode::ResetAfter(size) => cut::reset_after(peer, size.as_bytes()).await,
    }
}
