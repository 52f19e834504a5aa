//! The standard normal distribution by table: 64 uniform bits in, a deviate out, integers only.

/// Binary digits behind the point of a deviate.
pub(crate) const SIGMA_BITS: u32 = 24;

/// A deviate of the standard normal distribution for a uniform `draw`, in units of 2^-24 sigma.
///
/// The top bit is the sign (1 is negative). The other 63 bits, plus one, over 2^64 are a survival probability `s` in
/// (0, 1/2], and the deviate is the point that a normal variable exceeds with that probability. It is looked up by octaves:
/// octave `j` holds `s` in (2^-(j+2), 2^-(j+1)], in 16 bins of equal width, and the deviate is linear within a bin,
/// rounded. So the bins narrow as the tail steepens. Below 2^-33, behind the last of 32 octaves, the deviate stays where
/// that one ends, at 6.338 sigma.
///
/// Up to there it is off by at most 2.0e-4 sigma; the distribution's variance is 1.00011. It is exactly symmetric, and the
/// same on every machine.
pub(crate) fn normal(draw: u64) -> i64 {
    let (negative, uniform) = (draw >> 63 == 1, draw & (u64::MAX >> 1));
    let magnitude = i64::from(magnitude(uniform));
    if negative { -magnitude } else { magnitude }
}

/// Octaves of the table, and the bins in each as a power of two.
const OCTAVES: u32 = 32;
const BIN_BITS: u32 = 4;

/// The deviate that is exceeded with probability (`uniform` + 1) / 2^64, where `uniform` has 63 bits.
fn magnitude(uniform: u64) -> u32 {
    let octave = uniform.leading_zeros() - 1;
    if octave >= OCTAVES {
        return TABLE[0];
    }
    // Below the octave's leading one stand the bin's number and then the place within the bin.
    let width_bits = 62 - BIN_BITS - octave;
    let place = uniform & ((1 << width_bits) - 1);
    let bin = (uniform >> width_bits) as usize & ((1 << BIN_BITS) - 1);
    let index = (((OCTAVES - 1 - octave) as usize) << BIN_BITS) + bin;
    let (upper, lower) = (TABLE[index], TABLE[index + 1]);
    let half = 1 << (width_bits - 1);
    let drop = (u128::from(upper - lower) * u128::from(place + 1) + half) >> width_bits;
    upper - drop as u32
}

/// The deviates at the edges of the bins in units of 2^-24, from s = 2^-33 to s = 1/2: computed to double precision by
/// algorithm AS 241 (Wichura 1988), rounded, and each compared with 60 digits.
const TABLE: [u32; 513] = [
    106333286, 106176425, 106028329, 105888060, 105754823, 105627939, 105506824, 105390969, 105279931,
    105173322, 105070797, 104972052, 104876815, 104784841, 104695913, 104609832, 104526420, 104366967,
    104216417, 104073818, 103938363, 103809362, 103686220, 103568423, 103455520, 103347116, 103242863,
    103142449, 103045600, 102952067, 102861628, 102774083, 102689250, 102527075, 102373947, 102228900,
    102091113, 101959886, 101834615, 101714776, 101599912, 101489621, 101383549, 101281381, 101182836,
    101087663, 100995636, 100906551, 100820223, 100655182, 100499342, 100351718, 100211477, 100077907,
    99950393, 99828404, 99711474, 99599196, 99491209, 99387193, 99286862, 99189961, 99096259, 99005551,
    98917647, 98749587, 98590887, 98440546, 98297717, 98161675, 98031796, 97907538, 97788430, 97674055,
    97564047, 97458080, 97355863, 97257138, 97161669, 97069247, 96979679, 96808430, 96646710, 96493499,
    96347935, 96209281, 96076902, 95950248, 95828836, 95712244, 95600098, 95492068, 95387858, 95287203,
    95189865, 95095629, 95004301, 94829678, 94664760, 94508511, 94360052, 94218633, 94083607, 93954413,
    93830561, 93711620, 93597210, 93486994, 93380671, 93277970, 93178650, 93082492, 92989298, 92811096,
    92642788, 92483315, 92331785, 92187431, 92049595, 91917706, 91791263, 91669828, 91553013, 91440475,
    91331907, 91227033, 91125607, 91027406, 90932228, 90750224, 90578310, 90415410, 90260613, 90113137,
    89972312, 89837554, 89708353, 89584263, 89464889, 89349878, 89238919, 89131731, 89028063, 88927686,
    88830394, 88644336, 88468580, 88302026, 88143745, 87992940, 87848926, 87711107, 87578964, 87452041,
    87329933, 87212284, 87098772, 86989113, 86883048, 86780347, 86680797, 86490408, 86310545, 86140085,
    85978078, 85823712, 85676287, 85535194, 85399902, 85269946, 85144913, 85024437, 84908192, 84795886,
    84687255, 84582062, 84480094, 84285063, 84100796, 83926148, 83760146, 83601960, 83450874, 83306266,
    83167595, 83034382, 82906207, 82782696, 82663514, 82548363, 82436974, 82329105, 82224535, 82024513,
    81835511, 81656356, 81486054, 81323756, 81168729, 81020336, 80878024, 80741302, 80609742, 80482958,
    80360611, 80242393, 80128030, 80017273, 79909897, 79704489, 79510375, 79326354, 79151408, 78984667,
    78825380, 78672896, 78526647, 78386131, 78250908, 78120584, 77994811, 77873273, 77755690, 77641806,
    77531391, 77320147, 77120493, 76931196, 76751214, 76579653, 76415744, 76258819, 76108295, 75963659,
    75824457, 75690287, 75560789, 75435643, 75314558, 75197273, 75083552, 74865959, 74660273, 74465232,
    74279762, 74102949, 73934002, 73772234, 73617048, 73467915, 73324370, 73186000, 73052437, 72923348,
    72798437, 72677436, 72560101, 72335565, 72123282, 71921953, 71730476, 71547910, 71373442, 71206367,
    71046068, 70892003, 70743694, 70600716, 70462688, 70329270, 70200157, 70075072, 69953765, 69721595,
    69502055, 69293806, 69095715, 68906813, 68726261, 68553334, 68387397, 68227892, 68074325, 67926257,
    67783299, 67645099, 67511342, 67381743, 67256044, 67015429, 66787855, 66571943, 66366523, 66170595,
    65983296, 65803876, 65631680, 65466132, 65306723, 65153000, 65004560, 64861040, 64722115, 64587491,
    64456901, 64206877, 63970348, 63745887, 63532288, 63328515, 63133676, 62946997, 62767801, 62595491,
    62429541, 62269483, 62114899, 61965415, 61820694, 61680432, 61544353, 61283762, 61037167, 60803092,
    60580286, 60367678, 60164343, 59969479, 59782384, 59602440, 59429102, 59261884, 59100355, 58944124,
    58792843, 58646197, 58503899, 58231330, 57973314, 57728322, 57495053, 57272396, 57059391, 56855204,
    56659106, 56470457, 56288687, 56113294, 55943828, 55779884, 55621099, 55467145, 55317725, 55031427,
    54760309, 54502778, 54257483, 54023265, 53799124, 53584194, 53377713, 53179013, 52987504, 52802660,
    52624012, 52451138, 52283659, 52121234, 51963552, 51661313, 51374963, 51102840, 50843531, 50595827,
    50358684, 50131195, 49912565, 49702097, 49499171, 49303238, 49113807, 48930437, 48752733, 48580336,
    48412920, 48091878, 47787535, 47498149, 47222240, 46958541, 46705955, 46463532, 46230439, 46005941,
    45789391, 45580211, 45377884, 45181950, 44991991, 44807630, 44628526, 44284873, 43958853, 43648633,
    43352655, 43069584, 42798267, 42537702, 42287010, 42045419, 41812244, 41586876, 41368771, 41157441,
    40952447, 40753390, 40559910, 40188395, 39835600, 39499587, 39178709, 38871553, 38576898, 38293683,
    38020977, 37757961, 37503910, 37258179, 37020189, 36789424, 36565415, 36347742, 36136021, 35729069,
    35342113, 34973092, 34620253, 34282094, 33957314, 33644782, 33343507, 33052615, 32771334, 32498973,
    32234917, 31978613, 31729561, 31487312, 31251455, 30797458, 30364953, 29951734, 29555925, 29175914,
    28810307, 28457891, 28117603, 27788503, 27469762, 27160637, 26860468, 26568659, 26284673, 26008024,
    25738272, 25217883, 24720684, 24244295, 23786689, 23346125, 22921097, 22510290, 22112554, 21726871,
    21352340, 20988158, 20633606, 20288037, 19950867, 19621568, 19299660, 18676301, 18077711, 17501292,
    16944823, 16406398, 15884362, 15377269, 14883849, 14402979, 13933660, 13475000, 13026196, 12586525,
    12155334, 11732027, 11316060, 10504198, 9716225, 8949130, 8200307, 7467481, 6748636, 6041977, 5345881,
    4658872, 3979591, 3306774, 2639235, 1975851, 1315542, 657266, 0,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConnKey, Direction, Lane};

    fn sigma(draw: u64) -> f64 {
        normal(draw) as f64 / f64::from(1 << 24)
    }

    fn draws(count: u64) -> impl Iterator<Item = u64> {
        let lane = Lane::new(11, "proxy", "latency", ConnKey::Index(1), Direction::Down);
        (0..count).map(move |index| lane.draw(index, 0))
    }

    #[test]
    fn golden_deviates_never_change() {
        for (draw, expected) in GOLDEN {
            assert_eq!(normal(draw), expected, "{draw:#018x}");
        }
    }

    /// From an independent implementation, which looks the probability up as an exact fraction.
    const GOLDEN: [(u64, i64); 20] = [
        (0x0000_0000_0000_0000, 106_333_286),
        (0xffff_ffff_ffff_ffff, 0),
        (0x8000_0000_0000_0000, -106_333_286),
        (0x7fff_ffff_ffff_ffff, 0),
        (0x0000_0000_0000_0001, 106_333_286),
        (0x4000_0000_0000_0000, 11_316_060),
        (0x3fff_ffff_ffff_ffff, 11_316_060),
        (0x0000_0000_8000_0000, 106_333_286),
        (0x0000_0000_7fff_ffff, 106_333_286),
        (0x0000_0000_ffff_ffff, 104_526_420),
        (0x0000_0001_0000_0000, 104_526_420),
        (0x0123_4567_89ab_cdef, 43_895_430),
        (0xfedc_ba98_7654_3210, -186_956),
        (0xdead_beef_dead_beef, -5_575_820),
        (0x5555_5555_5555_5555, 7_227_866),
        (0x0000_0010_0000_0000, 96_979_679),
        (0x8000_00ff_ffff_ffff, -88_830_394),
        (0x2000_0000_0000_0001, 19_299_660),
        (0x0000_0000_b800_19f7, 105_390_964),
        (0x0000_0000_b800_19f8, 105_390_963),
    ];

    #[test]
    fn known_quantiles_are_met() {
        for (below, expected) in [(0.8413447, 1.0), (0.9772499, 2.0), (0.9986501, 3.0), (0.9999997133, 5.0)] {
            let draw = ((1.0 - below) * 2f64.powi(64)) as u64;
            assert!((sigma(draw) - expected).abs() < 2e-3, "{below}: {}", sigma(draw));
        }
    }

    #[test]
    fn every_bin_of_the_table_holds_its_share_of_the_density() {
        let unit = f64::from(1 << 24);
        let density = |z: f64| (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        for (index, edges) in TABLE.windows(2).enumerate() {
            let (upper, lower) = (f64::from(edges[0]) / unit, f64::from(edges[1]) / unit);
            // Simpson's rule; the bins are narrow enough for it.
            let mean = (density(upper) + 4.0 * density((upper + lower) / 2.0) + density(lower)) / 6.0;
            let share = 2f64.powi(index as i32 / 16 - 37);
            let expected = share / mean * unit;
            let width = f64::from(edges[0] - edges[1]);
            assert!((width - expected).abs() < 1.1, "bin {index}: {width}, expected {expected}");
        }
        assert_eq!(TABLE[512], 0);
    }

    #[test]
    fn both_signs_have_the_same_magnitudes() {
        assert!(draws(10_000).all(|draw| normal(draw) == -normal(draw ^ (1 << 63))));
    }

    #[test]
    fn a_smaller_probability_never_means_a_smaller_deviate() {
        assert!(TABLE.is_sorted_by(|a, b| a > b));
        // Around every edge of a bin, and around its middle.
        for octave in 0..OCTAVES {
            for bin in 0..32 {
                let edge = (1 << (62 - octave)) + (bin << (57 - octave));
                let around = [edge - 2, edge - 1, edge, edge + 1].map(normal);
                assert!(around.is_sorted_by(|a, b| a >= b), "{edge:#x}: {around:?}");
                assert!(around[0] - around[3] <= 1, "{edge:#x}: {around:?}");
            }
        }
    }

    #[test]
    fn mean_and_variance_are_those_of_the_standard_normal() {
        let n = 1_000_000;
        let (sum, squares) = draws(n).map(sigma).fold((0.0, 0.0), |(sum, sq), z| (sum + z, sq + z * z));
        let mean = sum / n as f64;
        let variance = squares / n as f64 - mean * mean;
        // Standard errors of the mean and of the variance: 1/sqrt(n) and sqrt(2/n).
        assert!(mean.abs() < 4.0 / (n as f64).sqrt(), "{mean}");
        assert!((variance - 1.0).abs() < 4.0 * (2.0 / n as f64).sqrt(), "{variance}");
    }

    #[test]
    fn the_shape_is_that_of_the_standard_normal() {
        let (n, mut bins) = (100_000, [0u32; 20]);
        for z in draws(n).map(sigma) {
            let edge = QUANTILES.partition_point(|edge| *edge < z.abs());
            bins[if z < 0.0 { 9 - edge } else { 10 + edge }] += 1;
        }
        let (mean, spread) = (n as f64 / 20.0, (n as f64 * 0.05 * 0.95).sqrt());
        assert!(bins.iter().all(|count| (f64::from(*count) - mean).abs() < 5.0 * spread), "{bins:?}");
        // Kolmogorov-Smirnov at the edges; 1.95 / sqrt(n) is passed once in a thousand.
        let mut below = 0;
        for (edge, count) in bins.iter().enumerate() {
            below += count;
            let distance = (f64::from(below) / n as f64 - (edge + 1) as f64 / 20.0).abs();
            assert!(distance < 1.95 / (n as f64).sqrt(), "edge {edge}: {distance}");
        }
    }

    /// The standard normal's quantiles from 55% to 95%, in steps of 5%.
    const QUANTILES: [f64; 9] = [
        0.12566134685507413,
        0.2533471031357998,
        0.3853204664075676,
        0.5244005127080407,
        0.6744897501960817,
        0.8416212335729144,
        1.0364333894937894,
        1.2815515655446008,
        1.6448536269514715,
    ];
}
