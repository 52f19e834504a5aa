//! What holds for every schedule, and figures that can be worked out by hand.

use super::*;
use proptest::prelude::*;

fn rate(per_second: u64) -> Rate {
    Rate::thousandths(per_second * 1000).expect("a rate")
}

const SECOND: u64 = 1_000_000_000;

#[test]
fn a_constant_rate_is_evenly_spread_and_never_drifts() {
    let schedule = Schedule::lasting(rate(3), Duration::from_secs(10)).expect("a schedule");
    assert_eq!(schedule.count(), 30);
    let instants: Vec<u64> = [0, 1, 2, 3, 29].map(|number| schedule.instant(number)).to_vec();
    assert_eq!(instants, [0, 333_333_334, 666_666_667, SECOND, 9_666_666_667]);
    let long = Schedule::constant(rate(1_000), 86_400_000).expect("a schedule");
    assert_eq!(long.instant(86_399_999), 86_399_999 * (SECOND / 1000));
}

#[test]
fn a_ramp_has_the_area_under_its_line() {
    let up = Schedule::stages(rate(0), [(Duration::from_secs(10), rate(200))]).expect("a schedule");
    assert_eq!(up.count(), 1_000);
    // Half of a line from zero has a quarter of its area.
    assert_eq!(up.instant(250), 5 * SECOND);
    let stages = [(10, 100), (20, 100), (10, 0)].map(|(s, r)| (Duration::from_secs(s), rate(r)));
    let trapezium = Schedule::stages(rate(0), stages).expect("a schedule");
    assert_eq!(trapezium.count(), 500 + 2_000 + 500);
    assert_eq!(trapezium.instant(500), 10 * SECOND);
    assert_eq!(trapezium.instant(1_500), 20 * SECOND);
    assert_eq!(trapezium.instant(2_500), 30 * SECOND);
}

#[test]
fn bursts_come_together_and_keep_the_rate() {
    let schedule = Schedule::lasting(rate(100), Duration::from_secs(1)).expect("a schedule");
    let schedule = schedule.arriving(Arrivals::Burst(10), 0);
    let instants: Vec<u64> = (0..100).map(|number| schedule.instant(number)).collect();
    assert!(
        instants
            .chunks(10)
            .enumerate()
            .all(|(i, burst)| burst.iter().all(|at| *at == i as u64 * SECOND / 10))
    );
}

#[test]
fn poisson_gaps_are_as_uneven_as_they_should_be() {
    let count = 100_000;
    let schedule = Schedule::constant(rate(1_000), count).expect("a schedule").arriving(Arrivals::Poisson, 7);
    let instants: Vec<u64> = (0..count).map(|number| schedule.instant(number)).collect();
    let gaps: Vec<u64> = instants.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let longer = |ns: u64| gaps.iter().filter(|gap| **gap > ns).count();
    // Of exponential gaps with a mean of 1 ms, 36.8% are longer than that, and 5.0% longer than three times that.
    assert!((36_300..37_300).contains(&longer(1_000_000)), "{}", longer(1_000_000));
    assert!((4_700..5_300).contains(&longer(3_000_000)), "{}", longer(3_000_000));
    let other = Schedule::constant(rate(1_000), count).expect("a schedule").arriving(Arrivals::Poisson, 8);
    assert_ne!(other.instant(5), schedule.instant(5));
}

#[test]
fn what_makes_no_schedule_is_refused() {
    assert!(Schedule::constant(rate(0), 5).is_none());
    assert!(Schedule::lasting(rate(0), Duration::from_secs(1)).is_none());
    assert!(Schedule::stages(rate(1), [(Duration::ZERO, rate(1))]).is_none());
    assert!(Schedule::stages(rate(1), [(Duration::from_secs(1_000_000), rate(1))]).is_none());
    assert!(Rate::thousandths(Rate::HIGHEST.as_thousandths() + 1).is_none());
}

fn arrivals() -> impl Strategy<Value = Arrivals> {
    prop_oneof![Just(Arrivals::Uniform), Just(Arrivals::Poisson), (1_u64..50).prop_map(Arrivals::Burst),]
}

proptest! {
    #[test]
    fn instants_never_go_back_and_end_before_the_stages_do(
        start in 0_u64..500_000,
        stages in prop::collection::vec((1_u64..3_000_000_000, 0_u64..500_000), 1..5),
        arrivals in arrivals(),
        seed: u64,
    ) {
        let length: u64 = stages.iter().map(|(ns, _)| ns).sum();
        let typed = stages.iter().map(|(ns, rate)| (Duration::from_nanos(*ns), Rate(*rate)));
        let schedule = Schedule::stages(Rate(start), typed).expect("a schedule").arriving(arrivals, seed);
        let mut area = 0_u128;
        let mut from = start;
        for (ns, to) in &stages {
            area += u128::from(from + to) * u128::from(*ns);
            from = *to;
        }
        prop_assert_eq!(u128::from(schedule.count()), area.div_ceil(TWO_OPERATIONS));
        let mut last = 0;
        for number in 0..schedule.count() {
            let at = schedule.instant(number);
            prop_assert!(at >= last && at <= length, "operation {} at {} after {}", number, at, last);
            last = at;
        }
        // Any order of asking gives the same.
        if schedule.count() > 0 {
            let again = schedule.clone().arriving(arrivals, seed);
            prop_assert_eq!(again.instant(schedule.count() - 1), last);
        }
    }

    #[test]
    fn an_instant_is_the_first_nanosecond_at_which_the_operation_is_due(
        from in 0_u64..=10_000_000_000, to in 0_u64..=10_000_000_000, length in 1_u64..=LONGEST, share in 0_u64..1_000,
    ) {
        let ramp = Ramp { from: Rate(from), to: Rate(to), length };
        let area = ramp.area() / 1_000 * u128::from(share);
        let at = ramp.when(area);
        prop_assert!(at <= length);
        let done = |t: u64| {
            let (from, to, t, length) = (f64::from(from as u32) + ((from >> 32) as f64) * 4_294_967_296.0, to as f64, t as f64, length as f64);
            2.0 * from * t + (to - from) * t * t / length
        };
        let tolerance = ramp.area() as f64 * 1e-9 + 1.0 + 4.0 * (from.max(to) as f64);
        prop_assert!(done(at) + tolerance >= area as f64);
        prop_assert!(at == 0 || done(at - 1) <= area as f64 + tolerance);
    }
}
