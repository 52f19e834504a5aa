//! Every fault, one file each. Written by `cargo xtask gen` from the files of this folder: do not edit.

use crate::kind::Kind;

mod bandwidth;
mod latency;
mod reset;

pub use bandwidth::Bandwidth;
pub use latency::Latency;
pub use reset::Reset;

/// Every kind of fault, by name.
pub static KINDS: [Kind; 3] = [Kind::of::<Bandwidth>(), Kind::of::<Latency>(), Kind::of::<Reset>()];
