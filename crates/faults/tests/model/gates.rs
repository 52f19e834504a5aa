//! Faults at connect time: what becomes of the port, and of a client.

use crate::drive::*;
use squall_faults::{
    ConnKey, Decisions, Entry, FaultSpec, Plan, PortState, Replay, ServerAnswer, Tick, Welcome,
};
use std::time::Duration;

fn welcome(plan: &Plan, number: u64) -> Welcome {
    welcome_at(plan, number, 0)
}

fn welcome_at(plan: &Plan, number: u64, ms: u64) -> Welcome {
    plan.welcome(number, None, Some([10, 0, 0, number as u8].into()), at(ms * MS))
}

/// Which of the first ten clients are turned away.
fn refused(plan: &Plan) -> Vec<u64> {
    (1..=10).filter(|n| welcome(plan, *n).entry != Entry::Accepted).collect()
}

#[test]
fn each_gate_does_what_it_says() {
    let one = |text: &str| welcome(&plan(7, &[text]), 1);
    let accepted = Welcome::default();
    assert_eq!(one("latency:5ms"), accepted);
    assert_eq!(one("refuse"), Welcome { entry: Entry::Reset, ..accepted });
    assert_eq!(one("refuse:fin"), Welcome { entry: Entry::Closed, ..accepted });
    assert_eq!(one("refuse:unlisten"), accepted);
    assert_eq!(one("accept_delay:3s"), Welcome { delay: Duration::from_secs(3), ..accepted });
    assert_eq!(one("upstream_refuse"), Welcome { server: ServerAnswer::Refuses, ..accepted });
    assert_eq!(one("upstream_hang"), Welcome { server: ServerAnswer::Hangs, ..accepted });
}

#[test]
fn delays_add_and_of_refusals_the_first_counts() {
    let delays = plan(7, &["accept_delay:1s", "accept_delay:2s"]);
    assert_eq!(welcome(&delays, 1).delay, Duration::from_secs(3));
    let both = plan(7, &["refuse:fin", "accept_delay:1s", "refuse:rst"]);
    assert_eq!(welcome(&both, 1), Welcome { entry: Entry::Closed, ..Welcome::default() });
    let fired: Vec<u64> = both.faults().iter().map(|fault| fault.fired()).collect();
    assert_eq!(fired, [1, 0, 0], "nobody is left for those behind");
    let answers = plan(7, &["upstream_hang", "upstream_refuse"]);
    assert_eq!(welcome(&answers, 1).server, ServerAnswer::Hangs);
}

#[test]
fn clients_are_picked_by_place_address_chance_and_count() {
    assert_eq!(refused(&plan(7, &["refuse:connections=\"1-2,*/5\""])), [1, 2, 5, 10]);
    assert_eq!(refused(&plan(7, &["refuse:client=10.0.0.8/29"])), [8, 9, 10]);
    let counted = plan(7, &["refuse:times=3"]);
    assert_eq!((refused(&counted), counted.faults()[0].fired()), (vec![1, 2, 3], 3));
    let chance = plan(7, &["refuse:probability=30%"]);
    let hits = (1..=1_000).filter(|n| welcome(&chance, *n).entry == Entry::Reset).count();
    assert!((240..360).contains(&hits), "{hits}");
    assert_eq!(chance.faults()[0].fired(), hits as u64);
    let mut later = plan(7, &[]);
    later.add(spec("refuse:connections=1"), 4, Tick::ZERO).expect("a free name");
    assert_eq!(refused(&later), [5]);
}

#[test]
fn a_label_decides_alike_in_any_order() {
    let plan = plan(7, &["refuse:probability=50%"]);
    let label = |worker| Some(ConnKey::Label { worker, attempt: 1 });
    let entry = |number, worker| plan.welcome(number, label(worker), Some([10, 0, 0, 1].into()), at(0)).entry;
    assert!((0..20).all(|worker| entry(1, worker) == entry(99 - worker, worker)));
    assert!((0..20).any(|worker| entry(1, worker) != entry(1, 0)));
}

#[test]
fn windows_count_from_when_the_fault_was_added() {
    let plan = plan(7, &["refuse:for=2s,every=10s,times=2"]);
    let refused: Vec<u64> = [0, 1_999, 2_000, 9_999, 10_000, 11_999, 12_000, 20_000]
        .into_iter()
        .filter(|ms| welcome_at(&plan, 1, *ms).entry == Entry::Reset)
        .collect();
    assert_eq!(refused, [0, 1_999, 10_000, 11_999]);
}

#[test]
fn a_port_is_closed_or_hung_in_its_windows() {
    let state = |plan: &Plan, ms: u64| {
        let port = plan.port(at(ms * MS));
        (port.state, port.until.map(|until| until.as_nanos() / MS))
    };
    let plan_ = plan(7, &["refuse:unlisten,for=2s,every=10s,times=2"]);
    let expected = [
        (0, PortState::Closed, Some(2_000)),
        (1_999, PortState::Closed, Some(2_000)),
        (2_000, PortState::Open, Some(10_000)),
        (11_000, PortState::Closed, Some(12_000)),
        (12_000, PortState::Open, None),
    ];
    for (ms, port, until) in expected {
        assert_eq!(state(&plan_, ms), (port, until), "at {ms} ms");
    }
    assert_eq!(state(&plan(7, &["refuse:unlisten"]), 5), (PortState::Closed, None));
    assert_eq!(state(&plan(7, &["hang:3s"]), 2_999), (PortState::Hung, Some(3_000)));
    assert_eq!(state(&plan(7, &["hang:3s"]), 3_000), (PortState::Open, None));
    assert_eq!(state(&plan(7, &["refuse", "latency:1s,for=1s"]), 0), (PortState::Open, None));
}

#[test]
fn closed_goes_before_hung_and_the_next_change_is_the_soonest() {
    for specs in
        [["hang:3s", "refuse:unlisten,for=1s,every=9s"], ["refuse:unlisten,for=1s,every=9s", "hang:3s"]]
    {
        let plan = plan(7, &specs);
        let states: Vec<_> = [0, 1_000, 3_000, 9_000].map(|ms| plan.port(at(ms * MS)).state).to_vec();
        assert_eq!(states, [PortState::Closed, PortState::Hung, PortState::Open, PortState::Closed]);
        assert_eq!(
            [0, 1_000, 3_000].map(|ms| plan.port(at(ms * MS)).until.map(|t| t.as_nanos() / (1_000 * MS))),
            [Some(1), Some(3), Some(9)]
        );
    }
    let plan = plan(7, &["hang:3s", "refuse:unlisten,for=1s,name=shut"]);
    plan.port(at(0)).count();
    plan.port(at(2_000 * MS)).count();
    plan.port(at(9_000 * MS)).count();
    assert_eq!(plan.faults().iter().map(|fault| fault.fired()).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn what_a_gate_decides_is_written_down_and_played_again() {
    let run = |plan: &Plan| (1..=40).map(|n| welcome(plan, n).entry).collect::<Vec<_>>();
    let (log, again) = (Decisions::default(), Decisions::default());
    let one = run(&plan(1, &["refuse:probability=40%"]).recording(log.clone()));
    assert_ne!(one, run(&plan(2, &["refuse:probability=40%"])));
    let replay = Replay::parse(&log.to_json_lines()).expect("a log");
    assert_eq!(one, run(&plan(2, &["refuse:probability=40%"]).replaying(replay).recording(again.clone())));
    assert_eq!(log.sorted(), again.sorted());
    let first = log.to_json_lines();
    let first = first.lines().next().expect("one was refused");
    assert!(
        first.contains(r#""direction":"up","fault":"refuse","index":0,"offset":0,"action":"refuse""#),
        "{first}"
    );
    let timed = Decisions::default();
    welcome(&plan(1, &["refuse:for=1h"]).recording(timed.clone()), 1);
    assert_eq!(timed.sorted(), []);
}

#[test]
fn gates_leave_connections_alone() {
    let conn = conn(&plan(7, &["refuse", "hang:3s", "accept_delay:1s"]), 1);
    assert!(conn.is_plain(squall_faults::Direction::Up) && conn.is_plain(squall_faults::Direction::Down));
}

#[test]
fn what_a_gate_cannot_know_is_refused() {
    let early = "acts when a client connects, before any byte: it takes no `after` and no `match`";
    let closed = "closes the port to everybody, before there is a connection to count or a client to know: it takes \
                  `for`, `every` and `times`; the nearest that takes this key is ";
    for (text, message) in [
        ("refuse:after=1s", format!("`refuse` {early}")),
        ("accept_delay:1s,match=a", format!("`accept_delay` {early}")),
        ("upstream_hang:after=9", format!("`upstream_hang` {early}")),
        ("hang:3s,connections=1", format!("`hang` {closed}`accept_delay` or `upstream_hang`")),
        ("hang:3s,probability=5%", format!("`hang` {closed}`accept_delay` or `upstream_hang`")),
        ("refuse:unlisten,client=1.2.3.4", format!("`refuse` {closed}`refuse` with `mode=rst`")),
        ("refuse:unlisten,connections=2", format!("`refuse` {closed}`refuse` with `mode=rst`")),
        ("refuse:unlisten,times=2", "`refuse` counts its windows: `times` needs `for`".to_owned()),
        ("refuse@up", "`refuse` acts when a client connects: it has no direction".to_owned()),
    ] {
        assert_eq!(text.parse::<FaultSpec>().expect_err(text).message, message, "{text}");
    }
}
