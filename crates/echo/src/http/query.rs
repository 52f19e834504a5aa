//! What a query wishes for: `delay=50ms:50,1s:1&status=503:10&size=64KiB&close=true&seed=7`.

use std::time::Duration;

use squall_faults::value::{Size, Value};
use squall_faults::{ConnKey, Direction, Lane, nearest};

use super::choice::Choice;

/// The longest delay.
const LONGEST: Duration = Duration::from_secs(3600);
/// The largest body.
const LARGEST: u64 = 1 << 30;
/// All keys.
const KEYS: [&str; 6] = ["delay", "status", "size", "close", "seed", "raw"];

/// A query as it was understood.
#[derive(Debug)]
pub(super) struct Wishes {
    delay: Choice<Duration>,
    status: Choice<u16>,
    size: Choice<u64>,
    close: Choice<bool>,
    seed: u64,
    raw: bool,
}

/// What becomes of one request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Drawn {
    pub(super) delay: Duration,
    pub(super) status: u16,
    /// Bytes of the body, where it is not an echo.
    pub(super) size: Option<u64>,
    pub(super) close: bool,
    pub(super) raw: bool,
}

impl Wishes {
    /// Reads a query.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(query: &str) -> Result<Wishes, String> {
        let mut wishes = Wishes {
            delay: Choice::none(),
            status: Choice::none(),
            size: Choice::none(),
            close: Choice::none(),
            seed: 0,
            raw: false,
        };
        let (mut seen, mut unknown) = (Vec::new(), Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (key, value) = (decode(key), decode(value));
            let Some(key) = KEYS.into_iter().find(|known| *known == key) else {
                unknown.push(key);
                continue;
            };
            if seen.contains(&key) {
                return Err(format!("`{key}` is given more than once"));
            }
            seen.push(key);
            wishes.set(key, &value).map_err(|what| format!("{key}={value}: {what}"))?;
        }
        if unknown.is_empty() { Ok(wishes) } else { Err(strangers(&unknown)) }
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "delay" => self.delay = Choice::read(value, delay)?,
            "status" => self.status = Choice::read(value, status)?,
            "size" => self.size = Choice::read(value, size)?,
            "close" => self.close = Choice::read(value, flag)?,
            "seed" => self.seed = value.parse().map_err(|_| "write a whole number below 2^64")?,
            _ => self.raw = flag(value)?,
        }
        Ok(())
    }

    /// What a request of that number on the connection of that number gets: the same in every run.
    pub(super) fn draw(&self, connection: u64, request: u64) -> Drawn {
        let draw = |key| {
            let connection = ConnKey::Index(i64::try_from(connection).unwrap_or(i64::MAX));
            Lane::new(self.seed, "http", key, connection, Direction::Down).draw(request, 0)
        };
        Drawn {
            delay: self.delay.pick(draw("delay")).copied().unwrap_or_default(),
            status: self.status.pick(draw("status")).copied().unwrap_or(200),
            size: self.size.pick(draw("size")).copied(),
            close: self.close.pick(draw("close")).copied().unwrap_or(false),
            raw: self.raw,
        }
    }
}

/// Names the keys that nobody knows.
fn strangers(unknown: &[String]) -> String {
    let named: Vec<String> = unknown.iter().take(10).map(|key| format!("`{key}`")).collect();
    let near = unknown.first().and_then(|key| nearest(key, KEYS));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", KEYS.join(", ")),
    };
    format!("unknown in the query: {}; {help}", named.join(", "))
}

fn value<T: Value>(text: &str) -> Result<T, String> {
    T::parse(text).map_err(|error| match error.help {
        Some(help) => format!("{}; {help}", error.message),
        None => error.message,
    })
}

fn delay(text: &str) -> Result<Duration, String> {
    let delay: Duration = value(text)?;
    if delay > LONGEST { Err("a delay is at most 1h".to_owned()) } else { Ok(delay) }
}

fn status(text: &str) -> Result<u16, String> {
    let status = text.parse().ok().filter(|status| (200..600).contains(status) && text.len() == 3);
    status.ok_or_else(|| format!("`{text}` is not a status from 200 to 599"))
}

fn size(text: &str) -> Result<u64, String> {
    let size = value::<Size>(text)?.as_bytes();
    if size > LARGEST { Err("a size is at most 1GiB".to_owned()) } else { Ok(size) }
}

fn flag(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}

/// Resolves `%3A` and the like; what is none stays as it is.
fn decode(text: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (bytes, mut decoded, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_without_wishes_is_answered_plainly() {
        let plain = Drawn { delay: Duration::ZERO, status: 200, size: None, close: false, raw: false };
        for query in ["", "&", "seed=3"] {
            assert_eq!(Wishes::read(query).unwrap().draw(1, 1), plain);
        }
    }

    #[test]
    fn wishes_are_understood_also_when_they_are_encoded() {
        let drawn = Wishes::read("delay=50ms%3A100%25&status=204&size=64KiB&close=true&raw=true").unwrap();
        let delay = Duration::from_millis(50);
        let expected = Drawn { delay, status: 204, size: Some(65_536), close: true, raw: true };
        assert_eq!(drawn.draw(1, 1), expected);
    }

    #[test]
    fn draws_depend_on_seed_connection_and_request_and_on_nothing_else() {
        let statuses = |seed: u64, more: &str| -> Vec<u16> {
            let wishes = Wishes::read(&format!("status=503:50&seed={seed}{more}")).unwrap();
            (1..5)
                .flat_map(|connection| (1..9).map(move |request| (connection, request)))
                .map(|(connection, request)| wishes.draw(connection, request).status)
                .collect()
        };
        let base = statuses(7, "");
        assert_eq!(base, statuses(7, "&delay=1s:50&close=true:10"));
        assert_ne!(base, statuses(8, ""));
        assert_ne!(base[..8], base[8..16]);
        // As they were drawn when this was written.
        let golden = [503, 503, 503, 503, 503, 200, 200, 200];
        assert_eq!(base[..8], golden);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (query, told) in [
            ("dealy=1s", "unknown in the query: `dealy`; did you mean `delay`?"),
            ("q=1&x", "unknown in the query: `q`, `x`; known are delay, status, size, close, seed, raw"),
            ("delay=50", "delay=50: missing unit in `50`; write `50ms` or `50s`"),
            ("delay=2h", "delay=2h: a delay is at most 1h"),
            ("status=100", "status=100: `100` is not a status from 200 to 599"),
            ("size=2GiB", "size=2GiB: a size is at most 1GiB"),
            ("close=yes", "close=yes: write true or false"),
            ("seed=-1", "seed=-1: write a whole number below 2^64"),
            ("seed=1&seed=1", "`seed` is given more than once"),
        ] {
            assert_eq!(Wishes::read(query).unwrap_err(), told);
        }
    }
}
