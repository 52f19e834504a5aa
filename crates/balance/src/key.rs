//! The draws: functions of a position, never a stream, so that one choice shifts no other.

use siphasher::sip::SipHasher24;

/// Second half of the SipHash key: the letters `squall`, the balancer's number and the version of this scheme. It differs
/// from the one of the fault model, so that faults and choices under one seed have nothing to do with each other.
const SCHEME: u64 = 0x7371_7561_6c6c_b101;

/// The step of SplitMix64: 2^64 divided by the golden ratio, made odd.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A sequence of draws that belongs to one thing, any of which is reached in constant time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Lane(u64);

impl Lane {
    /// The lane for `parts` under `seed`: SipHash-2-4 (Aumasson, Bernstein 2012) with the key (seed, scheme) over each part
    /// after its length as 8 bytes, little-endian.
    pub(crate) fn new(seed: u64, parts: &[&[u8]]) -> Lane {
        let mut message = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
        for part in parts {
            message.extend_from_slice(&(part.len() as u64).to_le_bytes());
            message.extend_from_slice(part);
        }
        Lane(SipHasher24::new_with_keys(seed, SCHEME).hash(&message))
    }

    /// 64 uniform bits: output number `index`, from 0, of SplitMix64 (Steele, Lea, Flood 2014) seeded with the lane.
    pub(crate) fn draw(self, index: u64) -> u64 {
        mix(self.0.wrapping_add(index.wrapping_add(1).wrapping_mul(STEP)))
    }

    /// A uniform number below `bound`, from draw `index`; 0 for a bound of 0.
    pub(crate) fn below(self, index: u64, bound: u64) -> u64 {
        // The high half of the product is biased by less than `bound`/2^64.
        ((u128::from(self.draw(index)) * u128::from(bound)) >> 64) as u64
    }

    /// The lane itself, as a number to draw with.
    pub(crate) fn bits(self) -> u64 {
        self.0
    }
}

/// The finaliser of SplitMix64.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_splitmix64_of_the_lane() {
        // The reference outputs of SplitMix64 for the seed 1234567.
        let reference = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        for (index, expected) in reference.into_iter().enumerate() {
            assert_eq!(Lane(1_234_567).draw(index as u64), expected);
        }
    }

    #[test]
    fn golden_lanes_never_change() {
        let lanes = [
            Lane::new(0, &[b"balance", b"pick"]),
            Lane::new(7, &[b"balance", b"pick", &1u64.to_le_bytes()]),
            Lane::new(u64::MAX, &[]),
        ];
        assert_eq!(lanes.map(Lane::bits), GOLDEN);
    }

    /// From an independent implementation of the scheme.
    const GOLDEN: [u64; 3] = [0xfaf9_ca87_5800_9cb8, 0x0c3a_b218_1e78_27d2, 0xd6b0_396b_7031_852f];

    #[test]
    fn where_a_part_ends_matters() {
        assert_ne!(Lane::new(7, &[b"ab", b"c"]), Lane::new(7, &[b"a", b"bc"]));
        assert_ne!(Lane::new(7, &[b"a"]), Lane::new(8, &[b"a"]));
    }

    #[test]
    fn below_is_uniform_and_in_bounds() {
        let lane = Lane::new(1, &[b"bins"]);
        let mut bins = [0u32; 10];
        for index in 0..100_000 {
            bins[lane.below(index, 10) as usize] += 1;
        }
        assert!(bins.iter().all(|&bin| (9_500..10_500).contains(&bin)), "{bins:?}");
        assert_eq!(lane.below(0, 0), 0);
    }
}
