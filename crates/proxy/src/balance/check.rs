//! What a probe does with a member.

use squall_wire::{Stream, with_scratch};
use std::future::poll_fn;
use std::io;

/// What shows that a member is well.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Check {
    /// That it can be connected to.
    Connect,
    /// That it answers: `send` is sent, and what comes back must contain `expect`. Either may be empty.
    Exchange {
        /// What is sent.
        send: Vec<u8>,
        /// What must be among the first 64 KiB that come back.
        expect: Vec<u8>,
    },
}

/// How much of an answer is looked at, in bytes.
const ANSWER: usize = 64 << 10;

impl Check {
    /// Looks at a member that was connected to. Cancelling it just ends the look.
    pub(super) async fn look(&self, stream: &Stream) -> io::Result<()> {
        let Check::Exchange { send, expect } = self else { return Ok(()) };
        stream.write_all(send).await?;
        let mut answer = Vec::new();
        while !contains(&answer, expect) {
            let room = ANSWER - answer.len();
            // The buffer is lent for each read, or every probe would carry one.
            let read = poll_fn(|cx| {
                with_scratch(|scratch| {
                    let limit = scratch.len().min(room);
                    let read = stream.poll_read(cx, &mut scratch[..limit]);
                    read.map_ok(|n| {
                        answer.extend_from_slice(&scratch[..n]);
                        n
                    })
                })
            });
            if room == 0 || read.await? == 0 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "not the answer that is expected"));
            }
        }
        Ok(())
    }
}

fn contains(answer: &[u8], expect: &[u8]) -> bool {
    expect.is_empty() || answer.windows(expect.len()).any(|window| window == expect)
}
