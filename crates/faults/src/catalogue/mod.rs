//! Every fault, one file each. Written by `cargo xtask gen` from the files of this folder: do not edit.

use crate::kind::Kind;
use crate::spec::FaultSpec;

mod accept_delay;
mod bandwidth;
mod blackhole;
mod corrupt;
mod duplicate;
mod flap;
mod freeze;
mod half_open;
mod hang;
mod latency;
mod loss;
mod max_size;
mod rebind;
mod refuse;
mod reorder;
mod reset;
mod slice;
mod slow_close;
mod timeout;
mod trace;
mod truncate;
mod upstream_hang;
mod upstream_refuse;

pub use accept_delay::AcceptDelay;
pub use bandwidth::Bandwidth;
pub use blackhole::Blackhole;
pub use corrupt::Corrupt;
pub use duplicate::Duplicate;
pub use flap::Flap;
pub use freeze::Freeze;
pub use half_open::HalfOpen;
pub use hang::Hang;
pub use latency::Latency;
pub use loss::Loss;
pub use max_size::MaxSize;
pub use rebind::Rebind;
pub use refuse::Refuse;
pub use reorder::Reorder;
pub use reset::Reset;
pub use slice::Slice;
pub use slow_close::SlowClose;
pub use timeout::Timeout;
pub use trace::Trace;
pub use truncate::Truncate;
pub use upstream_hang::UpstreamHang;
pub use upstream_refuse::UpstreamRefuse;

impl From<AcceptDelay> for FaultSpec {
    fn from(gate: AcceptDelay) -> FaultSpec {
        FaultSpec::of_gate(gate)
    }
}

impl From<Hang> for FaultSpec {
    fn from(gate: Hang) -> FaultSpec {
        FaultSpec::of_gate(gate)
    }
}

impl From<Refuse> for FaultSpec {
    fn from(gate: Refuse) -> FaultSpec {
        FaultSpec::of_gate(gate)
    }
}

impl From<UpstreamHang> for FaultSpec {
    fn from(gate: UpstreamHang) -> FaultSpec {
        FaultSpec::of_gate(gate)
    }
}

impl From<UpstreamRefuse> for FaultSpec {
    fn from(gate: UpstreamRefuse) -> FaultSpec {
        FaultSpec::of_gate(gate)
    }
}

/// Every kind of fault, by name.
pub static KINDS: [Kind; 23] = [
    Kind::gate::<AcceptDelay>(),
    Kind::of::<Bandwidth>(),
    Kind::of::<Blackhole>(),
    Kind::of::<Corrupt>(),
    Kind::of::<Duplicate>(),
    Kind::of::<Flap>(),
    Kind::of::<Freeze>(),
    Kind::of::<HalfOpen>(),
    Kind::gate::<Hang>(),
    Kind::of::<Latency>(),
    Kind::of::<Loss>(),
    Kind::of::<MaxSize>(),
    Kind::of::<Rebind>(),
    Kind::gate::<Refuse>(),
    Kind::of::<Reorder>(),
    Kind::of::<Reset>(),
    Kind::of::<Slice>(),
    Kind::of::<SlowClose>(),
    Kind::of::<Timeout>(),
    Kind::of::<Trace>(),
    Kind::of::<Truncate>(),
    Kind::gate::<UpstreamHang>(),
    Kind::gate::<UpstreamRefuse>(),
];
