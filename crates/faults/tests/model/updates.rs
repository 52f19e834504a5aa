//! Faults that change while they are at work.

use crate::datagram_drive::*;
use crate::drive::*;
use squall_faults::Direction::{Down, Up};
use squall_faults::{Action, Conn, Decisions, Direction, Plan, PlanError, Range};

/// Changes the first fault and tells the connection.
fn update(plan: &mut Plan, conn: &mut Conn, text: &str, now: u64) {
    plan.update(plan.faults()[0].id(), spec(text)).expect("of the same kind");
    conn.apply(plan, at(now));
}

/// Up to which offset the direction's bytes have been written at `now`.
fn written(conn: &mut Conn, direction: Direction, now: u64) -> u64 {
    let mut end = 0;
    while let Some(action) = conn.pop(direction, at(now)) {
        if let Action::Write { range, .. } = action {
            end = range.end();
        }
    }
    end
}

#[test]
fn held_bytes_meet_the_new_parameters_as_if_they_had_held_when_they_arrived() {
    let mut plan = plan(7, &["latency:1h"]);
    let mut conn = conn(&plan, 1);
    conn.push(Down, at(0), 5);
    conn.push(Down, at(90 * MS), 5);
    update(&mut plan, &mut conn, "latency:100ms", 95 * MS);
    assert_eq!(conn.next_due(), Some(at(100 * MS)));
    assert_eq!((written(&mut conn, Down, 189 * MS), written(&mut conn, Down, 190 * MS)), (5, 10));
    assert_eq!(plan.faults()[0].fired(), 1);
}

#[test]
fn nothing_leaves_in_the_past() {
    let mut plan = plan(7, &["latency:1h", "latency:10ms"]);
    let mut conn = conn(&plan, 1);
    conn.push(Down, at(0), 5);
    conn.push_fin(Down, at(0));
    update(&mut plan, &mut conn, "latency:1ms", 500 * MS);
    // The other latency delays from now on.
    assert_eq!(conn.next_due(), Some(at(510 * MS)));
    assert_eq!(written(&mut conn, Down, 509 * MS), 0);
    let write = Action::Write { range: Range { offset: 0, len: 5 }, alone: false };
    assert_eq!(
        (conn.pop(Down, at(510 * MS)), conn.pop(Down, at(510 * MS))),
        (Some(write), Some(Action::Fin))
    );
}

#[test]
fn what_a_changed_loss_lets_go_leaves_from_now_on() {
    for other in ["loss:0%", "loss:100%,rtt=1ms"] {
        let mut plan = plan(7, &["loss:100%,rtt=1h", "latency:10ms"]);
        let mut conn = conn(&plan, 1);
        conn.push(Down, at(0), 5_000);
        conn.push_fin(Down, at(0));
        update(&mut plan, &mut conn, other, 500_000 * MS);
        assert_eq!(conn.next_due(), Some(at(500_010 * MS)), "{other}");
        assert_eq!(written(&mut conn, Down, 500_010 * MS), 5_000);
    }
}

#[test]
fn a_changed_rate_holds_from_now_on() {
    for shared in [false, true] {
        let rate = |rate: &str| format!("bandwidth:{rate},shared={shared},queue=1MB");
        let mut plan = plan(7, &[&rate("1MB/s"), "latency:10ms"]);
        let mut conn = conn(&plan, 1);
        conn.push(Down, at(0), 100_000);
        assert_eq!(written(&mut conn, Down, 60 * MS), 50_000);
        update(&mut plan, &mut conn, &rate("2MB/s"), 60 * MS);
        // What has left the wire is in the other line; the rest leaves at the new rate, no faster, a quantum at a time.
        for (ms, bytes) in [(70, 60_000), (80, 80_000), (90, 100_000)] {
            let out = written(&mut conn, Down, ms * MS);
            assert!((bytes - 2_000..=bytes).contains(&out), "shared {shared}: {out} at {ms} ms");
        }
    }
}

#[test]
fn datagrams_that_wait_for_a_wire_wait_once() {
    for spec in ["bandwidth:100KB/s", "bandwidth:100KB/s,shared=true", "trace:steps.csv"] {
        let mut plan = session_plan(7, &[spec]);
        let mut conn = conn(&plan, 1);
        for _ in 0..10 {
            conn.push_datagram(Down, at(0), &[0; 1_000]);
        }
        let before = std::iter::from_fn(|| conn.pop(Down, at(4 * MS))).count();
        update(&mut plan, &mut conn, &format!("{spec},queue=50KB"), 4 * MS);
        let mut last = 0;
        let mut after = 0;
        while let Some(due) = conn.next_due() {
            last = due.as_nanos();
            after += std::iter::from_fn(|| conn.pop(Down, due))
                .filter(|a| matches!(a, Action::Send { .. }))
                .count();
        }
        assert_eq!(before + after, 10, "{spec}");
        let expected = if spec.starts_with("trace") { 8..=13 } else { 104..=104 };
        assert!(expected.contains(&(last / MS)), "{spec}: the last at {last}");
    }
}

#[test]
fn slices_are_cut_anew_and_keep_their_distance() {
    let mut plan = plan(7, &["slice:100,delay=1h"]);
    let mut conn = conn(&plan, 1);
    conn.push(Down, at(0), 300);
    assert_eq!(written(&mut conn, Down, 0), 100);
    update(&mut plan, &mut conn, "slice:50,delay=10ms", 5 * MS);
    assert_eq!([5, 14, 15, 25, 35].map(|ms| written(&mut conn, Down, ms * MS)), [150, 0, 200, 250, 300]);
}

#[test]
fn decisions_about_what_is_held_are_counted_once() {
    let log = Decisions::default();
    let mut plan = plan(7, &["loss:100%,rtt=1h"]).recording(log.clone());
    let mut conn = conn(&plan, 1);
    conn.push(Down, at(0), 5 * 1_448);
    let fired = plan.faults()[0].fired();
    update(&mut plan, &mut conn, "loss:100%,rtt=5ms", MS);
    assert_eq!((fired, plan.faults()[0].fired(), log.sorted().len()), (5, 5, 5));
    assert_eq!(written(&mut conn, Down, 12_599 * MS), 0);
    assert_eq!(written(&mut conn, Down, 12_600 * MS), 5 * 1_448);
    let drawn = Decisions::default();
    let mut jitter = self::plan(7, &["latency:1h,jitter=1ms"]).recording(drawn.clone());
    let mut conn = self::conn(&jitter, 1);
    conn.push(Down, at(0), 5 * 1_448);
    update(&mut jitter, &mut conn, "latency:1h,jitter=1ms", MS);
    assert_eq!(drawn.sorted().len(), 6, "one that it acts, and five delays");
    let mut plan = session_plan(7, &["reorder:100%,wait=9s"]);
    let mut conn = self::conn(&plan, 1);
    for _ in 0..3 {
        conn.push_datagram(Down, at(0), b"x");
    }
    update(&mut plan, &mut conn, "reorder:100%,wait=5ms", MS);
    assert_eq!((plan.faults()[0].fired(), conn.next_due()), (3, Some(at(5 * MS))));
}

#[test]
fn times_that_are_used_up_stay_so() {
    let mut plan = plan(7, &["reset:5,times=1"]);
    assert!(drive(conn(&plan, 1), Down, &[(0, 9)], 0).reset.is_some());
    let id = plan.faults()[0].id();
    plan.update(id, spec("reset:3,times=1")).expect("a reset");
    assert!(drive(conn(&plan, 2), Down, &[(0, 9)], 0).reset.is_none());
    plan.update(id, spec("reset:3,times=2")).expect("a reset");
    assert_eq!(drive(conn(&plan, 3), Down, &[(0, 9)], 0).reset.map(|reset| reset.1), Some(3));
    assert_eq!(plan.faults()[0].fired(), 2);
}

#[test]
fn what_has_happened_has_happened() {
    let mut timeout = plan(7, &["timeout:1h"]);
    let mut conn = conn(&timeout, 1);
    conn.push(Down, at(0), 5);
    update(&mut timeout, &mut conn, "timeout:2h", 0);
    timeout.remove(timeout.faults()[0].id());
    conn.apply(&timeout, at(0));
    assert!(conn.ending().is_some(), "its stream has a hole");
    for (before, after) in [
        ("truncate:5", "truncate:50"),
        ("half_open:5", "half_open:50"),
        ("half_open:5,side=client", "half_open:50,side=client"),
        ("reset:5", "reset:50"),
    ] {
        let mut plan = plan(7, &[before, "latency:1ms"]);
        let mut conn = self::conn(&plan, 1);
        conn.push(Down, at(0), 9);
        update(&mut plan, &mut conn, after, 0);
        conn.push(Down, at(0), 100);
        assert_eq!((written(&mut conn, Down, MS), plan.faults()[0].fired()), (5, 1), "{before}");
    }
}

#[test]
fn directions_and_connections_change_live() {
    let mut plan = plan(7, &["latency:10ms@down"]);
    let mut one = conn(&plan, 1);
    one.push(Down, at(0), 5);
    update(&mut plan, &mut one, "latency:10ms@up", MS);
    assert_eq!(written(&mut one, Down, MS), 5, "the direction that is no longer covered lets go");
    one.push(Up, at(MS), 5);
    assert_eq!((one.is_plain(Down), one.next_due()), (true, Some(at(11 * MS))));
    update(&mut plan, &mut one, "latency:10ms,connections=2@both", 2 * MS);
    assert!(one.is_plain(Up) && one.is_plain(Down));
    assert_eq!(written(&mut one, Up, 2 * MS), 5);
    update(&mut plan, &mut one, "latency:10ms,connections=1@both", 3 * MS);
    assert!(!one.is_plain(Up) && !one.is_plain(Down) && conn(&plan, 2).is_plain(Up));
    assert_eq!((plan.faults().len(), plan.faults()[0].name()), (1, "latency"));
}

#[test]
fn another_trigger_arms_anew_and_the_same_one_does_not() {
    let mut plan = plan(7, &["latency:10ms,after=10"]);
    let mut conn = conn(&plan, 1);
    conn.push(Down, at(0), 15);
    assert_eq!((written(&mut conn, Down, 0), conn.held(Down)), (10, 5));
    update(&mut plan, &mut conn, "latency:20ms,after=10", 0);
    conn.push(Down, at(0), 1);
    assert_eq!((conn.next_due(), conn.held(Down)), (Some(at(20 * MS)), 6));
    update(&mut plan, &mut conn, "latency:20ms,after=18", 0);
    assert_eq!(written(&mut conn, Down, 0), 16);
    conn.push(Down, at(0), 4);
    assert_eq!((written(&mut conn, Down, 0), conn.held(Down)), (18, 2));
}

#[test]
fn a_fault_keeps_its_place_among_others_of_its_rank() {
    let mut plan = plan(7, &["truncate:5", "truncate:9,name=second"]);
    let mut conn = conn(&plan, 1);
    update(&mut plan, &mut conn, "truncate:7", 0);
    plan.add(spec("latency:1ms"), 1, at(0)).expect("a free name");
    conn.apply(&plan, at(0));
    conn.push(Down, at(0), 20);
    assert_eq!(written(&mut conn, Down, MS), 7);
    assert_eq!(plan.faults().iter().map(|fault| fault.fired()).collect::<Vec<_>>(), [1, 0, 1]);
}

#[test]
fn an_update_that_cannot_be_is_refused_and_changes_nothing() {
    let mut plan = plan(7, &["latency:10ms"]);
    let id = plan.faults()[0].id();
    let error = plan.update(id, spec("loss:1%")).map(drop).expect_err("another kind");
    assert_eq!(
        error.to_string(),
        "`latency` is a `latency` and cannot become a `loss`; remove it and add the other"
    );
    let error = plan.update(id, spec("latency:1ms,ordered=true")).map(drop).expect_err("a misfit");
    assert!(matches!(error, PlanError::Misfit(_)));
    assert_eq!(plan.faults()[0].to_string(), "latency:10ms@down");
    plan.remove(id);
    assert_eq!(plan.update(id, spec("latency:1ms")).map(drop), Err(PlanError::Gone));
    assert!(plan.remove(id).is_none());
}
