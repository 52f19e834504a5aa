//! `reorder`: datagrams that come late.

use crate::carrier::{Carriers, Misfit};
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::params::params;
use crate::spec::Scope;
use crate::tick::Tick;
use crate::value::{Probability, nanos};
use std::time::Duration;

params! {
    /// Holds datagrams back until others have overtaken them.
    ///
    /// It fires once per datagram that it holds back.
    pub struct Reorder {
        /// With which probability a datagram is held back.
        p: Probability,
        /// How many others overtake it.
        distance: u64 = 1,
        /// How long it waits for them at the most.
        wait: Duration = Duration::from_millis(100),
    }
}

impl Reorder {
    /// Holds a datagram back with this probability.
    pub fn chance(p: Probability) -> Reorder {
        Reorder { p, distance: 1, wait: Duration::from_millis(100) }
    }

    /// Lets so many others overtake it.
    #[must_use]
    pub fn distance(self, distance: u64) -> Reorder {
        Reorder { distance, ..self }
    }

    /// Waits so long for them at the most.
    #[must_use]
    pub fn wait(self, wait: Duration) -> Reorder {
        Reorder { wait, ..self }
    }
}

/// Datagrams that are held back.
#[derive(Default)]
pub struct Late(Vec<Waiting>);

struct Waiting {
    number: u64,
    /// How many others are still to overtake it.
    left: u64,
    /// When it goes in any case.
    until: Tick,
}

impl Fault for Reorder {
    const NAME: &'static str = "reorder";
    const EXAMPLE: &'static str = "reorder:2%,distance=3";
    const MAIN: Option<&'static str> = Some("p");
    const ON: Carriers = Carriers::Datagram;
    const MISFIT: Option<Misfit> = Some(Misfit {
        reason: "TCP delivers bytes in order, so that another order cannot be seen above it",
        instead: "latency:50ms,jitter=20ms",
    });
    const RANK: Rank = Rank::Order;
    type State = Late;
    type Shared = ();

    fn validate(&self, _scope: &Scope) -> Result<(), String> {
        match (self.distance, self.wait.is_zero()) {
            (0, _) => Err("needs a `distance` of at least 1".to_owned()),
            (_, true) => Err("needs a `wait` longer than zero".to_owned()),
            _ => Ok(()),
        }
    }

    fn data(&self, late: &mut Late, range: Range, cx: &mut Cx<'_>) {
        let number = cx.unit(range.offset);
        late.0.retain(|waiting| waiting.until > cx.at());
        let chosen = cx.choose(number, |draws| draws.chance(0, self.p).then_some(self.distance));
        if let Some(left) = chosen.filter(|left| *left > 0)
            && cx.fire("delay", number, range.offset, left)
        {
            let until = cx.at().plus(nanos(self.wait));
            late.0.push(Waiting { number, left, until });
            return cx.pass_overtaking(until, range);
        }
        cx.pass_overtaking(cx.at(), range);
        for waiting in &mut late.0 {
            waiting.left -= 1;
            if waiting.left == 0 {
                cx.release_datagram(waiting.number, cx.at());
            }
        }
        late.0.retain(|waiting| waiting.left > 0);
    }
}
