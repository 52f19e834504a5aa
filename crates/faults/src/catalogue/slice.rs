//! `slice`: the stream in small pieces.

use crate::carrier::{Carriers, Misfit};
use crate::engine::{Cx, Range};
use crate::fault::{Fault, Rank};
use crate::params::params;
use crate::spec::Scope;
use crate::tick::Tick;
use crate::value::{Size, nanos};
use std::time::Duration;

params! {
    /// Cuts the stream into pieces no larger than `size`, each written by itself, with `delay` between one and the next. The
    /// cuts stand at fixed offsets, however the bytes arrived, and the pieces make up the stream exactly.
    ///
    /// It fires once per connection and direction that it cuts.
    pub struct Slice {
        /// The size of a piece: cuts stand at its multiples.
        size: Size,
        /// Each piece is cut once more, at a drawn offset up to so many bytes before its end.
        variation: Size = Size::bytes(0),
        /// Every other cut is moved by a drawn number of bytes, up to so many either way: pieces are `size` ± `spread` long,
        /// and `size` on the average.
        spread: Size = Size::bytes(0),
        /// The time between a piece and the next.
        delay: Duration = Duration::ZERO,
    }
}

impl Slice {
    /// Pieces of that size.
    pub fn new(size: u64) -> Slice {
        Slice {
            size: Size::bytes(size),
            variation: Size::bytes(0),
            spread: Size::bytes(0),
            delay: Duration::ZERO,
        }
    }

    /// Varies their size by up to so many bytes.
    #[must_use]
    pub fn variation(self, bytes: u64) -> Slice {
        Slice { variation: Size::bytes(bytes), ..self }
    }

    /// Moves every other cut by up to so many bytes either way.
    #[must_use]
    pub fn spread(self, bytes: u64) -> Slice {
        Slice { spread: Size::bytes(bytes), ..self }
    }

    /// Waits so long between a piece and the next.
    #[must_use]
    pub fn delay(self, delay: Duration) -> Slice {
        Slice { delay, ..self }
    }

    /// The first cut behind `offset` where every other one is moved.
    fn next_moved(&self, offset: u64, pace: &mut Pace, cx: &Cx<'_>) -> u64 {
        let (size, spread) = (self.size.as_bytes(), self.spread.as_bytes());
        let two = size.saturating_mul(2);
        let pair = offset / two;
        let end = (pair + 1).saturating_mul(two);
        let earlier = match pace.drawn {
            Some((drawn, earlier)) if drawn == pair => earlier,
            _ => {
                let width = spread.saturating_mul(2).saturating_add(1);
                let drawn = cx.choose(pair, |draws| Some(draws.below(0, width))).unwrap_or(spread);
                // How far the cut stands before the end of the pair.
                let earlier = (size + spread).saturating_sub(drawn).clamp(1, end - 1);
                cx.note("cut", pair, end - earlier, drawn);
                earlier
            }
        };
        pace.drawn = Some((pair, earlier));
        let cut = end - earlier;
        if cut > offset { cut } else { end }
    }

    /// The first cut behind `offset`.
    fn next_cut(&self, offset: u64, pace: &mut Pace, cx: &Cx<'_>) -> u64 {
        if self.spread.as_bytes() > 0 {
            return self.next_moved(offset, pace, cx);
        }
        let (size, variation) = (self.size.as_bytes(), self.variation.as_bytes());
        let size = size.max(1);
        let piece = offset / size;
        let end = (piece + 1).saturating_mul(size);
        let shorter = match pace.drawn {
            Some((drawn, shorter)) if drawn == piece => shorter,
            _ if variation == 0 => 0,
            _ => {
                let shorter = cx.choose(piece, |draws| Some(draws.below(0, variation.saturating_add(1))));
                let shorter = shorter.unwrap_or(0).min(size - 1);
                cx.note("cut", piece, end - shorter, shorter);
                shorter
            }
        };
        pace.drawn = Some((piece, shorter));
        let extra = end - shorter;
        if extra > offset { extra } else { end }
    }
}

/// Pieces that wait at the most: each takes memory of its own, however small it is.
const MOST_WAITING: u64 = 16_384;

/// From when on the next piece may go.
#[derive(Default)]
pub struct Pace {
    free_at: Tick,
    /// The latest piece, or pair of pieces, that was drawn for, and how far before its end the cut stands.
    drawn: Option<(u64, u64)>,
}

impl Fault for Slice {
    const NAME: &'static str = "slice";
    const ALIASES: &'static [&'static str] = &["slicer"];
    const EXAMPLE: &'static str = "slice:64B,delay=10ms";
    const MAIN: Option<&'static str> = Some("size");
    const ON: Carriers = Carriers::Stream;
    const MISFIT: Option<Misfit> = Some(Misfit {
        reason: "a datagram cut in pieces would be other datagrams",
        instead: "max_size:1200,action=truncate",
    });
    const RANK: Rank = Rank::Slice;
    type State = Pace;
    type Shared = ();

    fn validate(&self, _scope: &Scope) -> Result<(), String> {
        if self.size.as_bytes() == 0 {
            return Err("cannot cut pieces of no bytes: `size` must be at least 1".to_owned());
        }
        if self.variation.as_bytes() > 0 && self.spread.as_bytes() > 0 {
            return Err("takes one of `variation` and `spread`".to_owned());
        }
        if self.spread >= self.size {
            return Err("needs a `spread` smaller than `size`".to_owned());
        }
        match self.variation < self.size {
            true => Ok(()),
            false => Err("needs a `variation` smaller than `size`".to_owned()),
        }
    }

    fn armed(&self, pace: &mut Pace, _cx: &mut Cx<'_>) {
        // The end of a window let go of what waited.
        pace.free_at = Tick::ZERO;
    }

    fn room(&self, queued: u64) -> u64 {
        self.size.as_bytes().saturating_mul(MOST_WAITING).max(1).saturating_sub(queued)
    }

    fn data(&self, pace: &mut Pace, range: Range, cx: &mut Cx<'_>) {
        if !cx.act(range.offset) {
            return cx.pass(range);
        }
        let mut rest = range;
        while rest.len > 0 {
            let cut = self.next_cut(rest.offset, pace, cx);
            let piece;
            (piece, rest) = rest.split_at(cut);
            let due = pace.free_at.max(cx.earliest());
            // A piece that arrives in parts goes on in parts; the delay counts from its last.
            if piece.end() == cut {
                pace.free_at = due.plus(nanos(self.delay));
            }
            cx.pass_alone(due, piece);
        }
    }
}
