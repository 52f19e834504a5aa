//! Every fault, one file each. Written by `cargo xtask gen` from the files of this folder: do not edit.

use crate::kind::Kind;

mod bandwidth;
mod blackhole;
mod corrupt;
mod flap;
mod freeze;
mod half_open;
mod latency;
mod reset;
mod slice;
mod slow_close;
mod timeout;
mod truncate;

pub use bandwidth::Bandwidth;
pub use blackhole::Blackhole;
pub use corrupt::Corrupt;
pub use flap::Flap;
pub use freeze::Freeze;
pub use half_open::HalfOpen;
pub use latency::Latency;
pub use reset::Reset;
pub use slice::Slice;
pub use slow_close::SlowClose;
pub use timeout::Timeout;
pub use truncate::Truncate;

/// Every kind of fault, by name.
pub static KINDS: [Kind; 12] = [
    Kind::of::<Bandwidth>(),
    Kind::of::<Blackhole>(),
    Kind::of::<Corrupt>(),
    Kind::of::<Flap>(),
    Kind::of::<Freeze>(),
    Kind::of::<HalfOpen>(),
    Kind::of::<Latency>(),
    Kind::of::<Reset>(),
    Kind::of::<Slice>(),
    Kind::of::<SlowClose>(),
    Kind::of::<Timeout>(),
    Kind::of::<Truncate>(),
];
