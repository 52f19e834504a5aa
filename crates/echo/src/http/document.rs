//! A request as JSON.

use serde::Serialize;

use super::Place;
use super::head::Head;

/// Keys in the order in which they are shown.
#[derive(Serialize)]
struct Document<'a> {
    id: &'a str,
    connection: u64,
    request: u64,
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: Vec<(&'a str, String)>,
    /// How the body is written: `utf-8` or `base64`.
    encoding: &'static str,
    body: String,
}

/// A line of JSON about a request.
pub(super) fn write(head: &Head, body: &[u8], place: Place<'_>) -> Vec<u8> {
    let (encoding, body) = match std::str::from_utf8(body) {
        Ok(text) => ("utf-8", text.to_owned()),
        Err(_) => ("base64", base64(body)),
    };
    let headers =
        head.headers.iter().map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value).into_owned()));
    let document = Document {
        id: place.id,
        connection: place.connection,
        request: place.request,
        method: &head.method,
        path: &head.path,
        query: &head.query,
        headers: headers.collect(),
        encoding,
        body,
    };
    // Texts and numbers can always be written.
    let mut line = serde_json::to_vec(&document).unwrap_or_default();
    line.push(b'\n');
    line
}

/// Bytes in base64 with padding (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let examples = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (length, text) in examples.into_iter().enumerate() {
            assert_eq!(base64(&b"foobar"[..length]), text);
        }
        assert_eq!(base64(&[255, 254, 253]), "//79");
    }
}
