//! `duplicate`: datagrams that come twice.

use crate::carrier::{Carriers, Misfit};
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::params::params;
use crate::spec::Scope;
use crate::value::Probability;

params! {
    /// Sends datagrams more than once. Copies meet the faults behind this one each for itself.
    ///
    /// It fires once per datagram that it copies.
    pub struct Duplicate {
        /// With which probability a datagram is copied.
        p: Probability,
        /// How many copies there are beside the first.
        copies: u64 = 1,
    }
}

/// More copies than a network makes, few enough for one datagram not to fill the memory.
const MOST: u64 = 100;

impl Duplicate {
    /// Copies a datagram with this probability.
    pub fn chance(p: Probability) -> Duplicate {
        Duplicate { p, copies: 1 }
    }

    /// Makes so many copies.
    #[must_use]
    pub fn copies(self, copies: u64) -> Duplicate {
        Duplicate { copies, ..self }
    }
}

impl Fault for Duplicate {
    const NAME: &'static str = "duplicate";
    const EXAMPLE: &'static str = "duplicate:1%";
    const MAIN: Option<&'static str> = Some("p");
    const ON: Carriers = Carriers::Datagram;
    const MISFIT: Option<Misfit> = Some(Misfit {
        reason: "TCP delivers every byte once, so that a duplicate cannot be seen above it",
        instead: "loss:1%",
    });
    const RANK: Rank = Rank::Order;
    type State = ();
    type Shared = ();

    fn validate(&self, _scope: &Scope) -> Result<(), String> {
        match self.copies {
            1..=MOST => Ok(()),
            _ => Err(format!("makes 1 to {MOST} `copies`")),
        }
    }

    fn data(&self, _state: &mut (), range: Range, cx: &mut Cx<'_>) {
        let number = cx.unit(range.offset);
        let chosen = cx.choose(number, |draws| draws.chance(0, self.p).then_some(self.copies));
        let copies = chosen.unwrap_or(0).min(MOST);
        if copies > 0 && cx.fire("copy", number, range.offset, copies) {
            cx.copy(copies);
            for _ in 0..copies {
                cx.pass_overtaking(cx.at(), range);
            }
        }
        cx.pass_overtaking(cx.at(), range);
    }
}
