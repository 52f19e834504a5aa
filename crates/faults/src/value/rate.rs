//! Bandwidths: `1MB/s`, `64KiB/s`, `1.6Mbit/s`, and tc's `kbit`, `mbit`, `gbit`.

use super::number::{largest_unit, split};
use super::size::unit_bytes;
use super::{Value, ValueError};
use std::fmt;

/// A bandwidth, kept in bits per second so that no rate that people write is rounded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Rate {
    bits: u64,
}

impl Rate {
    /// So many bytes a second.
    pub const fn bytes_per_second(bytes: u64) -> Rate {
        Rate { bits: bytes.saturating_mul(8) }
    }

    /// So many bits a second.
    pub const fn bits_per_second(bits: u64) -> Rate {
        Rate { bits }
    }

    /// Bits per second.
    pub const fn bits(self) -> u64 {
        self.bits
    }
}

/// Decimal bit units, largest first.
const BIT_UNITS: [(&str, u64); 4] =
    [("Gbit/s", 1_000_000_000), ("Mbit/s", 1_000_000), ("kbit/s", 1_000), ("bit/s", 1)];
/// Byte units in which a rate is shown, in bits.
const BYTE_UNITS: [(&str, u64); 6] = [
    ("GB/s", 8_000_000_000),
    ("MB/s", 8_000_000),
    ("MiB/s", 8 << 20),
    ("KB/s", 8_000),
    ("KiB/s", 8 << 10),
    ("B/s", 8),
];

/// Bits per second in one `unit`.
fn unit_bits(unit: &str) -> Option<u64> {
    let unit = match unit {
        "kbit" | "Kbit/s" => "kbit/s",
        "mbit" => "Mbit/s",
        "gbit" => "Gbit/s",
        "bit" => "bit/s",
        other => other,
    };
    if let Some((_, bits)) = BIT_UNITS.iter().find(|(name, _)| *name == unit) {
        return Some(*bits);
    }
    unit_bytes(unit.strip_suffix("/s")?).map(|bytes| bytes * 8)
}

/// The two readings of a unit that means bits to some and bytes to others.
fn readings(unit: &str) -> Option<(&'static str, &'static str)> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "bps" => ("bit/s", "B/s"),
        "kbps" | "kb/s" => ("kbit/s", "KB/s"),
        "mbps" | "mb/s" => ("Mbit/s", "MB/s"),
        "gbps" | "gb/s" => ("Gbit/s", "GB/s"),
        _ => return None,
    })
}

impl Value for Rate {
    const KIND: &'static str = "bandwidth";

    fn parse(text: &str) -> Result<Self, ValueError> {
        let (number, unit) = split(text, Self::KIND)?;
        let Some(bits) = unit_bits(unit) else {
            let digits = &text[..text.len() - unit.len()];
            return Err(if unit.is_empty() {
                ValueError::new(format!("missing unit in `{text}`"))
                    .help(format!("write `{text}KB/s` or `{text}Mbit/s`"))
            } else if let Some((bits, bytes)) = readings(unit) {
                ValueError::new(format!("`{unit}` in `{text}` could be bits or bytes"))
                    .help(format!("write `{digits}{bits}` or `{digits}{bytes}`"))
            } else {
                ValueError::new(format!("unknown unit `{unit}` in `{text}`"))
                    .help("units are B/s, KB/s, MB/s, GB/s, KiB/s, MiB/s, bit/s, kbit/s, Mbit/s, Gbit/s")
            });
        };
        number
            .times(bits)
            .map(Rate::bits_per_second)
            .map_err(|e| e.error(text, Self::KIND, "a bit per second"))
    }

    fn render(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units: &[_] = if self.bits.is_multiple_of(8) { &BYTE_UNITS } else { &BIT_UNITS };
        f.write_str(&largest_unit(self.bits, units))
    }
}
