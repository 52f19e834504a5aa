//! `corrupt`: flipped bits.

use crate::carrier::Carriers;
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::key::Draws;
use crate::params::params;
use crate::spec::Scope;
use crate::value::{Probability, Size};

params! {
    /// Flips bits: of each byte with a probability, or of one exact byte. This is corruption as an application may see it,
    /// beyond TCP's checksum; a network would drop the segment instead.
    ///
    /// It fires once per byte that it alters.
    pub struct Corrupt {
        /// With which probability each byte is altered.
        p: Option<Probability>,
        /// The offset of the one byte that is altered, from the start of the direction's bytes, or from where the fault armed
        /// where `after` is set.
        at: Option<Size>,
        /// How many bits of an altered byte are flipped, 1 to 8.
        bits: u64 = 1,
    }
}

impl Corrupt {
    /// Alters each byte with this probability.
    pub fn chance(p: Probability) -> Corrupt {
        Corrupt { p: Some(p), at: None, bits: 1 }
    }

    /// Alters the byte at this offset.
    pub fn at(offset: u64) -> Corrupt {
        Corrupt { p: None, at: Some(Size::bytes(offset)), bits: 1 }
    }

    /// Flips so many bits of an altered byte.
    #[must_use]
    pub fn bits(self, bits: u64) -> Corrupt {
        Corrupt { bits, ..self }
    }

    /// So many different bits.
    fn mask(&self, draws: Draws) -> u64 {
        let mut mask = 0u64;
        let mut slot = FIRST_BIT;
        while u64::from(mask.count_ones()) < self.bits.min(8) {
            mask |= 1 << draws.below(slot, 8);
            slot += 1;
        }
        mask
    }

    /// Alters the byte at `offset`, the `place`-th of what arrives, where that is decided.
    fn alter(&self, offset: u64, place: u64, cx: &mut Cx<'_>, is_chosen: impl Fn(Draws) -> bool) {
        // The bytes of a stream are counted from its start, those of a datagram from the datagram's.
        let index = if cx.is_datagram() { cx.unit(offset) << PLACE_BITS | place } else { offset };
        let mask = cx.choose(index, |draws| is_chosen(draws).then(|| self.mask(draws)));
        if let Some(mask) = mask.and_then(|mask| u8::try_from(mask).ok()).filter(|mask| *mask != 0)
            && cx.fire("flip", index, offset, u64::from(mask))
        {
            cx.flip(offset, mask);
        }
    }
}

/// The draw that chooses a byte, and the first of those that choose its bits.
const CHOICE: u64 = 0;
const FIRST_BIT: u64 = 1;
/// Bits of a draw's index that hold the place in a datagram, which is at most 64 KiB long.
const PLACE_BITS: u32 = 16;

impl Fault for Corrupt {
    const NAME: &'static str = "corrupt";
    const EXAMPLE: &'static str = "corrupt:0.01%";
    const MAIN: Option<&'static str> = Some("p");
    const ON: Carriers = Carriers::Both;
    const RANK: Rank = Rank::Position;
    const ALTERS: bool = true;
    type State = ();
    type Shared = ();

    fn validate(&self, _scope: &Scope) -> Result<(), String> {
        match (self.p, self.at) {
            (Some(_), Some(_)) => Err("takes `p` or `at`, not both".to_owned()),
            (None, None) => Err("needs `p` or `at`".to_owned()),
            _ if !(1..=8).contains(&self.bits) => Err("flips 1 to 8 `bits` of a byte".to_owned()),
            _ => Ok(()),
        }
    }

    fn data(&self, _state: &mut (), range: Range, cx: &mut Cx<'_>) {
        if let Some(at) = self.at {
            let offset = cx.base().saturating_add(at.as_bytes());
            if (range.offset..range.end()).contains(&offset) {
                self.alter(offset, offset - range.offset, cx, |_| true);
            }
        }
        if let Some(p) = self.p {
            for offset in range.offset..range.end() {
                self.alter(offset, offset - range.offset, cx, |draws| draws.chance(CHOICE, p));
            }
        }
        cx.pass(range);
    }
}
