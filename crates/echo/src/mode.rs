//! What an echo server does with what it gets: `echo`, `delay:50ms`, `reset-after:4KiB` and the like.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use squall_faults::nearest;
use squall_faults::value::{Rate, Size, Value};

use crate::text;

/// What a server does with what it gets. Written as on the command line: `delay:50ms`.
///
/// ```
/// use squall_echo::Mode;
///
/// let mode: Mode = "close-after:4KiB".parse()?;
/// assert_eq!(mode.to_string(), "close-after:4KiB");
/// # Ok::<(), squall_echo::ModeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Mode {
    /// Sends everything back, and FIN after the client's FIN. Framed clients are told more, see [`squall_wire::Frame`].
    #[default]
    Echo,
    /// Reads and drops everything (RFC 863); answers FIN with FIN.
    Discard,
    /// Sends lines of printable characters without end (RFC 864), whatever the client sends.
    Chargen,
    /// Sends so many bytes of [`Chargen`](Self::Chargen)'s as soon as a client connects, and FIN. A datagram is answered with
    /// one of that size.
    Fixed(Size),
    /// Sends these bytes as soon as a client connects, then echoes.
    Banner(Vec<u8>),
    /// Echoes every byte so long after it came.
    Delay(Duration),
    /// Echoes at this rate.
    Drip(Rate),
    /// Accepts and never reads, so that the client's writes stall sooner or later.
    NeverRead,
    /// Reads everything and says nothing, not even FIN.
    NeverReply,
    /// Echoes the first so many bytes, then sends FIN and drops whatever else comes.
    CloseAfter(Size),
    /// Echoes the first so many bytes, then resets the connection.
    ResetAfter(Size),
}

/// Why a text is no [`Mode`]. Shown as both parts, with a semicolon between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModeError {
    /// What is wrong, a lowercase fragment.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl ModeError {
    pub(crate) fn new(message: impl Into<String>) -> ModeError {
        ModeError { message: message.into(), help: None }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> ModeError {
        ModeError { help: Some(help.into()), ..self }
    }
}

impl fmt::Display for ModeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}

impl std::error::Error for ModeError {}

/// Every mode, as its pattern is written.
const PATTERNS: [&str; 11] = [
    "echo",
    "discard",
    "chargen",
    "fixed:SIZE",
    "banner:TEXT",
    "delay:DURATION",
    "drip:RATE",
    "never-read",
    "never-reply",
    "close-after:SIZE",
    "reset-after:SIZE",
];

/// The name in a pattern.
fn name_of(pattern: &str) -> &str {
    pattern.split(':').next().unwrap_or(pattern)
}

impl Mode {
    /// Whether its connections never end unless the client ends them, so that there is no use in waiting for that.
    pub(crate) fn is_endless(&self) -> bool {
        matches!(self, Self::Chargen | Self::NeverRead | Self::NeverReply)
    }

    /// Why it makes no sense over UDP, where it does not.
    pub(crate) fn misfit_for_datagrams(&self) -> Option<&'static str> {
        match self {
            Self::Fixed(size) if size.as_bytes() > LARGEST_DATAGRAM => {
                Some("a datagram has at most 65507 bytes")
            }
            Self::Echo | Self::Discard | Self::Fixed(_) | Self::Delay(_) | Self::NeverReply => None,
            _ => Some("use echo, discard, fixed, delay or never-reply"),
        }
    }
}

/// Bytes of the largest payload over IPv4.
pub(crate) const LARGEST_DATAGRAM: u64 = 65_507;

impl FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        let (name, value) = match text.split_once(':') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let pattern = PATTERNS.into_iter().find(|pattern| name_of(pattern) == name);
        let Some(pattern) = pattern else { return Err(unknown(name)) };
        match (pattern.split_once(':'), value) {
            (Some(_), None) => {
                return Err(
                    ModeError::new(format!("`{name}` lacks its value")).help(format!("write {pattern}"))
                );
            }
            (None, Some(value)) => {
                return Err(ModeError::new(format!("`{name}` takes no value, but there is `{value}`")));
            }
            _ => {}
        }
        let value = value.unwrap_or_default();
        Ok(match name {
            "discard" => Self::Discard,
            "chargen" => Self::Chargen,
            "fixed" => Self::Fixed(read(value)?),
            "banner" => Self::Banner(text::unescape(value)?),
            "delay" => Self::Delay(read(value)?),
            "drip" => match read::<Rate>(value)? {
                rate if rate.bits() == 0 => return Err(ModeError::new("the rate must be more than zero")),
                rate => Self::Drip(rate),
            },
            "never-read" => Self::NeverRead,
            "never-reply" => Self::NeverReply,
            "close-after" => Self::CloseAfter(read(value)?),
            "reset-after" => Self::ResetAfter(read(value)?),
            _ => Self::Echo,
        })
    }
}

fn unknown(name: &str) -> ModeError {
    ModeError::new(format!("unknown mode `{name}`")).help(
        match nearest(name, PATTERNS.into_iter().map(name_of)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of {}", PATTERNS.join(", ")),
        },
    )
}

fn read<T: Value>(text: &str) -> Result<T, ModeError> {
    T::parse(text).map_err(|error| ModeError { message: error.message, help: error.help })
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Echo => f.write_str("echo"),
            Self::Discard => f.write_str("discard"),
            Self::Chargen => f.write_str("chargen"),
            Self::Fixed(size) => write!(f, "fixed:{size}"),
            Self::Banner(bytes) => write!(f, "banner:{}", text::escape(bytes)),
            Self::Delay(delay) => write!(f, "delay:{}", delay.render().unwrap_or_default()),
            Self::Drip(rate) => write!(f, "drip:{rate}"),
            Self::NeverRead => f.write_str("never-read"),
            Self::NeverReply => f.write_str("never-reply"),
            Self::CloseAfter(size) => write!(f, "close-after:{size}"),
            Self::ResetAfter(size) => write!(f, "reset-after:{size}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_shown_as_it_is_written() {
        for text in [
            "echo",
            "discard",
            "chargen",
            "fixed:64KiB",
            r"banner:220 ready\r\n",
            r"banner:\x00\\",
            "banner:",
            "delay:50ms",
            "drip:1KB/s",
            "never-read",
            "never-reply",
            "close-after:0B",
            "reset-after:4KiB",
        ] {
            assert_eq!(text.parse::<Mode>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, told) in [
            ("ecko", "unknown mode `ecko`; did you mean `echo`?"),
            ("delay", "`delay` lacks its value; write delay:DURATION"),
            ("delay:50", "missing unit in `50`; write `50ms` or `50s`"),
            ("discard:1", "`discard` takes no value, but there is `1`"),
            ("drip:0B/s", "the rate must be more than zero"),
            ("fixed:1K", "`K` in `1K` could be 1000s or 1024s; write `KB` (1000) or `KiB` (1024)"),
            (r"banner:\q", r"`\q` means nothing; write \n, \r, \t, \\ or \xHH"),
            (r"banner:\xé0", r"`\x` needs two hexadecimal digits"),
        ] {
            assert_eq!(text.parse::<Mode>().unwrap_err().to_string(), told);
        }
    }
}
