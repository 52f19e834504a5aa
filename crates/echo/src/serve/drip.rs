//! `drip`: an echo at so many bytes a second.

use std::io;

use squall_faults::Rate;

use crate::peer::Peer;

/// Pieces a second, where the rate allows for more than a byte each.
const PIECES: u64 = 100;
/// The most bytes read at a time: what is not yet read keeps the client waiting.
const AHEAD: usize = 64 * 1024;

/// Echoes piece by piece, each when the rate lets its last byte go.
pub(super) async fn serve(mut peer: Peer<'_>, rate: Rate) -> io::Result<()> {
    let piece = usize::try_from(rate.bits() / 8 / PIECES).unwrap_or(AHEAD).clamp(1, AHEAD);
    let mut held = Vec::new();
    // The schedule: when it began, and what went since.
    let (mut began, mut gone) = (peer.env.now(), 0_u64);
    while peer.read_onto(&mut held, AHEAD).await? > 0 {
        let now = peer.env.now();
        if now > began.saturating_add(duration(rate, gone)) {
            (began, gone) = (now, 0);
        }
        for part in held.chunks(piece) {
            gone += part.len() as u64;
            peer.env.sleep_until(began.saturating_add(duration(rate, gone))).await;
            peer.touch();
            peer.write_all(part).await?;
        }
        held = Vec::new();
    }
    peer.stream.finish()
}

/// How long so many bytes take, in nanoseconds.
fn duration(rate: Rate, bytes: u64) -> u64 {
    let bits = u128::from(bytes) * 8;
    u64::try_from(bits * 1_000_000_000 / u128::from(rate.bits().max(1))).unwrap_or(u64::MAX)
}
