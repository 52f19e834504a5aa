//! What each fault does to the bytes of one direction.

use crate::drive::*;
use squall_faults::{Action, Conn, Direction::Down, Opening, Range, Side, Tick};

fn one(specs: &[&str], arrivals: &[(u64, u64)]) -> Trace {
    drive(conn(&plan(7, specs), 1), Down, arrivals, 0)
}

#[test]
fn without_faults_bytes_leave_as_they_arrive() {
    let trace = one(&[], &[(3, 2), (5, 1)]);
    assert_eq!(trace.written, [3, 3, 5]);
    assert_eq!(trace.fin, Some(5));
}

#[test]
fn latency_counts_from_arrival_and_does_not_add_up() {
    let trace = one(&["latency:50ms"], &[(0, 1), (10 * MS, 1), (11 * MS, 1)]);
    assert_eq!(trace.written, [50 * MS, 60 * MS, 61 * MS]);
    assert_eq!(trace.fin, Some(61 * MS));
}

#[test]
fn two_latencies_add() {
    let trace = one(&["latency:50ms", "latency:20ms"], &[(0, 1)]);
    assert_eq!(trace.written, [70 * MS]);
}

#[test]
fn late_wake_ups_do_not_add_up_along_the_line() {
    let plan = plan(7, &["bandwidth:1MB/s", "latency:50ms", "latency:20ms"]);
    let trace = drive(conn(&plan, 1), Down, &[(0, 100_000)], 2 * MS);
    let last = *trace.written.last().expect("bytes");
    assert!((170 * MS..=172 * MS).contains(&last), "{last}");
}

#[test]
fn jitter_spreads_uniformly_around_the_delay_in_order() {
    let arrivals: Vec<_> = (0..2_000).map(|i| (i * 100 * MS, 1448)).collect();
    let trace = one(&["latency:50ms,jitter=10ms"], &arrivals);
    let delays: Vec<u64> = (0..2_000).map(|i| trace.written[i * 1448] - i as u64 * 100 * MS).collect();
    assert!(delays.iter().all(|d| (40 * MS..=60 * MS).contains(d)));
    let mean = delays.iter().sum::<u64>() / delays.len() as u64;
    assert!((49 * MS..51 * MS).contains(&mean), "{mean}");
    assert!(trace.written.is_sorted());
}

#[test]
fn bandwidth_serialises_at_the_rate() {
    let trace = one(&["bandwidth:1MB/s"], &[(0, 500_000), (100 * MS, 500_000)]);
    assert_eq!(*trace.written.last().expect("bytes"), 1_000 * MS);
    assert_eq!(trace.written[499_999], 500 * MS);
    assert_eq!(trace.fin, Some(1_000 * MS));
}

#[test]
fn bandwidth_carries_the_remainder_of_odd_rates() {
    // 7 bytes a second: a billion is not divisible by 7, so rounding each piece would show.
    let trace = one(&["bandwidth:7B/s"], &[(0, 700)]);
    assert_eq!(*trace.written.last().expect("bytes"), 100_000 * MS);
}

#[test]
fn an_idle_wire_saves_up_no_more_than_its_burst() {
    let idle = 10_000 * MS;
    let trace = one(&["bandwidth:1MB/s"], &[(0, 1_000), (idle, 1_000)]);
    assert_eq!(trace.written[1_999], idle + MS);
    let trace = one(&["bandwidth:1MB/s,burst=5KB"], &[(idle, 6_000)]);
    assert_eq!(trace.written[4_999], idle);
    assert_eq!(trace.written[5_999], idle + MS);
}

#[test]
fn a_full_bandwidth_queue_has_no_room() {
    let plan = plan(7, &["bandwidth:1MB/s,queue=10KB"]);
    let mut conn = conn(&plan, 1);
    assert_eq!(conn.room(Down), 10_000);
    conn.push(Down, at(0), 8_000);
    assert_eq!(conn.room(Down), 2_000);
    while conn.pop(Down, at(4 * MS)).is_some() {}
    assert_eq!(conn.room(Down), 6_000);
}

#[test]
fn a_rate_of_zero_blocks() {
    let trace = one(&["bandwidth:0B/s"], &[(0, 10)]);
    assert_eq!(trace, Trace::default());
}

#[test]
fn reset_cuts_at_the_exact_byte() {
    for (offset, arrivals) in [(0, vec![(5, 10)]), (10, vec![(1, 7), (2, 7)]), (7, vec![(1, 7), (9, 1)])] {
        let trace = one(&[&format!("reset:{offset},side=client")], &arrivals);
        let when = arrivals
            .iter()
            .scan(0, |sum, (t, n)| {
                *sum += n;
                Some((*t, *sum))
            })
            .find(|(_, sum)| *sum > offset);
        assert_eq!(trace.reset, Some((when.expect("reached").0, offset as usize, Side::Client)));
        assert_eq!(trace.fin, None);
    }
}

#[test]
fn reset_beyond_the_end_never_fires() {
    let plan = plan(7, &["reset:10"]);
    let trace = drive(conn(&plan, 1), Down, &[(1, 10)], 0);
    assert_eq!((trace.fin, trace.reset), (Some(1), None));
    assert_eq!(plan.faults()[0].fired(), 0);
}

#[test]
fn a_chosen_connection_that_ends_sooner_is_reset_at_its_end() {
    let plan = plan(7, &["reset:p=100%,within=1MiB"]);
    let trace = drive(conn(&plan, 1), Down, &[(3, 10)], 0);
    assert_eq!((trace.fin, trace.reset), (None, Some((3, 10, Side::Both))));
    assert_eq!(plan.faults()[0].fired(), 1);
}

#[test]
fn a_flushed_reset_keeps_its_place_and_one_at_once_overtakes() {
    let trace = one(&["reset:4", "latency:50ms"], &[(0, 10)]);
    assert_eq!(trace.reset, Some((50 * MS, 4, Side::Both)));
    let trace = one(&["reset:4,flush=false", "latency:50ms"], &[(0, 10)]);
    assert_eq!(trace.reset, Some((0, 0, Side::Both)));
}

#[test]
fn after_bytes_arms_at_exactly_that_byte() {
    let trace = one(&["latency:50ms,after=10"], &[(0, 20)]);
    assert_eq!((trace.written[9], trace.written[10]), (0, 50 * MS));
    let trace = one(&["reset:after=10"], &[(0, 20)]);
    assert_eq!(trace.reset, Some((0, 10, Side::Both)));
    let trace = one(&["reset:5,after=10"], &[(0, 20)]);
    assert_eq!(trace.reset, Some((0, 15, Side::Both)));
}

#[test]
fn after_a_time_arms_then_and_a_reset_does_not_wait_for_bytes() {
    let trace = one(&["latency:50ms,after=2s"], &[(0, 1), (2_000 * MS, 1)]);
    assert_eq!(trace.written, [0, 2_050 * MS]);
    let plan = plan(7, &["reset:after=2s"]);
    let mut conn = conn(&plan, 1);
    assert_eq!(conn.next_due(), Some(at(2_000 * MS)));
    assert!(conn.pop(Down, at(2_000 * MS)).is_some());
    assert_eq!(conn.next_due(), None);
}

#[test]
fn scope_picks_connections_by_number_and_by_chance() {
    let held = |plan: &_, n| conn(plan, n).is_plain(Down);
    let by_number = plan(7, &["latency:1ms,connections=\"1-2,*/10\""]);
    let plain: Vec<u64> = (1..=20).filter(|n| held(&by_number, *n)).collect();
    assert_eq!(plain, [3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    let by_chance = plan(7, &["latency:1ms,probability=30%"]);
    let hit = (1..=1_000).filter(|n| !held(&by_chance, *n)).count();
    assert!((240..360).contains(&hit), "{hit}");
}

#[test]
fn nothing_is_due_for_ever_held_bytes() {
    let plan = plan(7, &["bandwidth:0B/s"]);
    let mut conn = conn(&plan, 1);
    conn.push(Down, Tick::ZERO, 10);
    assert_eq!((conn.next_due(), conn.held(Down)), (None, 10));
}

#[test]
fn a_freeze_holds_its_time_for_the_whole_link_and_lets_go_at_once() {
    let trace = one(&["freeze:100ms"], &[(10 * MS, 5), (99 * MS, 5), (100 * MS, 1)]);
    assert_eq!(trace.written, [[100 * MS; 11]].concat());
    assert_eq!(trace.fin, Some(100 * MS));
    let trace =
        one(&["freeze:100ms,every=1s"], &[(50 * MS, 1), (500 * MS, 1), (1_010 * MS, 1), (2_099 * MS, 1)]);
    assert_eq!(trace.written, [100 * MS, 500 * MS, 1_100 * MS, 2_100 * MS]);
    let trace = one(&["freeze:100ms,after=10"], &[(MS, 10), (2 * MS, 1), (200 * MS, 1)]);
    assert_eq!((trace.written[9], trace.written[10], trace.written[11]), (MS, 102 * MS, 200 * MS));
}

#[test]
fn windows_count_from_when_the_fault_was_added_whenever_the_connection_opened() {
    let plan = plan(7, &["latency:5ms,for=100ms,every=1s"]);
    for (opened, delayed) in
        [(0, true), (99, true), (100, false), (999, false), (1_050, true), (1_100, false)]
    {
        let mut conn = Conn::open(&plan, opening(1), at(opened * MS));
        conn.push(Down, at(opened * MS), 1);
        assert_eq!(conn.held(Down) == 1, delayed, "opened at {opened} ms");
    }
}

#[test]
fn the_end_of_a_window_lets_go_of_what_was_delayed() {
    let trace = one(&["latency:1h,for=1s"], &[(0, 3), (900 * MS, 1), (1_000 * MS, 1)]);
    assert_eq!(trace.written, [1_000 * MS; 5]);
}

#[test]
fn a_flap_comes_and_goes() {
    let trace = one(
        &["flap:on=30ms,off=20ms"],
        &[(0, 1), (29 * MS, 1), (30 * MS, 1), (49 * MS, 1), (50 * MS, 1), (85 * MS, 1)],
    );
    assert_eq!(trace.written, [0, 29 * MS, 50 * MS, 50 * MS, 50 * MS, 100 * MS]);
    let trace = one(&["flap:on=30ms,off=20ms,reset=true@down"], &[(0, 1), (200 * MS, 1)]);
    assert_eq!(trace.reset, Some((30 * MS, 1, Side::Both)));
}

#[test]
fn a_blackhole_swallows_or_stops() {
    let trace = one(&["blackhole:after=10"], &[(0, 30)]);
    assert_eq!((trace.written.len(), trace.discarded, trace.fin), (10, 20, None));
    let plan = plan(7, &["blackhole:mode=stop"]);
    let conn = conn(&plan, 1);
    assert_eq!((conn.room(Down), conn.next_due()), (0, None));
    let trace = one(&["blackhole:for=1s"], &[(500 * MS, 3), (1_500 * MS, 2)]);
    assert_eq!((trace.written, trace.discarded, trace.fin), (vec![1_500 * MS; 2], 3, Some(1_500 * MS)));
}

#[test]
fn a_truncated_stream_ends_after_exactly_so_many_bytes() {
    for (bytes, arrivals) in [(10, vec![(1, 7), (2, 7)]), (10, vec![(1, 10), (9, 5)]), (0, vec![(3, 4)])] {
        let trace = one(&[&format!("truncate:{bytes}")], &arrivals);
        assert_eq!(trace.written.len(), bytes);
        assert_eq!(trace.fin, Some(if bytes == 10 && arrivals[0].1 == 7 { 2 } else { arrivals[0].0 }));
    }
    let trace = one(&["truncate:10"], &[(1, 9)]);
    assert_eq!((trace.written.len(), trace.fin), (9, Some(1)));
}

#[test]
fn slow_close_delays_the_end_and_nothing_else() {
    let trace = one(&["slow_close:3s", "latency:1ms"], &[(0, 2)]);
    assert_eq!((trace.written, trace.fin), (vec![MS; 2], Some(3_001 * MS)));
}

#[test]
fn slices_are_small_spaced_and_whole() {
    let trace = one(&["slice:10,delay=2ms"], &[(0, 25), (100 * MS, 5)]);
    assert_eq!(trace.alone, [10, 10, 5, 5]);
    assert_eq!(
        [trace.written[0], trace.written[10], trace.written[20], trace.written[25]],
        [0, 2 * MS, 4 * MS, 100 * MS]
    );
    let trace = one(&["slice:100,variation=50"], &[(0, 10_000)]);
    assert!(trace.alone.iter().all(|n| *n <= 100) && trace.alone.iter().sum::<u64>() == 10_000);
    assert!(trace.alone.len() > 150, "most pieces are cut once more: {}", trace.alone.len());
}

#[test]
fn a_timeout_throws_away_and_closes_later_than_the_last_bytes() {
    let trace = one(&["timeout:100ms"], &[(50 * MS, 5), (90 * MS, 5)]);
    assert_eq!(
        (trace.written.len(), trace.discarded, trace.fin, trace.closed),
        (0, 10, None, Some(190 * MS))
    );
    let trace = one(&["timeout:0s"], &[(50 * MS, 5)]);
    assert_eq!((trace.discarded, trace.closed), (5, None));
}

#[test]
fn corruption_hits_bytes_by_their_position() {
    let trace = one(&["corrupt:at=7,bits=3"], &[(0, 5), (1, 5)]);
    assert_eq!((trace.flips.len(), trace.flips[0].0, trace.flips[0].1.count_ones()), (1, 7, 3));
    let plan = plan(7, &["corrupt:1%"]);
    let trace = drive(conn(&plan, 1), Down, &[(0, 100_000)], 0);
    assert!((870..1_130).contains(&trace.flips.len()), "{}", trace.flips.len());
    assert_eq!(plan.faults()[0].fired(), trace.flips.len() as u64);
    assert_eq!(trace.written.len(), 100_000);
}

#[test]
fn scope_picks_connections_by_their_address() {
    let plan = plan(7, &["latency:1ms,client=10.0.0.0/8"]);
    let spared = |client: Option<&str>| {
        let client = client.map(|address| address.parse().expect("an address"));
        Conn::open(&plan, Opening { client, ..opening(1) }, Tick::ZERO).is_plain(Down)
    };
    assert!(!spared(Some("10.9.8.7")) && !spared(Some("::ffff:10.1.2.3")));
    assert!(spared(Some("11.0.0.1")) && spared(Some("a00::1")) && spared(None));
}

#[test]
fn a_delayed_reset_waits_from_the_byte_that_reaches_it() {
    let plan = plan(7, &["reset:0,delay=20ms,at_end=true"]);
    let trace = drive(conn(&plan, 1), Down, &[(5 * MS, 10), (9 * MS, 10)], 0);
    assert_eq!((trace.reset, trace.fin), (Some((25 * MS, 0, Side::Both)), None));
    assert_eq!(plan.faults()[0].fired(), 1);
}

#[test]
fn an_end_without_bytes_reaches_a_reset_where_that_is_asked_for() {
    let open = |spec| {
        let plan = plan(7, &[spec]);
        drive(conn(&plan, 1), Down, &[(3 * MS, 0)], 0)
    };
    assert_eq!(open("reset:0,delay=20ms,at_end=true").reset, Some((23 * MS, 0, Side::Both)));
    assert_eq!(open("reset:0,at_end=true").reset, Some((3 * MS, 0, Side::Both)));
    assert_eq!(open("reset:0").fin, Some(3 * MS));
}

#[test]
fn a_reset_that_is_taken_off_while_it_waits_lets_everything_go() {
    let mut plan = plan(7, &["reset:0,delay=20ms"]);
    let mut conn = conn(&plan, 1);
    conn.push(Down, at(MS), 10);
    conn.push_fin(Down, at(2 * MS));
    plan.remove(1);
    conn.apply(&plan, at(3 * MS));
    let written = Action::Write { range: Range { offset: 0, len: 10 }, alone: false };
    assert_eq!(conn.pop(Down, at(3 * MS)), Some(written));
    assert_eq!(conn.pop(Down, at(3 * MS)), Some(Action::Fin));
    assert_eq!(plan.faults().len(), 0);
}

#[test]
fn a_latency_may_let_the_end_go_right_behind_the_last_byte() {
    let trace = one(&["latency:50ms,fin=false"], &[(0, 1)]);
    assert_eq!((trace.written, trace.fin), (vec![50 * MS], Some(50 * MS)));
    assert_eq!(one(&["latency:50ms,fin=false"], &[(3 * MS, 0)]).fin, Some(3 * MS));
}

#[test]
fn the_end_of_an_idle_stream_passes_where_only_bytes_are_blocked() {
    for spec in ["bandwidth:0B/s", "timeout:0s,fin=true"] {
        assert_eq!(one(&[spec], &[(3 * MS, 0)]).fin, Some(3 * MS), "{spec}");
    }
    assert_eq!(one(&["timeout:0s,fin=true"], &[(MS, 5)]).fin, Some(MS));
    assert_eq!(one(&["timeout:0s"], &[(MS, 5)]).fin, None);
}

#[test]
fn spread_pieces_are_as_long_as_asked_for_on_the_average() {
    let trace = one(&["slice:1024B,spread=512B"], &[(0, 480_256)]);
    assert_eq!(trace.alone.iter().sum::<u64>(), 480_256);
    assert!((240..720).contains(&trace.alone.len()), "{}", trace.alone.len());
    let (_last, pieces) = trace.alone.split_last().expect("pieces");
    assert!(pieces.iter().all(|piece| (512..=1536).contains(piece)), "{pieces:?}");
    assert!(trace.alone.iter().any(|piece| *piece != 1024));
}
