//! Plans that change while bytes are in flight, and connections that end.

use crate::drive::*;
use squall_faults::{Action, Direction::*, Ending, FaultSpec, How, Range, Side};

const RESET: Ending = Ending { direction: Down, how: How::Reset { side: Side::Both, flush: true } };

fn write(range: Range) -> Action {
    Action::Write { range, alone: false }
}

fn spec(text: &str) -> FaultSpec {
    text.parse().expect("a spec")
}

#[test]
fn removing_a_fault_lets_go_of_what_it_holds_in_order() {
    let mut plan = plan(7, &["latency:1h", "bandwidth:1KB/s"]);
    let mut conn = conn(&plan, 1);
    conn.push(Down, at(0), 60_000);
    assert!(conn.pop(Down, at(1_000 * MS)).is_none());
    plan.remove(plan.faults()[1].id());
    conn.apply(&plan, at(1_000 * MS));
    assert!(conn.pop(Down, at(1_000 * MS)).is_none(), "the other fault still holds them");
    plan.remove(plan.faults()[0].id());
    conn.apply(&plan, at(2_000 * MS));
    assert_eq!(conn.pop(Down, at(2_000 * MS)), Some(write(Range { offset: 0, len: 60_000 })));
    assert!(conn.is_plain(Down));
}

#[test]
fn an_unchanged_fault_keeps_its_state_when_the_plan_changes() {
    let mut plan = plan(7, &["bandwidth:1MB/s"]);
    let mut conn = conn(&plan, 1);
    conn.push(Down, at(0), 50_000);
    plan.add(spec("latency:5ms"), 0, at(0)).expect("a free name");
    conn.apply(&plan, at(10 * MS));
    conn.push(Down, at(10 * MS), 1);
    assert_eq!(conn.held(Down), 50_001 - 10_000);
    let mut written = 0;
    while let Some(due) = conn.next_due() {
        while let Some(action) = conn.pop(Down, due) {
            let Action::Write { range, .. } = action else { panic!("{action:?}") };
            written += range.len;
        }
        if written == 50_001 {
            assert!(due >= at(55 * MS), "the byte behind 50 kB at 1 MB/s and 5 ms came at {due:?}");
        }
    }
    assert_eq!(written, 50_001);
}

#[test]
fn a_fault_that_joins_meets_only_what_arrives_later() {
    let mut plan = plan(7, &[]);
    let mut conn = conn(&plan, 1);
    conn.push(Down, at(0), 5);
    assert_eq!(conn.pop(Down, at(0)), Some(write(Range { offset: 0, len: 5 })));
    plan.add(spec("latency:10ms"), 1, at(0)).expect("a free name");
    conn.apply(&plan, at(MS));
    conn.push(Down, at(MS), 5);
    assert_eq!(conn.next_due(), Some(at(11 * MS)));
}

#[test]
fn connections_open_before_a_fault_are_not_counted_by_its_connections_key() {
    let mut plan = plan(7, &[]);
    plan.add(spec("latency:1ms,connections=1-2"), 5, at(0)).expect("a free name");
    assert!((4..=5).all(|n| conn(&plan, n).is_plain(Down)));
    assert!((6..=7).all(|n| !conn(&plan, n).is_plain(Down)));
    assert!(conn(&plan, 8).is_plain(Down));
}

#[test]
fn a_label_draws_the_same_whatever_the_accept_order() {
    let plan = plan(7, &["reset:p=50%"]);
    let run = |number, worker| drive(labelled(&plan, number, worker), Down, &[(0, 20_000)], 0).reset;
    assert!((0..20).all(|worker| run(1, worker) == run(50 - worker, worker)));
    assert_ne!((0..20).map(|w| run(1, w)).collect::<Vec<_>>(), vec![run(1, 0); 20]);
}

#[test]
fn half_close_goes_one_way_only() {
    let plan = plan(7, &["latency:5ms@both"]);
    let mut conn = conn(&plan, 1);
    conn.push_fin(Up, at(0));
    assert_eq!(conn.pop(Up, at(5 * MS)), Some(Action::Fin));
    conn.push(Down, at(6 * MS), 3);
    assert_eq!(conn.pop(Down, at(11 * MS)), Some(write(Range { offset: 0, len: 3 })));
}

#[test]
fn a_reset_ends_both_directions() {
    let plan = plan(7, &["latency:1h@up", "reset:1@down"]);
    let mut conn = conn(&plan, 1);
    conn.push(Up, at(0), 10);
    conn.push(Down, at(0), 10);
    assert_eq!(conn.pop(Up, at(0)), None);
    assert_eq!(conn.pop(Down, at(0)), Some(write(Range { offset: 0, len: 1 })));
    assert_eq!(conn.pop(Down, at(0)), Some(Action::End(RESET)));
    conn.push(Up, at(1), 10);
    assert_eq!((conn.next_due(), conn.held(Up), conn.held(Down)), (None, 0, 0));
}

#[test]
fn removing_a_fault_that_holds_a_reset_lets_it_end_the_connection() {
    let mut plan = plan(7, &["reset:5", "latency:1h"]);
    let mut conn = conn(&plan, 1);
    conn.push(Down, at(0), 10);
    assert_eq!((conn.pop(Down, at(0)), conn.ending()), (None, None));
    plan.remove(plan.faults()[1].id());
    conn.apply(&plan, at(MS));
    let ending = RESET;
    assert_eq!(conn.ending(), Some(ending));
    assert_eq!(conn.pop(Down, at(MS)), Some(write(Range { offset: 0, len: 5 })));
    assert_eq!(conn.pop(Down, at(MS)), Some(Action::End(ending)));
    assert_eq!((conn.room(Up), conn.room(Down), conn.next_due()), (0, 0, None));
}

#[test]
fn a_peer_that_disappears_is_neither_read_from_nor_written_to_until_the_other_ends() {
    let plan = plan(7, &["half_open:5"]);
    let mut conn = conn(&plan, 1);
    conn.push(Down, at(0), 9);
    assert_eq!(conn.pop(Down, at(0)), Some(write(Range { offset: 0, len: 5 })));
    assert_eq!((conn.room(Down), conn.room(Up) > 0, conn.ending()), (0, true, None));
    conn.push(Up, at(1), 7);
    assert_eq!(conn.pop(Up, at(1)), Some(Action::Discard(Range { offset: 0, len: 7 })));
    conn.push_reset(Down, at(2));
    conn.push_fin(Down, at(2));
    assert_eq!(conn.pop(Down, at(2)), Some(Action::Discard(Range { offset: 5, len: 4 })));
    assert_eq!((conn.pop(Down, at(2)), conn.ending()), (None, None), "the dead neither finish nor reset");
    conn.push_fin(Up, at(3));
    assert_eq!(conn.ending().map(|ending| ending.how), Some(How::Close));
    assert_eq!(plan.faults()[0].fired(), 1);
}

#[test]
fn what_was_on_its_way_to_a_peer_that_disappears_still_reaches_it() {
    let mut plan = plan(7, &["half_open:5,side=client", "latency:10ms@both"]);
    let mut conn = conn(&plan, 1);
    conn.push(Up, at(0), 3);
    conn.push(Down, at(0), 9);
    assert_eq!((conn.room(Up), conn.room(Down) > 0), (0, true));
    assert_eq!(conn.pop(Down, at(10 * MS)), Some(write(Range { offset: 0, len: 5 })));
    assert_eq!(conn.pop(Down, at(10 * MS)), Some(Action::Discard(Range { offset: 5, len: 4 })));
    assert_eq!(conn.pop(Up, at(10 * MS)), Some(write(Range { offset: 0, len: 3 })));
    // Without the fault the peer does not come back.
    plan.remove(plan.faults()[0].id());
    conn.apply(&plan, at(10 * MS));
    conn.push(Down, at(10 * MS), 2);
    assert_eq!(conn.pop(Down, at(20 * MS)), Some(Action::Discard(Range { offset: 9, len: 2 })));
}

#[test]
fn both_directions_are_counted_under_one_name() {
    let plan = plan(7, &["latency:1ms@both"]);
    let mut conn = conn(&plan, 1);
    for direction in [Up, Down, Up] {
        conn.push(direction, at(0), 1);
    }
    assert_eq!(plan.faults()[0].fired(), 2);
}

#[test]
fn names_are_the_kind_then_numbered_and_given_ones_are_unique() {
    let mut plan = plan(7, &["latency:1ms", "latency:2ms", "reset:1,name=cut"]);
    let names: Vec<_> = plan.faults().iter().map(|f| f.name().to_owned()).collect();
    assert_eq!(names, ["latency", "latency_2", "cut"]);
    let error = plan.add(spec("reset:2,name=cut"), 0, at(0)).expect_err("the name is taken");
    assert_eq!(error.to_string(), "a fault named `cut` is on this link already");
}
