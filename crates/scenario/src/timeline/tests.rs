//! What is kept of a run, and that keeping it changes nothing.

use super::*;
use crate::diagnostic::Source;
use crate::model::Scenario;
use crate::{Draws, Watch, run_watched};
use squall_faults::Decisions;
use squall_proxy::Event;
use std::net::SocketAddr;
use std::num::NonZeroUsize;

const OUTAGE: &str = r#"
scenario = 1
seed = 42
clock = "virtual"
[echo.backend]
[link.api]
upstream = "echo.backend"
[[link.api.fault]]
latency = { delay = "8ms", jitter = "3ms" }
[[link.api.fault]]
name = "early-reset"
reset = { at = "24KiB", side = "client" }
connections = "1-2"
[[step]]
name = "upload"
load = { target = "link.api", connections = 6, requests = 240, size = "2KiB" }
background = true
[[step]]
wait = { that = "link.api.bytes.up >= 40KiB", within = "5s" }
[[step]]
inject = { link = "api", name = "outage", freeze = "200ms", every = "500ms" }
[[step]]
sleep = "700ms"
[[step]]
clear = { link = "api", name = "outage" }
[[step]]
join = "upload"
"#;

fn scenario(text: &str) -> Scenario {
    let read = crate::read(&Source::new("case.toml", text));
    read.unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn watch(timeline: bool) -> Watch {
    Watch { timeline, lines: None }
}

fn recorded(scenario: &Scenario) -> (Timeline, crate::Run) {
    let run = run_watched(scenario, NonZeroUsize::MIN, Draws::default(), watch(true)).expect("it runs");
    let timeline = run.report.timeline.clone().expect("a timeline");
    (*timeline, run)
}

#[test]
fn a_run_in_virtual_time_is_the_same_with_and_without_a_timeline() {
    let scenario = scenario(OUTAGE);
    let outcome = |timeline| {
        let decisions = Decisions::default();
        let draws = Draws { decisions: Some(decisions.clone()), replay: None };
        let run = run_watched(&scenario, NonZeroUsize::MIN, draws, watch(timeline)).expect("it runs");
        let report = serde_json::to_string(&run.report).expect("JSON");
        (report, run.history, decisions.to_json_lines(), run.report.timeline.is_some())
    };
    let (plain, watched) = (outcome(false), outcome(true));
    assert_eq!((plain.3, watched.3), (false, true));
    assert_eq!((&plain.0, &plain.1, &plain.2), (&watched.0, &watched.1, &watched.2));
}

#[test]
fn two_runs_in_virtual_time_have_the_same_timeline() {
    let scenario = scenario(OUTAGE);
    assert_eq!(recorded(&scenario).0, recorded(&scenario).0);
}

#[test]
fn samples_are_few_in_order_and_end_with_what_was_counted() {
    let (timeline, run) = recorded(&scenario(OUTAGE));
    let link = &timeline.links[0];
    let counts = &run.report.counts["link"]["api"];
    assert!((100..=300).contains(&link.samples.len()), "{}", link.samples.len());
    assert!(link.samples.windows(2).all(|pair| pair[0].at < pair[1].at && pair[0].up <= pair[1].up));
    let last = link.samples.last().expect("a sample");
    assert_eq!(
        (counts["bytes"]["up"].as_u64(), counts["bytes"]["down"].as_u64()),
        (Some(last.up), Some(last.down))
    );
    assert_eq!((last.at, last.active, last.held), (timeline.end, 0, 0));
    assert!(link.samples.iter().any(|sample| sample.active == 6 && sample.held > 0));
}

#[test]
fn what_waits_is_seen_all_through_a_standstill() {
    let (timeline, _) = recorded(&scenario(OUTAGE));
    let frozen = timeline.links[0].faults[2].acting[0];
    let within =
        timeline.links[0].samples.iter().filter(|s| s.at > frozen.from + 20_000_000 && s.at < frozen.to);
    let (mut seen, mut moved) = (0, Vec::new());
    for sample in within {
        assert!(sample.held > 0, "nothing waits at {}", sample.at);
        seen += 1;
        moved.push(sample.up);
    }
    assert!(seen > 10 && moved.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn every_connection_has_a_lane_with_its_bytes_and_its_end() {
    let (timeline, run) = recorded(&scenario(OUTAGE));
    let link = &timeline.links[0];
    let counts = &run.report.counts["link"]["api"];
    assert_eq!(counts["connections"]["accepted"].as_u64(), Some(link.lanes.len() as u64));
    assert_eq!(
        link.lanes.iter().map(|lane| lane.up).sum::<u64>(),
        counts["bytes"]["up"].as_u64().unwrap_or(0)
    );
    assert_eq!(
        link.lanes.iter().map(|lane| lane.down).sum::<u64>(),
        counts["bytes"]["down"].as_u64().unwrap_or(0)
    );
    let reset = link.lanes.iter().filter(|lane| lane.ending == Ending::Closed(CloseReason::Reset(None)));
    assert_eq!(reset.count(), 2);
    assert!(link.lanes.iter().all(|lane| lane.to.is_some_and(|to| to >= lane.from && to <= timeline.end)));
    assert!(link.lanes.iter().zip(1..).all(|(lane, number)| lane.number == number));
    assert!(link.others.is_empty());
}

#[test]
fn faults_are_in_force_between_the_steps_that_put_and_took_them() {
    let (timeline, _) = recorded(&scenario(OUTAGE));
    let [latency, reset, outage] = &timeline.links[0].faults[..] else { panic!("three faults") };
    let whole = vec![Window { from: 0, to: timeline.end }];
    assert_eq!((&latency.windows, &reset.windows), (&whole, &whole));
    assert_eq!((reset.fired, reset.name.as_str()), (2, "early-reset"));
    let (inject, clear) = (timeline.steps[2].from, timeline.steps[4].from);
    assert_eq!(outage.windows, [Window { from: inject, to: clear }]);
    let ms = 1_000_000;
    let bites = [(inject, inject + 200 * ms), (inject + 500 * ms, inject + 700 * ms)];
    assert_eq!(outage.acting, bites.map(|(from, to)| Window { from, to }));
    assert_eq!(clear - inject, 700 * ms);
}

#[test]
fn a_link_is_down_between_the_steps_that_took_it_down_and_up() {
    let step = |state: &str| format!("[[step]]\nlink = {{ name = \"api\", state = \"{state}\" }}\n");
    let nap = "[[step]]\nsleep = \"10ms\"\n";
    let text = format!(
        "scenario = 1\nclock = \"virtual\"\n[echo.a]\n[link.api]\nupstream = \"echo.a\"\n{nap}{}{}{nap}{}{nap}{}{nap}",
        step("down"),
        step("down"),
        step("up"),
        step("down")
    );
    let (timeline, _) = recorded(&scenario(&text));
    let ms = 1_000_000;
    let spans = [(10 * ms, 20 * ms), (30 * ms, timeline.end)];
    assert_eq!(timeline.links[0].down, spans.map(|(from, to)| Window { from, to }));
}

#[test]
fn an_update_goes_on_where_the_fault_was() {
    let text = OUTAGE.replace(
        "[[step]]\nsleep",
        "[[step]]\nupdate = { link = \"api\", name = \"latency\", latency = \"1ms\" }\n[[step]]\nsleep",
    );
    let (timeline, _) = recorded(&scenario(&text));
    let latency = &timeline.links[0].faults[0];
    assert_eq!(latency.windows, [Window { from: 0, to: timeline.end }]);
    assert_eq!(latency.specs.len(), 2, "{:?}", latency.specs);
}

#[test]
fn a_step_that_ran_out_of_time_has_no_end_and_later_ones_are_not_there() {
    let text = OUTAGE
        .replace("clock", "timeout = \"30ms\"\nclock")
        .replace("[[step]]\nwait", "[[step]]\nsleep = \"1s\"\n[[step]]\nwait");
    let (timeline, _) = recorded(&scenario(&text));
    assert_eq!(timeline.steps.len(), 2);
    assert_eq!((timeline.steps[0].to.is_some(), timeline.steps[1].to), (true, None));
    assert_eq!(timeline.settling, 30_000_000);
    let outage = &timeline.links[0].faults[2];
    assert_eq!((outage.fired, &outage.windows[..]), (0, &[][..]));
}

#[test]
fn real_sockets_have_a_timeline_too() {
    let text = "scenario = 1\n[echo.a]\n[link.api]\nupstream = \"echo.a\"\n[[link.api.fault]]\nlatency = \"2ms\"\n\
                [[step]]\nload = { target = \"link.api\", connections = 3, requests = 30 }\n";
    let (timeline, run) = recorded(&scenario(text));
    let link = &timeline.links[0];
    assert_eq!(link.lanes.len(), 3);
    assert!(
        link.lanes.iter().all(|lane| lane.ending == Ending::Closed(CloseReason::Fin)),
        "{:?}",
        link.lanes
    );
    let last = link.samples.last().expect("a sample");
    assert_eq!(Some(last.up), run.report.counts["link"]["api"]["bytes"]["up"].as_u64());
    assert_eq!((timeline.loads.len(), timeline.loads[0].link.as_deref()), (1, Some("api")));
}

#[test]
fn of_many_connections_the_first_and_the_notable_are_kept_and_all_are_counted() {
    let peer = |n: u16| Client { number: n.into(), addr: Some(SocketAddr::from(([127, 0, 0, 1], n))) };
    let mut lanes = Lanes::new(1000);
    for n in 1..=10_000 {
        lanes.note(1000 + u64::from(n), &Event::ConnectionOpened { peer: peer(n) });
        lanes.note(1000 + u64::from(n), &Event::BytesUpstream { peer: peer(n), bytes: 7 });
    }
    for n in 1..=9_999 {
        let reason = Some(if n % 10 == 0 { CloseReason::Timeout } else { CloseReason::Fin });
        lanes.note(20_000, &Event::ConnectionClosed { peer: peer(n), reason, fault: None });
    }
    assert!(lanes.any_open());
    let mut track = LinkTrack::default();
    lanes.finish(&mut track);
    assert_eq!(track.lanes.len(), 400);
    assert!(track.lanes.windows(2).all(|pair| pair[0].number < pair[1].number));
    let timeouts = Ending::Closed(CloseReason::Timeout);
    assert_eq!(track.lanes.iter().filter(|lane| lane.ending == timeouts).count(), 30 + 100);
    let fins = Ending::Closed(CloseReason::Fin);
    assert_eq!(track.others, [(fins, 9_000 - 270), (timeouts, 999 - 130), (Ending::Open, 1)]);
    assert_eq!((track.lanes[0].from, track.lanes[0].to, track.lanes[0].up), (1, Some(19_000), 7));
}

#[test]
fn a_ten_minute_run_has_no_more_samples_than_a_short_one() {
    let text = "scenario = 1\nclock = \"virtual\"\ntimeout = \"20m\"\n[echo.a]\n[link.api]\nupstream = \"echo.a\"\n\
                [[step]]\nload = { target = \"link.api\", requests = 600, pause = \"1s\" }\n";
    let (timeline, _) = recorded(&scenario(text));
    assert!((100..=300).contains(&timeline.links[0].samples.len()));
    assert!(timeline.end > 590_000_000_000);
}

#[test]
fn members_are_followed_and_links_know_what_is_behind_them() {
    let text = r#"
scenario = 1
clock = "virtual"
[echo.a]
[link.far]
upstream = "echo.a"
[link.edge]
upstream = "balance.pool"
[balance.pool]
members = ["echo.a", "link.far"]
[[step]]
sleep = "30ms"
[[step]]
balance = { name = "pool", member = "far", state = "drain" }
[[step]]
sleep = "50ms"
[[step]]
balance = { name = "pool", member = "far", state = "up" }
[[step]]
sleep = "20ms"
"#;
    let timeline = recorded(&scenario(text)).0;
    let link = |name: &str| timeline.links.iter().find(|link| link.name == name).expect("a link");
    assert_eq!(link("edge").behind, ["pool", "far"]);
    assert_eq!(link("pool").behind, ["far"]);
    assert!(link("far").behind.is_empty() && link("edge").members.is_empty());
    let members = &link("pool").members;
    assert_eq!(members[0], MemberTrack { name: "a".to_owned(), conditions: vec![(0, Condition::Up)] });
    let conditions: Vec<Condition> = members[1].conditions.iter().map(|change| change.1).collect();
    assert_eq!(conditions, [Condition::Up, Condition::Drain, Condition::Up]);
    let times: Vec<u64> = members[1].conditions.iter().map(|change| change.0 / 1_000_000).collect();
    assert_eq!(times, [0, 30, 80]);
}

#[test]
fn latencies_of_a_short_load_are_told_by_ten_milliseconds() {
    let timeline = recorded(&scenario(OUTAGE)).0;
    let load = &timeline.loads[0];
    assert!(load.beats.len() >= 5, "{:?}", load.beats);
    assert!(load.beats.iter().all(|beat| beat.to - beat.from <= 10_000_000));
    // 240 requests, but for those that two resets have cut off.
    assert!((200..=240).contains(&load.beats.iter().map(|beat| beat.requests).sum::<u64>()));
    // Those that waited for the outage to end are the longest.
    let longest = load.beats.iter().max_by_key(|beat| beat.max_ns).expect("a beat");
    assert!(longest.from >= timeline.steps[2].from + 190_000_000, "{longest:?}");
}
