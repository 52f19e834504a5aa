//! `echo`: everything comes back, and whoever begins with a frame is answered in frames.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use squall_wire::{Frame, Sleep, with_scratch};

use crate::frames;
use crate::peer::Peer;

/// Reads and writes in a row before other connections of the shard get their turn.
const ROUNDS: usize = 16;

/// How long the beginning of what may become a frame is kept. Longer pauses are for clients that happen to begin so and wait.
const DOUBT: Duration = Duration::from_millis(500);

/// Echoes, unless the client speaks in frames.
pub(super) async fn framed_or_not(peer: Peer<'_>, id: &str) -> io::Result<()> {
    let mut echo = Plain { peer, undecided: true, doubt: None, rest: Vec::new(), sent: 0 };
    match poll_fn(|cx| echo.poll(cx)).await? {
        End::Done => echo.peer.stream.finish(),
        End::Frames => frames::stream::serve(echo.peer, id, echo.rest).await,
    }
}

/// Echoes whatever comes.
pub(super) async fn echo(peer: Peer<'_>) -> io::Result<()> {
    let mut echo = Plain { peer, undecided: false, doubt: None, rest: Vec::new(), sent: 0 };
    poll_fn(|cx| echo.poll(cx)).await?;
    echo.peer.stream.finish()
}

/// An echo. It owns a buffer only while the client does not read.
struct Plain<'a> {
    peer: Peer<'a>,
    /// Whether what came so far, which is `rest`, may become a frame.
    undecided: bool,
    /// Until when there may be more of a frame that has begun.
    doubt: Option<Sleep>,
    /// What was read but not written, from `sent` on.
    rest: Vec<u8>,
    sent: usize,
}

/// Why an echo has ended.
enum End {
    /// The client is done and has everything back.
    Done,
    /// What was read, all of it in `rest`, is the beginning of a frame.
    Frames,
}

impl Plain<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<End>> {
        for _ in 0..ROUNDS {
            if let Some(end) = ready!(self.poll_round(cx))? {
                return Poll::Ready(Ok(end));
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Moves some bytes.
    fn poll_round(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<End>>> {
        if !self.undecided && self.sent < self.rest.len() {
            self.sent += ready!(self.peer.poll_write(cx, &self.rest[self.sent..]))?;
            if self.sent == self.rest.len() {
                (self.rest, self.sent) = (Vec::new(), 0);
            }
            return Poll::Ready(Ok(None));
        }
        with_scratch(|scratch| {
            let limit = self.peer.buffer.min(scratch.len());
            let Poll::Ready(read) = self.peer.poll_read(cx, &mut scratch[..limit])? else {
                return self.poll_doubt(cx).map(|()| Ok(None));
            };
            let unsent = &scratch[..read];
            if self.undecided {
                return Poll::Ready(Ok(self.decide(unsent)));
            }
            let written = match unsent {
                [] => return Poll::Ready(Ok(Some(End::Done))),
                // What does not fit is kept for the next round, which writes before it reads.
                _ => match self.peer.stream.poll_write(cx, unsent)? {
                    Poll::Ready(written) => written,
                    Poll::Pending => 0,
                },
            };
            self.peer.wrote(written);
            self.rest.extend_from_slice(&unsent[written..]);
            Poll::Ready(Ok(None))
        })
    }

    /// Ready when there has been no more of a frame for too long; then it is none.
    fn poll_doubt(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.undecided || self.rest.is_empty() {
            return Poll::Pending;
        }
        let env = self.peer.env;
        let doubt = self.doubt.get_or_insert_with(|| env.sleep(DOUBT));
        ready!(Pin::new(doubt).poll(cx));
        (self.undecided, self.doubt) = (false, None);
        Poll::Ready(())
    }

    /// Looks at the first bytes: kept as long as they may become a frame, at the latest until FIN.
    fn decide(&mut self, read: &[u8]) -> Option<End> {
        self.doubt = None;
        self.rest.extend_from_slice(read);
        let known = self.rest.len().min(Frame::MAGIC.len());
        let foreign = self.rest[..known] != Frame::MAGIC[..known];
        self.undecided = !foreign && !read.is_empty();
        (self.undecided && known == Frame::MAGIC.len()).then_some(End::Frames)
    }
}
