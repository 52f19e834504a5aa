//! A point in time as the fault model sees it: integer nanoseconds since an origin of the caller's choosing.

/// Nanoseconds since the clock's origin. The model never reads a clock: every call is told the time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Tick(u64);

impl Tick {
    /// The origin.
    pub const ZERO: Tick = Tick(0);
    /// Later than every other tick: what is due then is held until something else releases it.
    pub const NEVER: Tick = Tick(u64::MAX);

    /// The tick `ns` nanoseconds after the origin.
    pub const fn from_nanos(ns: u64) -> Tick {
        Tick(ns)
    }

    /// Nanoseconds since the origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Nanoseconds from `earlier` to here; 0 where that is not earlier.
    pub const fn since(self, earlier: Tick) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The tick `ns` nanoseconds later; stays at [`Tick::NEVER`] instead of wrapping.
    #[must_use]
    pub const fn plus(self, ns: u64) -> Tick {
        Tick(self.0.saturating_add(ns))
    }

    /// The tick `ns` nanoseconds earlier, the origin at the earliest.
    #[must_use]
    pub const fn minus(self, ns: u64) -> Tick {
        Tick(self.0.saturating_sub(ns))
    }
}
