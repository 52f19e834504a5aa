//! `reset`: a RST at an exact byte.

use crate::carrier::{Carriers, Misfit};
use crate::direction::Side;
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::params::params;
use crate::spec::{Scope, Trigger};
use crate::tick::Tick;
use crate::value::{Probability, Size, nanos};
use std::time::Duration;

params! {
    /// Resets the connection (RST) at an exact byte: those before the offset are delivered, none from there on. With `p`
    /// a connection is chosen or spared as a whole, and the offset is drawn; a chosen connection that ends sooner gets a RST
    /// instead of its end.
    ///
    /// With `per_mib` each MiB of the direction has its own chance, for as long as the connection lives.
    ///
    /// It fires once per connection and direction that it resets.
    pub struct Reset {
        /// The offset of the first byte that is not delivered, from the start of the direction's bytes, or from where the
        /// fault armed where `after` or `match` is set (then 0 unless given).
        at: Option<Size>,
        /// With which probability a connection is reset at all; the offset is then drawn below `within`.
        p: Option<Probability>,
        /// The bound of the drawn offset.
        within: Size = WITHIN,
        /// With which probability a connection is reset in each MiB of the direction, at an offset drawn within it.
        per_mib: Option<Probability>,
        /// Who gets the RST; the other peer sees an orderly end.
        side: Side = Side::Both,
        /// Wait until what was let through before has been delivered (at most 1 s); without, what is on the way is lost.
        flush: bool = true,
        /// How long the RST waits once its place is reached; what comes meanwhile waits, too. It then overtakes what is on
        /// the way. A fault that is taken off meanwhile lets go of what waits, and resets nothing.
        delay: Duration = Duration::ZERO,
        /// A connection that ends before its offset is reached gets the RST instead of its end.
        at_end: bool = false,
    }
}

impl Reset {
    /// A RST in place of the byte at this offset.
    pub fn at(offset: u64) -> Reset {
        Reset {
            at: Some(Size::bytes(offset)),
            p: None,
            per_mib: None,
            within: WITHIN,
            side: Side::Both,
            flush: true,
            delay: Duration::ZERO,
            at_end: false,
        }
    }

    /// A RST with this probability, at an offset drawn below 16 KiB.
    pub fn chance(p: Probability) -> Reset {
        Reset { at: None, p: Some(p), ..Reset::at(0) }
    }

    /// A RST with this probability in each MiB.
    pub fn per_mib(p: Probability) -> Reset {
        Reset { at: None, per_mib: Some(p), ..Reset::at(0) }
    }

    /// Draws the offset below this many bytes.
    #[must_use]
    pub fn within(self, bytes: u64) -> Reset {
        Reset { within: Size::bytes(bytes), ..self }
    }

    /// Only this side gets the RST.
    #[must_use]
    pub fn side(self, side: Side) -> Reset {
        Reset { side, ..self }
    }

    /// The RST overtakes what is on the way.
    #[must_use]
    pub fn at_once(self) -> Reset {
        Reset { flush: false, ..self }
    }

    /// The RST comes so long after its place is reached.
    #[must_use]
    pub fn delay(self, delay: Duration) -> Reset {
        Reset { delay, ..self }
    }

    /// A connection that ends sooner is reset at its end.
    #[must_use]
    pub fn at_end(self) -> Reset {
        Reset { at_end: true, ..self }
    }

    /// Where the RST is to stand in the MiB that begin at `offset` at the latest. Where the fault joined later than that, it
    /// is too late.
    fn place(&self, mark: &mut Mark, offset: u64, cx: &Cx<'_>) {
        let Some(p) = self.per_mib else { return };
        mark.planned = mark.planned.filter(|planned| planned.offset >= offset);
        while mark.planned.is_none() && mark.horizon() <= offset {
            let mib = mark.examined;
            let place = cx.choose(mib, |draws| draws.chance(CHOICE, p).then(|| draws.below(PLACE, MIB)));
            mark.planned = place.map(|place| Planned {
                index: mib,
                drawn: place,
                offset: mark.horizon().saturating_add(place),
            });
            mark.planned = mark.planned.filter(|planned| planned.offset >= offset);
            mark.examined += 1;
        }
    }

    /// Resets now, or starts to wait; false where neither may be.
    fn reach(&self, planned: Planned, mark: &mut Mark, cx: &mut Cx<'_>) -> bool {
        if self.delay.is_zero() || cx.is_spared() {
            mark.fired = self.fire(planned, cx);
            return mark.fired;
        }
        mark.waiting = Some(planned);
        cx.wake_at(cx.at().plus(nanos(self.delay)));
        true
    }

    /// Resets, unless it has done so as often as it may; false then.
    fn fire(&self, planned: Planned, cx: &mut Cx<'_>) -> bool {
        let fired = cx.fire("reset", planned.index, planned.offset, planned.drawn);
        if fired {
            if self.flush && self.delay.is_zero() { cx.reset(self.side) } else { cx.reset_now(self.side) }
        }
        fired
    }
}

/// Where the RST stands in this connection and direction.
#[derive(Default)]
pub struct Mark {
    planned: Option<Planned>,
    /// From where MiB are counted.
    base: u64,
    /// MiB that have been drawn for.
    examined: u64,
    /// Its place was reached, and its delay runs.
    waiting: Option<Planned>,
    fired: bool,
}

impl Mark {
    /// Where the MiB begins that is to be drawn for next.
    fn horizon(&self) -> u64 {
        self.base.saturating_add(self.examined.saturating_mul(MIB))
    }
}

/// A RST to come.
#[derive(Clone, Copy)]
struct Planned {
    index: u64,
    drawn: u64,
    offset: u64,
}

/// The draw that chooses a connection, and the one that places its RST.
const CHOICE: u64 = 0;
const PLACE: u64 = 1;
/// Below which offset `p` draws by default.
const WITHIN: Size = Size::bytes(16_384);
/// Bytes in a MiB.
const MIB: u64 = 1 << 20;

impl Fault for Reset {
    const NAME: &'static str = "reset";
    const ALIASES: &'static [&'static str] = &["reset_peer"];
    const EXAMPLE: &'static str = "reset:p=1%,within=64KiB";
    const MAIN: Option<&'static str> = Some("at");
    const ON: Carriers = Carriers::Stream;
    const MISFIT: Option<Misfit> =
        Some(Misfit { reason: "UDP has no connection that could be reset", instead: "blackhole" });
    const RANK: Rank = Rank::Position;
    const CUTS: bool = true;
    type State = Mark;
    type Shared = ();

    fn validate(&self, scope: &Scope) -> Result<(), String> {
        let ways = [self.at.is_some(), self.p.is_some(), self.per_mib.is_some()];
        match ways.iter().filter(|way| **way).count() {
            2.. => Err("takes one of `at`, `p` and `per_mib`".to_owned()),
            0 if scope.trigger() == Trigger::None => {
                Err("needs `at`, `p` or `per_mib`, or `after` or `match`".to_owned())
            }
            _ if self.p.is_none() && self.within != WITHIN => {
                Err("has no use for `within`: it bounds the offset that `p` draws".to_owned())
            }
            _ if self.within.as_bytes() == 0 => Err("draws no offset below `within=0`".to_owned()),
            _ => Ok(()),
        }
    }

    fn armed(&self, mark: &mut Mark, cx: &mut Cx<'_>) {
        if mark.fired {
            return;
        }
        if self.per_mib.is_some() {
            if mark.base != cx.base() {
                *mark = Mark { base: cx.base(), ..Mark::default() };
            }
            return self.place(mark, cx.base(), cx);
        }
        let within = self.within.as_bytes();
        let drawn = match self.p {
            Some(p) => cx.choose(0, |draws| draws.chance(CHOICE, p).then(|| draws.below(PLACE, within))),
            None => Some(self.at.map_or(0, Size::as_bytes)),
        };
        mark.planned = drawn.map(|drawn| Planned {
            index: 0,
            drawn: if self.p.is_some() { drawn } else { 0 },
            offset: cx.base().saturating_add(drawn),
        });
        // A RST at a time does not wait for the next byte.
        if let Some(planned) =
            mark.planned.filter(|planned| cx.armed_by_time() && planned.offset == cx.base())
        {
            mark.planned = None;
            self.reach(planned, mark, cx);
        }
    }

    fn data(&self, mark: &mut Mark, range: Range, cx: &mut Cx<'_>) {
        if mark.fired {
            return cx.discard(range);
        }
        if mark.waiting.is_some() {
            return cx.hold(range);
        }
        self.place(mark, range.offset, cx);
        let (before, from) = range.split_at(mark.planned.map_or(u64::MAX, |planned| planned.offset));
        if before.len > 0 {
            cx.pass(before);
        }
        if from.len == 0 {
            return;
        }
        if let Some(planned) = mark.planned.take() {
            self.reach(planned, mark, cx);
        }
        match mark.waiting {
            _ if mark.fired => cx.discard(from),
            Some(_) => cx.hold(from),
            None => cx.pass(from),
        }
    }

    fn changed(&self, mark: &mut Mark, old: &mut Mark) {
        mark.fired = old.fired;
    }

    fn cut(&self, mark: &Mark) -> Option<u64> {
        let planned = mark.planned.map(|planned| planned.offset);
        planned.or(self.per_mib.map(|_| mark.horizon())).filter(|_| !mark.fired)
    }

    fn fin(&self, mark: &mut Mark, cx: &mut Cx<'_>) {
        let ends = self.p.is_some() || self.at_end;
        let planned = mark.planned.take().filter(|_| ends && !mark.fired);
        let reached = planned.is_some_and(|planned| self.reach(planned, mark, cx));
        match mark.waiting {
            Some(_) => cx.fin_at(Tick::NEVER),
            None if reached => {}
            None => cx.fin(),
        }
    }

    fn timer(&self, mark: &mut Mark, cx: &mut Cx<'_>) {
        if let Some(planned) = mark.waiting.take() {
            mark.fired = self.fire(planned, cx);
            if !mark.fired {
                cx.release_to(u64::MAX, cx.at());
            }
        }
    }
}
