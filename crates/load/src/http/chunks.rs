//! A body in chunks: what of it is data, where it ends, and that it is well formed.

/// Reads chunk after chunk.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    state: State,
}

#[derive(Debug)]
enum State {
    /// In a line that says how long the next chunk is: so far, and whether the number is over.
    Size {
        length: Option<u64>,
        over: bool,
    },
    /// In a chunk: so many bytes to go, of which two are its line end.
    Data(u64),
    /// Behind the last chunk: bytes of the line that is being read.
    Trailer(usize),
    Done,
}

impl Default for State {
    fn default() -> State {
        State::Size { length: None, over: false }
    }
}

/// It is not a chunked body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The longest chunk.
const LONGEST: u64 = 1 << 48;
/// The longest line of a trailer.
const LINE: usize = 64 << 10;

impl Chunks {
    /// Takes bytes, and says how many belong to the body; whether that is its end is [`Chunks::is_done`]. Tells `data` each part
    /// that is data, with its place in `bytes`.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        mut data: impl FnMut(usize, &[u8]),
    ) -> Result<usize, Malformed> {
        let mut at = 0;
        while at < bytes.len() {
            match &mut self.state {
                State::Size { length, over } => {
                    match bytes[at] {
                        b'\n' => {
                            self.state = match length.ok_or(Malformed)? {
                                0 => State::Trailer(0),
                                length => State::Data(length + 2),
                            };
                        }
                        // Extensions of a chunk mean nothing here.
                        b';' | b' ' | b'\t' | b'\r' => *over = true,
                        _ if *over => {}
                        digit => {
                            let digit = char::from(digit).to_digit(16).ok_or(Malformed)?;
                            *length = Some(length.unwrap_or(0) * 16 + u64::from(digit));
                            if *length > Some(LONGEST) {
                                return Err(Malformed);
                            }
                        }
                    }
                    at += 1;
                }
                State::Data(left @ 1..=2) => {
                    if bytes[at] != if *left == 2 { b'\r' } else { b'\n' } {
                        return Err(Malformed);
                    }
                    *left -= 1;
                    at += 1;
                    if *left == 0 {
                        self.state = State::default();
                    }
                }
                State::Data(left) => {
                    let n = (bytes.len() - at).min(usize::try_from(*left - 2).unwrap_or(usize::MAX));
                    data(at, &bytes[at..at + n]);
                    *left -= n as u64;
                    at += n;
                }
                State::Trailer(line) => {
                    match bytes[at] {
                        b'\n' if *line == 0 => self.state = State::Done,
                        b'\n' => *line = 0,
                        b'\r' => {}
                        _ if *line == LINE => return Err(Malformed),
                        _ => *line += 1,
                    }
                    at += 1;
                }
                State::Done => return Ok(at),
            }
        }
        Ok(at)
    }

    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_found_however_the_bytes_are_cut() {
        let body =
            b"5;name=value\r\nhello\r\n1f\r\n0123456789012345678901234567890\r\n0\r\nTrailer: 1\r\n\r\n";
        for size in 1..=body.len() {
            let (mut chunks, mut taken, mut data) = (Chunks::default(), 0, Vec::new());
            for part in body.chunks(size) {
                assert!(!chunks.is_done());
                let mut keep = |at: usize, bytes: &[u8]| {
                    assert_eq!(part[at..at + bytes.len()], *bytes);
                    data.extend_from_slice(bytes);
                };
                taken += chunks.take(part, &mut keep).expect("well formed");
            }
            assert!(chunks.is_done() && taken == body.len(), "in parts of {size}");
            assert_eq!(data, b"hello0123456789012345678901234567890");
        }
        let mut chunks = Chunks::default();
        assert_eq!(chunks.take(b"0\r\n\r\nHTTP/1.1", |_, _| {}), Ok(5));
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        for body in [&b"xyz\r\n"[..], b"\r\n", b"fffffffffffffffff\r\n", b"2\r\nabc\r\n", b"1\r\na\n\n"] {
            assert_eq!(Chunks::default().take(body, |_, _| {}), Err(Malformed));
        }
    }
}
