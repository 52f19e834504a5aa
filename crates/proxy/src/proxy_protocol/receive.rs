//! The header as it comes out of a client's connection.

use super::read::{BLOCK, Header, read};
use crate::live::Ends;
use squall_wire::{Stream, with_scratch};
use std::future::poll_fn;
use std::io::{self, ErrorKind};

/// Between whom the client says that the connection is, if it says so, and what it has sent behind that. When cancelled, what
/// was read is lost.
///
/// # Errors
/// Where there is no header, or the connection ends.
pub(crate) async fn receive(client: &Stream) -> io::Result<(Option<Ends>, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        let room = BLOCK.saturating_sub(bytes.len());
        // The buffer is lent for each read, or every connection would carry one from its beginning.
        let read_some = poll_fn(|cx| {
            with_scratch(|scratch| {
                let limit = scratch.len().min(room);
                client.poll_read(cx, &mut scratch[..limit]).map_ok(|n| {
                    bytes.extend_from_slice(&scratch[..n]);
                    n
                })
            })
        });
        if read_some.await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        match read(&bytes) {
            Header::Incomplete => {}
            Header::Complete { ends, len } => return Ok((ends, bytes.split_off(len))),
            Header::Wrong(why) => return Err(io::Error::new(ErrorKind::InvalidData, why)),
        }
    }
}
