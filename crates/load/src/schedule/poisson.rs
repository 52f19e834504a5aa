//! Arrivals as of independent clients, so that any operation's place can be had without those before it.
//!
//! Given how many come in a time, the arrivals of a Poisson process are so many independent points of it, in order. So each
//! block of operations is as many points, each drawn by its number, sorted.

use super::FRACTIONS;
use crate::draw::{Purpose, below};
use squall_wire::lock;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Operations that are sorted among each other.
const BLOCK: u64 = 1024;
/// Blocks that are remembered: connections are not all at the same one.
const REMEMBERED: usize = 16;

/// The blocks that were needed last.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    seed: u64,
    recent: Mutex<BTreeMap<u64, Arc<[u64]>>>,
}

impl Blocks {
    pub(super) fn new(seed: u64) -> Blocks {
        Blocks { seed, recent: Mutex::default() }
    }

    /// Where operation `number` of `count` is, in millionths of operations.
    pub(super) fn position(&self, number: u64, count: u64) -> u128 {
        let block = number / BLOCK;
        let first = block * BLOCK;
        let size = count.saturating_sub(first).clamp(1, BLOCK);
        let mut recent = lock(&self.recent);
        let places = recent.entry(block).or_insert_with(|| self.draw(first, size)).clone();
        if recent.len() > REMEMBERED {
            // Time only goes forward.
            recent.pop_first();
        }
        drop(recent);
        let within = places.get((number - first) as usize).copied().unwrap_or(0);
        u128::from(first) * u128::from(FRACTIONS) + u128::from(within)
    }

    fn draw(&self, first: u64, size: u64) -> Arc<[u64]> {
        let place = |number| below(self.seed, Purpose::Arrival, number, size * FRACTIONS);
        let mut places: Vec<u64> = (first..first + size).map(place).collect();
        places.sort_unstable();
        places.into()
    }
}
