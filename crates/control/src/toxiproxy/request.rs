//! The number that every answer of the API carries, unique and rising with time.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::SystemTime;

/// Twenty characters: the second, the process, and the place among its requests, 32 values to a character.
pub(crate) fn id() -> String {
    static PROCESS: OnceLock<u64> = OnceLock::new();
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let process = *PROCESS.get_or_init(|| RandomState::new().hash_one(std::process::id()));
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut bytes = [0; 12];
    // The low bytes of each: what does not fit repeats after more than a lifetime, or 16 million requests in a second.
    bytes[..4].copy_from_slice(&since.as_secs().to_be_bytes()[4..]);
    bytes[4..9].copy_from_slice(&process.to_be_bytes()[3..]);
    bytes[9..].copy_from_slice(&COUNTER.fetch_add(1, Relaxed).to_be_bytes()[1..]);
    encode(bytes)
}

/// Base 32 with the digits of hexadecimal first, five bits to a character from the front.
fn encode(bytes: [u8; 12]) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let number = bytes.iter().fold(0u128, |number, byte| number << 8 | u128::from(*byte)) << 4;
    (0..20).rev().map(|place| char::from(DIGITS[(number >> (5 * place)) as usize & 31])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_characters_never_the_same() {
        let (one, two) = (id(), id());
        assert_eq!(one.len(), 20);
        assert!(one < two || one[..16] != two[..16], "{one} {two}");
    }

    #[test]
    fn bits_are_taken_from_the_front() {
        assert_eq!(encode([0xff; 12]), "vvvvvvvvvvvvvvvvvvvg");
        assert_eq!(encode([0; 12]), "0".repeat(20));
    }
}
