//! The tree of keys behind every random decision: drawn by position, never from a stream, so that adding a fault or a
//! connection shifts no other draw.

use crate::direction::Direction;
use crate::value::Probability;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

/// What identifies a connection in the keys of its draws.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ConnKey {
    /// Accept order since the fault was added, from 1; connections that were open already are 0, -1, -2, newest first.
    Index(i64),
    /// A label that the client side registered before it connected, so that the draws hold under concurrency too.
    Label {
        /// Which of the client's workers connects.
        worker: u64,
        /// How often that worker has connected, from 1.
        attempt: u64,
    },
}

/// Second half of the SipHash key: the letters `squall` and the version of this scheme.
const SCHEME: u64 = 0x7371_7561_6c6c_0001;

/// The draws of one fault on one direction of one connection.
///
/// The lane is SipHash-2-4 (Aumasson, Bernstein 2012) with the key (seed, `"squall"` 0 1) over: the link's name and the
/// fault's name, each after its length as 8 bytes; one byte 0 and the index, or one byte 1, the worker and the attempt;
/// one byte for the direction (0 up, 1 down). Integers are little-endian.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lane(u64);

impl Lane {
    /// The lane of `fault` on `link` for one connection and direction.
    pub fn new(seed: u64, link: &str, fault: &str, connection: ConnKey, direction: Direction) -> Lane {
        let mut message = Vec::with_capacity(40 + link.len() + fault.len());
        for name in [link, fault] {
            message.extend_from_slice(&(name.len() as u64).to_le_bytes());
            message.extend_from_slice(name.as_bytes());
        }
        match connection {
            ConnKey::Index(index) => {
                message.push(0);
                message.extend_from_slice(&index.to_le_bytes());
            }
            ConnKey::Label { worker, attempt } => {
                message.push(1);
                message.extend_from_slice(&worker.to_le_bytes());
                message.extend_from_slice(&attempt.to_le_bytes());
            }
        }
        message.push(direction.index() as u8);
        Lane(SipHasher24::new_with_keys(seed, SCHEME).hash(&message))
    }

    /// 64 uniform bits for position `index`; `slot` tells apart several draws at one position.
    ///
    /// It is output number `index` (from 0) of SplitMix64 (Steele, Lea, Flood 2014) seeded with the lane, xored for slots
    /// other than 0 with the mixed slot number. Any output is reached in constant time.
    pub fn draw(self, index: u64, slot: u64) -> u64 {
        let seed = self.0 ^ mix(slot);
        mix(seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }
}

/// The draws about one thing that a fault decides on.
#[derive(Clone, Copy, Debug)]
pub struct Draws {
    lane: Lane,
    index: u64,
}

impl Draws {
    /// Those of `lane` at position `index`.
    pub fn new(lane: Lane, index: u64) -> Draws {
        Draws { lane, index }
    }

    /// 64 uniform bits; `slot` tells several draws apart.
    pub fn bits(self, slot: u64) -> u64 {
        self.lane.draw(self.index, slot)
    }

    /// True with this probability.
    pub fn chance(self, slot: u64, probability: Probability) -> bool {
        chance(self.bits(slot), probability)
    }

    /// A uniform number below `bound`, 0 for a bound of 0.
    pub fn below(self, slot: u64, bound: u64) -> u64 {
        below(self.bits(slot), bound)
    }
}

/// The finaliser of SplitMix64; maps 0 to 0.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// True with the given probability, for a uniform `draw`: exact on integers, no floating point.
pub fn chance(draw: u64, probability: Probability) -> bool {
    u128::from(draw) < probability.threshold()
}

/// A uniform integer below `bound` (0 for a bound of 0): the high half of the product, whose bias is below `bound`/2^64.
pub fn below(draw: u64, bound: u64) -> u64 {
    ((u128::from(draw) * u128::from(bound)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn lane(seed: u64, index: i64) -> Lane {
        Lane::new(seed, "proxy", "reset", ConnKey::Index(index), Direction::Down)
    }

    #[test]
    fn draws_are_splitmix64_of_the_lane() {
        // The reference outputs of SplitMix64 for the seed 1234567.
        let lane = Lane(1_234_567);
        let reference = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        for (index, expected) in reference.into_iter().enumerate() {
            assert_eq!(lane.draw(index as u64, 0), expected);
        }
    }

    #[test]
    fn golden_lanes_never_change() {
        let label = ConnKey::Label { worker: 3, attempt: 2 };
        let golden = [
            (lane(0, 1), GOLDEN[0]),
            (lane(7, 1), GOLDEN[1]),
            (lane(7, 2), GOLDEN[2]),
            (lane(7, -1), GOLDEN[3]),
            (Lane::new(7, "api", "latency_2", label, Direction::Up), GOLDEN[4]),
        ];
        for (lane, expected) in golden {
            assert_eq!(lane.draw(0, 0), expected, "{lane:?}");
        }
    }

    /// From an independent implementation of the scheme.
    const GOLDEN: [u64; 5] = [
        0xba33_4d31_98c6_470e,
        0xfa87_4808_c441_807d,
        0xe581_3bd0_370a_6563,
        0x4503_807f_6aa5_7e86,
        0x2215_9a98_c80a_f12e,
    ];

    #[test]
    fn slots_directions_and_names_draw_apart() {
        let base = Lane::new(7, "a", "bc", ConnKey::Index(1), Direction::Up);
        assert_ne!(base.draw(0, 0), base.draw(0, 1));
        assert_ne!(base, Lane::new(7, "a", "bc", ConnKey::Index(1), Direction::Down));
        assert_ne!(base, Lane::new(7, "ab", "c", ConnKey::Index(1), Direction::Up));
        assert_ne!(base, Lane::new(7, "a", "bc", ConnKey::Label { worker: 1, attempt: 0 }, Direction::Up));
    }

    #[test]
    fn chance_is_stationary_within_a_binomial_bound() {
        let (n, p): (u64, Probability) = (1_000_000, Value::parse("5%").expect("a percentage"));
        let lane = lane(42, 1);
        let hits = (0..n).filter(|&i| chance(lane.draw(i, 0), p)).count() as f64;
        let (mean, sigma) = (n as f64 * 0.05, (n as f64 * 0.05 * 0.95).sqrt());
        assert!((hits - mean).abs() < 4.0 * sigma, "{hits} hits, expected {mean} ± {sigma}");
    }

    #[test]
    fn below_is_uniform_and_in_bounds() {
        let lane = lane(1, 1);
        let mut bins = [0u32; 10];
        for i in 0..100_000 {
            bins[below(lane.draw(i, 3), 10) as usize] += 1;
        }
        assert!(bins.iter().all(|&b| (9_500..10_500).contains(&b)), "{bins:?}");
        assert_eq!(below(u64::MAX, 0), 0);
        assert_eq!(below(u64::MAX, 7), 6);
    }
}
