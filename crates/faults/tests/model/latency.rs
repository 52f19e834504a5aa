//! `latency`: how delays are spread, and datagrams that overtake.

use crate::datagram_drive::*;
use crate::drive::*;
use squall_faults::Direction::Down;

/// The delay of each of so many segments, sent far apart.
fn delays(specs: &[&str], count: u64) -> Vec<u64> {
    let arrivals: Vec<_> = (0..count).map(|i| (i * 1_000 * MS, 1_448)).collect();
    let trace = drive(conn(&plan(7, specs), 1), Down, &arrivals, 0);
    (0..count).map(|i| trace.written[i as usize * 1_448] - i * 1_000 * MS).collect()
}

/// The standard normal distribution function, to 1e-7 (Abramowitz and Stegun 26.2.17).
fn cumulative(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let factors = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let sum = factors.into_iter().rev().fold(0.0, |sum, factor| (sum + factor) * t);
    let tail = sum * (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if x > 0.0 { 1.0 - tail } else { tail }
}

#[test]
fn normal_delays_of_a_seed_never_change() {
    // From an independent implementation of the scheme and of the inverse of the normal distribution.
    let golden = [
        41_918_381,
        49_126_435,
        40_142_242,
        21_517_943,
        31_023_437,
        64_722_539,
        54_207_726,
        61_035_403,
        63_358_882,
        27_671_306,
        39_319_629,
        55_924_017u64,
    ];
    let drawn = delays(&["latency:50ms,jitter=10ms,distribution=normal"], 12);
    for (delay, expected) in drawn.iter().zip(golden) {
        // The table is off by at most 2e-4 of the deviation.
        assert!(delay.abs_diff(expected) <= 2_000, "{delay}, expected {expected}");
    }
}

#[test]
fn normal_delays_have_the_mean_the_deviation_and_the_shape() {
    let mut drawn = delays(&["latency:50ms,jitter=10ms,distribution=normal"], 2_000);
    let count = drawn.len() as f64;
    let mean = drawn.iter().sum::<u64>() as f64 / count / 1e6;
    let variance = drawn.iter().map(|d| (*d as f64 / 1e6 - mean).powi(2)).sum::<f64>() / (count - 1.0);
    assert!((mean - 50.0).abs() < 4.0 * 10.0 / count.sqrt(), "{mean}");
    assert!((variance.sqrt() - 10.0).abs() < 4.0 * 10.0 / (2.0 * count).sqrt(), "{variance}");
    drawn.sort_unstable();
    let distance = drawn.iter().enumerate().map(|(i, delay)| {
        let expected = cumulative((*delay as f64 / 1e6 - 50.0) / 10.0);
        (expected - i as f64 / count).abs().max((expected - (i + 1) as f64 / count).abs())
    });
    let distance = distance.fold(0.0, f64::max);
    // Kolmogorov and Smirnov at 1%.
    assert!(distance < 1.63 / count.sqrt(), "{distance}");
}

#[test]
fn a_delay_below_zero_is_zero() {
    let drawn = delays(&["latency:1ms,jitter=10ms,distribution=normal"], 200);
    assert!(drawn.contains(&0) && drawn.iter().any(|delay| *delay > 10 * MS));
}

#[test]
fn datagrams_overtake_where_the_jitter_exceeds_their_spacing() {
    let arrivals: Vec<_> = (0..50).map(|i| (i * MS, 100)).collect();
    let received = session(&["latency:20ms,jitter=20ms"], &arrivals);
    assert!(!received.numbers().is_sorted());
    // Each leaves after its own delay, whatever became of those before it.
    for (time, number, _) in &received.sent {
        assert!((0..=40 * MS).contains(&(time - number * MS)));
    }
    let narrow = session(&["latency:20ms,jitter=400us"], &arrivals);
    assert!(narrow.numbers().is_sorted());
}

#[test]
fn ordered_datagrams_wait_for_those_before_them() {
    let arrivals: Vec<_> = (0..50).map(|i| (i * MS, 100)).collect();
    let free = session(&["latency:20ms,jitter=20ms"], &arrivals);
    let ordered = session(&["latency:20ms,jitter=20ms,ordered=true"], &arrivals);
    assert!(ordered.numbers().is_sorted());
    // The delays are the same; a datagram leaves with the latest so far.
    let mut times: Vec<u64> = vec![0; 50];
    free.sent.iter().for_each(|(time, number, _)| times[*number as usize] = *time);
    let latest = times.iter().scan(0, |latest, time| {
        *latest = (*time).max(*latest);
        Some(*latest)
    });
    assert_eq!(ordered.sent.iter().map(|(time, ..)| *time).collect::<Vec<_>>(), latest.collect::<Vec<_>>());
}

#[test]
fn the_end_of_a_stream_is_delayed_and_stays_behind_the_last_byte() {
    let trace = drive(conn(&plan(7, &["latency:5ms,jitter=5ms"]), 1), Down, &[(0, 20_000)], 0);
    assert!(trace.fin >= trace.written.last().copied() && trace.fin >= Some(5 * MS));
}
