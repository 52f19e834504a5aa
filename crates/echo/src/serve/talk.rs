//! Servers that speak first: `chargen`, `fixed`, `banner`.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use super::plain;
use crate::peer::Peer;
use crate::text::chargen;

/// Bytes made at a time: whole turns of the generator, so that each piece is like the first.
const PIECE: usize = 74 * 95 * 4;

/// Sends `length` bytes of the character generator, then FIN, and drops what the client sends.
pub(super) async fn talk(mut peer: Peer<'_>, length: u64) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    chargen(0, &mut piece);
    let (mut sent, mut listening) = (0, true);
    while sent < length {
        let start = (sent % PIECE as u64) as usize;
        let end = PIECE.min(start + usize::try_from(length - sent).unwrap_or(PIECE).min(PIECE));
        sent += poll_fn(|cx| {
            while listening {
                match peer.poll_skip(cx)? {
                    Poll::Ready(read) => listening = read > 0,
                    Poll::Pending => break,
                }
            }
            peer.poll_write(cx, &piece[start..end])
        })
        .await? as u64;
    }
    drop(piece);
    peer.stream.finish()?;
    peer.skip_all().await
}

/// Sends a banner, then echoes.
pub(super) async fn greet(mut peer: Peer<'_>, banner: &[u8]) -> io::Result<()> {
    peer.write_all(banner).await?;
    plain::echo(peer).await
}
