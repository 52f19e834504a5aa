//! A framed connection: requests are answered in order, each after its delay.

use std::io;

use super::parser::{Heard, Parser};
use super::{Body, answer, delay_of, introduction, unreadable};
use crate::peer::Peer;
use squall_wire::Frame;

/// Bytes of answers gathered before they are written.
const GATHERED: usize = 64 * 1024;

/// Serves a framed client that has sent `first` so far.
pub(crate) async fn serve(peer: Peer<'_>, id: &str, first: Vec<u8>) -> io::Result<()> {
    let (mut desk, mut parser, mut input) = (Desk { peer, out: Vec::new() }, Parser::new(), first);
    loop {
        let mut unread = input.as_slice();
        while let Some(heard) = parser.next(&mut unread) {
            match heard {
                Heard::Hello(hello) => desk.put(introduction(&hello, id)).await?,
                Heard::Request(request, damage) => {
                    let delay = delay_of(&request);
                    if !delay.is_zero() {
                        desk.send().await?;
                        desk.peer.pause(delay).await;
                    }
                    desk.put(answer(&request, damage, u32::MAX)).await?;
                }
                Heard::Unreadable => {
                    desk.put((unreadable(), Body::Bytes(&[]))).await?;
                    desk.send().await?;
                    return desk.peer.say_goodbye().await;
                }
            }
        }
        desk.send().await?;
        input = Vec::new();
        if desk.peer.read_onto(&mut input, usize::MAX).await? == 0 {
            return desk.peer.stream.finish();
        }
    }
}

/// Where answers are gathered, so that many small ones take one system call.
struct Desk<'a> {
    peer: Peer<'a>,
    out: Vec<u8>,
}

impl Desk<'_> {
    /// Adds an answer, and sends what is complete meanwhile.
    async fn put(&mut self, (header, body): (Frame, Body<'_>)) -> io::Result<()> {
        self.out.extend_from_slice(&header.to_bytes());
        match body {
            Body::Bytes(bytes) => self.out.extend_from_slice(bytes),
            Body::Made(payload, length) => {
                let mut made = 0;
                while made < length {
                    let start = self.out.len();
                    let piece = GATHERED.min(usize::try_from(length - made).unwrap_or(GATHERED));
                    self.out.resize(start + piece, 0);
                    payload.fill(u64::from(made), &mut self.out[start..]);
                    made += piece as u32;
                    if self.out.len() >= GATHERED {
                        self.send().await?;
                    }
                }
            }
        }
        if self.out.len() >= GATHERED { self.send().await } else { Ok(()) }
    }

    /// Sends what was gathered, and gives back its memory.
    async fn send(&mut self) -> io::Result<()> {
        let out = std::mem::take(&mut self.out);
        self.peer.write_all(&out).await
    }
}
