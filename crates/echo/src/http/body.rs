//! The body of a request: read as it comes, never more than the limit.

use super::head::{Head, Length};
use super::reader::Reader;
use super::refusal::{Refusal, Trouble};

/// Bytes of the largest body.
const BODY: u64 = 1 << 20;
/// Bytes of the longest line with a chunk's size.
const SIZE_LINE: usize = 256;
/// Bytes of all trailers together.
const TRAILERS: usize = 8 * 1024;

/// Whether the body may fit, as far as its head tells.
pub(super) fn fits(head: &Head) -> bool {
    !matches!(head.length, Length::Known(length) if length > BODY)
}

/// Reads the body behind a head. What is announced takes no memory before it is there.
pub(super) async fn read(reader: &mut Reader<'_>, head: &Head) -> Result<Vec<u8>, Trouble> {
    let mut body = Vec::new();
    match head.length {
        Length::Known(length) => reader.take(allowed(length)?, &mut body).await?,
        Length::Chunked => read_chunks(reader, &mut body).await?,
    }
    Ok(body)
}

fn allowed(length: u64) -> Result<usize, Refusal> {
    let too_large = || Refusal::new(413, format!("the body is larger than {BODY} bytes"));
    usize::try_from(length).ok().filter(|_| length <= BODY).ok_or_else(too_large)
}

async fn read_chunks(reader: &mut Reader<'_>, body: &mut Vec<u8>) -> Result<(), Trouble> {
    let bad = || Refusal::new(400, "a chunk does not begin with its size");
    loop {
        let line = reader.line(SIZE_LINE, bad).await?;
        // Behind a semicolon are extensions, of which none is known.
        let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let size = std::str::from_utf8(digits).ok().filter(|digits| {
            // `from_str_radix` alone would let a sign pass.
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        let size = u64::from_str_radix(size.ok_or_else(bad)?, 16).unwrap_or(u64::MAX);
        if size == 0 {
            return skip_trailers(reader).await;
        }
        let size = allowed(size.saturating_add(body.len() as u64))? - body.len();
        reader.take(size, body).await?;
        let end = || Refusal::new(400, "a chunk does not end where its size says");
        if !reader.line(0, end).await?.is_empty() {
            return Err(end().into());
        }
    }
}

async fn skip_trailers(reader: &mut Reader<'_>) -> Result<(), Trouble> {
    let too_long = || Refusal::new(431, format!("the trailers are longer than {TRAILERS} bytes"));
    let mut left = TRAILERS;
    loop {
        let line = reader.line(TRAILERS, too_long).await?;
        if line.is_empty() {
            return Ok(());
        }
        left = left.checked_sub(line.len()).ok_or_else(too_long)?;
    }
}
