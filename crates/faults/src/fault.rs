//! The trait that every fault on traffic implements: a pure function of ranges, time and keyed draws.

use crate::carrier::{Carrier, Carriers, Misfit};
use crate::direction::Directions;
use crate::engine::{Cx, Range};
use crate::params::Params;
use crate::spec::Scope;
use std::fmt::Debug;
use std::time::Duration;

/// Where in a direction's line of faults one stands: bytes pass the ranks from first to last. The order is fixed, so that the
/// order of the command line does not change what a plan does; within a rank it is the order in which faults were added.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Rank {
    /// Faults that act before anything moves: when a client connects.
    Connect,
    /// Faults that act at a byte's position.
    Position,
    /// Faults that lose.
    Loss,
    /// Faults that make more, or another order.
    Order,
    /// Faults that limit the rate.
    Rate,
    /// Faults that delay.
    Delay,
    /// Faults that hold the link up for a while.
    Pause,
    /// Faults that cut the stream into pieces.
    Slice,
    /// Faults that concern the end of the stream.
    Close,
}

/// A fault on traffic. The implementing struct is its parameters and never changes; what it remembers of one connection and
/// direction is in `State`, what all connections of a direction share in `Shared`. It owns no payload, socket, timer or clock:
/// it schedules ranges through [`Cx`].
pub trait Fault: Params + Clone + Debug + Send + Sync + 'static {
    /// The name in every interface, with `_` between words.
    const NAME: &'static str;
    /// Other names that are understood.
    const ALIASES: &'static [&'static str] = &[];
    /// An example that parses, as on the command line.
    const EXAMPLE: &'static str;
    /// The parameter that may be given without its key.
    const MAIN: Option<&'static str>;
    /// What it can act on.
    const ON: Carriers;
    /// Why it makes no sense on the other carrier; given where it does not act on both.
    const MISFIT: Option<Misfit> = None;
    /// Its place in the line.
    const RANK: Rank;
    /// True where it takes bytes out of the stream or ends connections.
    const CUTS: bool = false;
    /// True where it alters bytes that it lets pass.
    const ALTERS: bool = false;
    /// True where bytes are better kept in memory: because it holds many of them for long. One that alters them needs that
    /// anyway.
    const KEEPS: bool = false;
    /// True where a clock decides what it acts on, not a position or a draw.
    const TIMED: bool = false;
    /// The directions in which it acts by default.
    const DIRECTIONS: Directions = Directions::Down;
    /// What is remembered of one connection and direction.
    type State: Default + Send + 'static;
    /// What all connections of the link share in one direction.
    type Shared: Default + Send + 'static;

    /// Checks what single parameters cannot tell.
    ///
    /// # Errors
    /// A message that says what does not go together.
    fn validate(&self, _scope: &Scope) -> Result<(), String> {
        Ok(())
    }

    /// Checks whether these very parameters make sense on `carrier`, which is among [`Fault::ON`].
    ///
    /// # Errors
    /// The reason why not, and what does.
    fn fits(&self, _carrier: Carrier) -> Result<(), Misfit> {
        Ok(())
    }

    /// A file that the fault needs and has not been given the contents of.
    fn wants(&self) -> Option<&str> {
        None
    }

    /// The fault with the contents of the file that it [wants](Fault::wants).
    ///
    /// # Errors
    /// Where they make no sense.
    fn supply(&self, _contents: &str) -> Result<Self, String> {
        Ok(self.clone())
    }

    /// How much it delays every byte: the round-trip time of a link is made of these.
    fn delay(&self) -> Duration {
        Duration::ZERO
    }

    /// The fault arms: when the connection opens or the fault joins it, or when its trigger is met.
    fn armed(&self, _state: &mut Self::State, _cx: &mut Cx<'_, Self::Shared>) {}

    /// Bytes arrive, at or after the offset at which the fault armed.
    fn data(&self, state: &mut Self::State, range: Range, cx: &mut Cx<'_, Self::Shared>);

    /// A datagram arrives. What is said of its range is said of the whole.
    fn datagram(&self, state: &mut Self::State, range: Range, cx: &mut Cx<'_, Self::Shared>) {
        self.data(state, range, cx);
    }

    /// The end of the direction's bytes arrives.
    fn fin(&self, _state: &mut Self::State, cx: &mut Cx<'_, Self::Shared>) {
        cx.fin();
    }

    /// The time asked for with [`Cx::wake_at`] has come.
    fn timer(&self, _state: &mut Self::State, _cx: &mut Cx<'_, Self::Shared>) {}

    /// The fault is taken off this connection. What it holds is let go afterwards.
    fn removed(&self, _state: &mut Self::State, _cx: &mut Cx<'_, Self::Shared>) {}

    /// How many more bytes the fault is ready to hold while it holds `queued`; reading stops at 0.
    fn room(&self, _queued: u64) -> u64 {
        u64::MAX
    }

    /// The parameters of the fault were others until now, with the state `old`; `state` takes over what holds whatever they
    /// are. What was held arrives again afterwards.
    fn changed(&self, _state: &mut Self::State, _old: &mut Self::State) {}

    /// The offset of a byte that must arrive by itself, cut off from those before and behind it, if any: one that ends
    /// something must not take along what a larger read brought.
    fn cut(&self, _state: &Self::State) -> Option<u64> {
        None
    }

    /// True where each segment of the stream has a draw of its own, so that ranges must not cross segment boundaries.
    fn per_segment(&self) -> bool {
        false
    }
}
