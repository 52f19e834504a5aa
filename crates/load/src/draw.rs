//! Random numbers by position: the same operation draws the same, whatever others do.

/// What is drawn for; draws for different things do not depend on each other.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// The size of a request.
    Size = 1,
    /// The size of a reply.
    ReplySize = 2,
    /// The instant of an operation.
    Arrival = 3,
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number below `bound` for an operation; 0 where `bound` is. The bias is below one in 2^32 for any bound that fits 32 bits.
pub(crate) fn below(seed: u64, purpose: Purpose, number: u64, bound: u64) -> u64 {
    let key = mix(mix(seed ^ 0x6c6f_6164_0000_0001).wrapping_add(purpose as u64));
    let drawn = mix(key.wrapping_add(mix(number.wrapping_add(0x9e37_79b9_7f4a_7c15))));
    ((u128::from(drawn) * u128::from(bound)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_the_same_on_every_machine() {
        let drawn: Vec<u64> = (0..4).map(|number| below(7, Purpose::Size, number, 1000)).collect();
        assert_eq!(drawn, GOLDEN);
    }

    const GOLDEN: [u64; 4] = [74, 107, 890, 901];

    #[test]
    fn purposes_and_seeds_do_not_share_draws() {
        let drawn = |seed, purpose| below(seed, purpose, 3, u64::MAX);
        assert_ne!(drawn(1, Purpose::Size), drawn(2, Purpose::Size));
        assert_ne!(drawn(1, Purpose::Size), drawn(1, Purpose::ReplySize));
        assert_eq!(below(1, Purpose::Size, 3, 0), 0);
    }
}
