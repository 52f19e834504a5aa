//! The methods by which code puts a fault in its place: direction, scope, name.

use super::{After, FaultSpec};
use crate::direction::{Direction, Directions};
use crate::value::{HexPattern, IndexSet, Pattern, Probability, Size, Subnet};
use std::time::Duration;

/// Direction, scope and name for any fault, as the command line's `@DIR` and scope keys.
///
/// ```
/// use squall_faults::{Reset, Shape};
///
/// let spec = Reset::at(4096).connections(1..=2).named("early").up();
/// assert_eq!(spec.to_string(), "reset:4KiB,connections=1-2,name=early@up");
/// ```
pub trait Shape: Into<FaultSpec> {
    /// Acts on what runs from client to server.
    fn up(self) -> FaultSpec {
        self.toward(Directions::Up)
    }

    /// Acts on what runs from server to client, which is what most faults do by default.
    fn down(self) -> FaultSpec {
        self.toward(Directions::Down)
    }

    /// Acts both ways, with a state for each.
    fn both(self) -> FaultSpec {
        self.toward(Directions::Both)
    }

    /// Acts in the given directions.
    fn toward(self, directions: Directions) -> FaultSpec {
        FaultSpec { directions, ..self.into() }
    }

    /// Acts on these connections only, counted from 1 since the fault was added.
    fn connections(self, which: impl Into<IndexSet>) -> FaultSpec {
        let mut spec = self.into();
        spec.scope.connections = Some(which.into());
        spec
    }

    /// Acts on a connection with this probability.
    fn probability(self, probability: Probability) -> FaultSpec {
        let mut spec = self.into();
        spec.scope.probability = probability;
        spec
    }

    /// Acts on connections from these addresses only.
    fn client(self, from: impl Into<Subnet>) -> FaultSpec {
        let mut spec = self.into();
        spec.scope.client = Some(from.into());
        spec
    }

    /// Acts once so many bytes have passed in its direction.
    fn after_bytes(self, bytes: u64) -> FaultSpec {
        let mut spec = self.into();
        spec.scope.after = Some(After::Bytes(Size::bytes(bytes)));
        spec
    }

    /// Acts from so long after the connection was made.
    fn after_time(self, delay: Duration) -> FaultSpec {
        let mut spec = self.into();
        spec.scope.after = Some(After::Time(delay));
        spec
    }

    /// Acts from behind the first occurrence of these bytes on the connection, 1 to 4,096 of them, which themselves pass.
    /// They are looked for in the fault's own direction, or in `on`.
    ///
    /// # Panics
    /// Where `bytes` is empty or longer.
    #[track_caller]
    fn after_match(self, bytes: &[u8], on: Option<Direction>) -> FaultSpec {
        let mut spec = self.into();
        let Some(pattern) = Pattern::new(bytes) else { panic!("a pattern takes 1 to 4096 bytes") };
        spec.scope.after = None;
        // As text where that can be written down.
        let plain = |text: &str| !text.contains('"') && !text.contains(char::is_control);
        (spec.scope.pattern, spec.scope.match_hex) = match std::str::from_utf8(bytes) {
            Ok(text) if plain(text) => (Some(pattern), None),
            _ => (None, Some(HexPattern(pattern))),
        };
        spec.scope.match_on = on;
        spec
    }

    /// Acts at most so often, counted over the link, and at least once: windows with [`Shape::lasting`], armed connections with
    /// [`Shape::after_match`] and the like, else what the fault itself counts.
    fn times(self, times: u64) -> FaultSpec {
        let mut spec = self.into();
        spec.scope.times = Some(times.max(1));
        spec
    }

    /// Acts for so long from when it armed, then lets go of what it holds.
    fn lasting(self, window: Duration) -> FaultSpec {
        let mut spec = self.into();
        spec.scope.window = Some(window);
        spec
    }

    /// Acts again and again: a window begins that often. To be given with [`Shape::lasting`], which must not be longer.
    fn every(self, period: Duration) -> FaultSpec {
        let mut spec = self.into();
        spec.scope.every = Some(period);
        spec
    }

    /// May never fire without that being a failure.
    fn optional(self) -> FaultSpec {
        let mut spec = self.into();
        spec.scope.optional = true;
        spec
    }

    /// Goes by this name instead of its kind's.
    fn named(self, name: &str) -> FaultSpec {
        FaultSpec { name: Some(name.to_owned()), ..self.into() }
    }
}

impl<T: Into<FaultSpec>> Shape for T {}
