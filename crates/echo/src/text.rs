//! Bytes written as text, with escapes for what cannot be typed; and the lines of RFC 864.

use std::fmt::Write;

use crate::ModeError;

/// The bytes that `text` stands for.
///
/// # Errors
/// What is wrong with an escape.
pub(crate) fn unescape(text: &str) -> Result<Vec<u8>, ModeError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        bytes.push(match letters.next() {
            Some('n') => b'\n',
            Some('r') => b'\r',
            Some('t') => b'\t',
            Some('\\') => b'\\',
            Some('x') => {
                let mut digit = || letters.next().and_then(|digit| digit.to_digit(16));
                let (Some(high), Some(low)) = (digit(), digit()) else {
                    return Err(ModeError::new(r"`\x` needs two hexadecimal digits"));
                };
                (high * 16 + low) as u8
            }
            Some(other) => {
                let error = ModeError::new(format!(r"`\{other}` means nothing"));
                return Err(error.help(r"write \n, \r, \t, \\ or \xHH"));
            }
            None => return Err(ModeError::new(r"a `\` at the end").help(r"write \\")),
        });
    }
    Ok(bytes)
}

/// The bytes as text that [`unescape`] reads back.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '\\' => text.push_str("\\\\"),
                letter if letter.is_ascii_control() => hex(&mut text, letter as u8),
                letter => text.push(letter),
            }
        }
        chunk.invalid().iter().for_each(|byte| hex(&mut text, *byte));
    }
    text
}

fn hex(text: &mut String, byte: u8) {
    // Writing to a string does not fail.
    let _ = write!(text, "\\x{byte:02x}");
}

/// Bytes of a line of [`chargen`], its end included.
const LINE: u64 = 74;
/// Printable ASCII characters, from the space on.
const PRINTABLE: u64 = 95;

/// Writes the bytes of the character generator (RFC 864) from `offset` on into `buf`: lines of 72 characters, each
/// beginning with the one behind that which the line before began with.
pub(crate) fn chargen(offset: u64, buf: &mut [u8]) {
    let (mut line, mut column) = (offset / LINE % PRINTABLE, offset % LINE);
    for byte in buf {
        *byte = match column {
            72 => b'\r',
            73 => b'\n',
            column => b' ' + ((line + column) % PRINTABLE) as u8,
        };
        column += 1;
        if column == LINE {
            (line, column) = ((line + 1) % PRINTABLE, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_being_written_as_text() {
        let all: Vec<u8> = (0..=255).chain("é\n".bytes()).collect();
        assert_eq!(unescape(&escape(&all)).unwrap(), all);
    }

    #[test]
    fn the_generator_begins_as_the_rfc_shows_it() {
        let mut whole = [0; 148];
        chargen(0, &mut whole);
        let text = String::from_utf8(whole.to_vec()).unwrap();
        let lines: Vec<&str> = text.split_inclusive("\r\n").collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].len(), 74);
        assert!(lines[0].starts_with(" !\"#$%&'()*+,-./0123456789:;<=>?@ABC"), "{text}");
        assert!(lines[0].ends_with("cdefg\r\n"), "{text}");
        assert!(lines[1].starts_with("!\"#") && lines[1].ends_with("cdefgh\r\n"), "{text}");
    }

    #[test]
    fn any_part_of_the_generator_is_the_same_part_of_the_whole() {
        let mut whole = vec![0; 95 * 74 + 300];
        chargen(0, &mut whole);
        assert_eq!(whole[..300], whole[95 * 74..]);
        for start in [1, 71, 72, 73, 74, 7000] {
            let mut part = [0; 200];
            chargen(start as u64, &mut part);
            assert_eq!(part[..], whole[start..start + 200]);
        }
    }
}
