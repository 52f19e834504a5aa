//! Sizes in bytes: `4096`, `64KiB`, `1.5MB`; KB is 1000 and KiB is 1024.

use super::number::{largest_unit, split};
use super::{Value, ValueError};
use std::fmt;

/// A number of bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Size(u64);

impl Size {
    /// So many bytes.
    pub const fn bytes(bytes: u64) -> Size {
        Size(bytes)
    }

    /// The size in bytes.
    pub const fn as_bytes(self) -> u64 {
        self.0
    }
}

impl From<u64> for Size {
    fn from(bytes: u64) -> Size {
        Size(bytes)
    }
}

/// Names and bytes of the units, binary ones first so that a power of two is shown as one.
pub(super) const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

/// The bytes in a unit; `kB` is what SI writes for `KB`.
pub(super) fn unit_bytes(unit: &str) -> Option<u64> {
    let unit = if unit == "kB" { "KB" } else { unit };
    UNITS.iter().find(|(name, _)| *name == unit).map(|(_, bytes)| *bytes)
}

impl Value for Size {
    const KIND: &'static str = "size";

    fn parse(text: &str) -> Result<Self, ValueError> {
        let (number, unit) = split(text, Self::KIND)?;
        let bytes = match unit {
            "" => 1,
            "k" | "K" | "M" | "G" => {
                return Err(ValueError::new(format!("`{unit}` in `{text}` could be 1000s or 1024s"))
                    .help(format!("write `{0}B` (1000) or `{0}iB` (1024)", unit.to_uppercase())));
            }
            unit => unit_bytes(unit).ok_or_else(|| {
                ValueError::new(format!("unknown unit `{unit}` in `{text}`"))
                    .help("units are B, KB, MB, GB, KiB, MiB, GiB")
            })?,
        };
        number.times(bytes).map(Size).map_err(|e| e.error(text, Self::KIND, "a byte"))
    }

    fn render(&self) -> Option<String> {
        Some(largest_unit(self.0, &UNITS))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&largest_unit(self.0, &UNITS))
    }
}
