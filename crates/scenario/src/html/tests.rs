//! Whole pages: nothing missing, nothing hostile, nothing too large.

use super::{Section, Verdict, render};
use crate::model::Clock;
use crate::report::{Judgement, Outcome, Report, SCHEMA};
use crate::timeline::{
    Beat, Ending, FaultTrack, Lane, LinkTrack, LoadTrack, MemberTrack, Sample, StepSpan, Timeline, Window,
};
use serde_json::json;
use squall_balance::Condition;
use squall_proxy::CloseReason;
use std::net::SocketAddr;

const MS: u64 = 1_000_000;

fn lane(number: u64, ending: Ending) -> Lane {
    let addr = SocketAddr::from(([127, 0, 0, 1], 40_000 + (number % 20_000) as u16));
    let peer = squall_proxy::Client { number, addr: Some(addr) };
    let to = (ending != Ending::Open).then_some(80 * MS + number);
    Lane { number, peer, from: 10 * MS, to, up: 1 << 20, down: 4096, ending }
}

/// A link that carried so many connections, of which 400 at the most have lanes.
fn link(name: &str, connections: u64) -> LinkTrack {
    let reset = Ending::Closed(CloseReason::Reset(None));
    let ending = |n: u64| if n.is_multiple_of(10) { reset } else { Ending::Closed(CloseReason::Fin) };
    let samples = (1..300u64).filter(|_| connections > 0);
    LinkTrack {
        name: name.to_owned(),
        behind: Vec::new(),
        members: Vec::new(),
        samples: samples
            .map(|i| Sample {
                at: i * MS / 3,
                up: i * i * 977,
                down: i * 5000,
                active: i % 7,
                held: i * 13,
                fired: vec![i / 10],
            })
            .collect(),
        faults: vec![FaultTrack {
            name: "outage".to_owned(),
            specs: vec!["freeze:20ms,name=outage@both".to_owned()],
            windows: vec![Window { from: 30 * MS, to: 100 * MS }],
            acting: vec![Window { from: 30 * MS, to: 50 * MS }],
            fired: 29,
            optional: false,
        }],
        lanes: (1..=connections.min(400)).map(|n| lane(n, ending(n))).collect(),
        down: Vec::new(),
        others: match connections.saturating_sub(400) {
            0 => Vec::new(),
            more => vec![(Ending::Closed(CloseReason::Fin), more - more / 10), (reset, more / 10)],
        },
    }
}

fn report(name: &str, links: Vec<LinkTrack>) -> Report {
    let load = LoadTrack {
        name: "upload".to_owned(),
        link: links.first().map(|link| link.name.clone()),
        from: 10 * MS,
        to: 90 * MS,
        beats: vec![
            Beat { from: 10 * MS, to: 40 * MS, requests: 20, failed: 0, mean_ns: MS, max_ns: 4 * MS },
            Beat { from: 40 * MS, to: 60 * MS, requests: 0, failed: 3, mean_ns: 0, max_ns: 0 },
            Beat { from: 60 * MS, to: 90 * MS, requests: 7, failed: 0, mean_ns: 2 * MS, max_ns: 9 * MS },
        ],
    };
    let steps = vec![
        StepSpan { name: "upload".to_owned(), from: 0, to: Some(MS) },
        StepSpan { name: "the <end>".to_owned(), from: 50 * MS, to: None },
    ];
    let timeline = Timeline { settling: 90 * MS, end: 100 * MS, steps, links, loads: vec![load] };
    Report {
        schema: SCHEMA,
        scenario: name.to_owned(),
        output: Default::default(),
        seed: 42,
        clock: Clock::Virtual,
        result: Outcome::Fail,
        reason: vec!["expected `a < b`, found <nothing>".to_owned()],
        counts: json!({ "load": { "upload": { "planned": 12_345, "ok": 9, "failed": 3 } } }),
        timing: json!({ "elapsed_ns": 100 * MS, "load": { "upload": { "latency": { "p99.9_ns": 8_100_000 } } } }),
        expectations: vec![Judgement {
            that: "a < b".to_owned(),
            actual: "2".to_owned(),
            holds: false,
            at: 0,
        }],
        line: None,
        timeline: Some(Box::new(timeline)),
    }
}

fn ran(report: &Report) -> Section<'_> {
    let verdict = match report.result {
        Outcome::Pass => Verdict::Passed,
        Outcome::Fail => Verdict::Failed,
        Outcome::Error | Outcome::Unsupported => Verdict::NotRun,
    };
    Section {
        name: &report.scenario,
        note: "",
        verdict,
        words: "",
        replay: "squall run a.toml",
        report: Some(report),
        whole: true,
    }
}

fn not_run<'a>(name: &'a str, words: &'a str) -> Section<'a> {
    let (verdict, whole) = (Verdict::NotRun, true);
    Section { name, note: "", verdict, words, replay: "", report: None, whole }
}

fn page(report: &Report) -> String {
    render(&[ran(report)])
}

/// What makes a page whole: every element that is opened is closed, in order, and ids are there once.
fn check(page: &str) {
    let (mut open, mut ids): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    let script = page.find("<script>").expect("a script");
    let style = page.find("<style>").expect("a style")..page.find("</style>").expect("its end");
    let markup = [&page[..style.start], &page[style.end..script]].concat();
    for tag in markup.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag) {
        if let Some(name) = tag.strip_prefix('/') {
            if name != "style" {
                assert_eq!(open.pop(), Some(name), "</{name}> closes something else");
            }
            continue;
        }
        let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        ids.extend(tag.split(" id=\"").nth(1).and_then(|rest| rest.split('"').next()));
        let void = ["!doctype", "meta", "link", "br"].contains(&name) || tag.ends_with('/');
        if !void {
            open.push(name);
        }
    }
    assert_eq!(open, ["html", "body"]);
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id stands twice");
    for wrong in ["NaN", "inf%", "undefined", "-0%"] {
        assert!(!markup.contains(wrong), "{wrong}");
    }
}

#[test]
fn a_page_with_any_number_of_connections_is_whole_and_small() {
    for connections in [0, 1, 40, 41, 400, 401, 10_000] {
        let page = page(&report("any", vec![link("api", connections)]));
        check(&page);
        assert!(page.len() < 500_000, "{connections} connections make {} bytes", page.len());
        assert_eq!(page.matches("<li class=").count() as u64, connections.min(400));
        assert_eq!(page.contains("Nobody connected."), connections == 0);
    }
}

#[test]
fn connections_without_a_lane_are_counted_all_the_same() {
    let page = page(&report("many", vec![link("api", 10_000)]));
    assert!(page.contains("400 of 10,000 connections have a lane"));
    assert!(page.contains("fin</th><td class=\"n\">9,000</td><td class=\"n\">360</td>"));
    assert!(page.contains("reset by a fault</th><td class=\"n\">1,000</td><td class=\"n\">40</td>"));
}

#[test]
fn what_others_wrote_is_text() {
    let hostile = "</script><script>alert(1)</script>\"'<b>\u{202e}";
    let mut report = report(hostile, vec![link("api", 3)]);
    report.reason = vec![hostile.to_owned()];
    report.expectations[0].actual = hostile.to_owned();
    if let Some(timeline) = &mut report.timeline {
        timeline.steps[0].name = hostile.to_owned();
        timeline.links[0].faults[0].specs = vec![hostile.to_owned()];
        timeline.links[0].name = hostile.to_owned();
        timeline.loads[0].name = hostile.to_owned();
        timeline.loads[0].link = Some(hostile.to_owned());
    }
    let section = Section { note: hostile, replay: hostile, words: hostile, ..ran(&report) };
    let several = [section, not_run(hostile, hostile), Section { whole: false, ..section }];
    for page in [render(&several[..1]), render(&several)] {
        check(&page);
        assert!(!page.contains("alert(1)</script>") && !page.contains('\u{202e}'));
        assert_eq!(page.matches("<script>").count(), 1);
    }
}

#[test]
fn the_verdict_the_reasons_and_every_part_are_there() {
    let page = page(&report("outage", vec![link("api", 12), link("edge", 3)]));
    check(&page);
    for part in [
        "<p class=\"badge\">Failed</p><h1 id=\"s1-h\"><bdi>outage</bdi></h1>",
        "<code>squall run a.toml</code>",
        "expected `a &lt; b`, found &lt;nothing&gt;",
        "<h2>Expectations</h2>",
        "<h2>Link <code>api</code></h2>",
        "<h2>Link <code>edge</code></h2>",
        "<h2>Loads</h2>",
        "<td class=\"n\">8.1 ms</td>",
        "<h2>Faults</h2>",
        "from 30 ms",
        "<h2>Steps</h2>",
        "the &lt;end&gt;",
        "Did not end",
        "fired 29×",
        "<b class=\"sign bad\">R</b>",
        "Connection 1 from 127.0.0.1:40001: opened at 10 ms, fin at 80 ms, 70 ms later; 1 MiB up, 4 KiB down",
        "&quot;schema&quot;: &quot;squall.report/1&quot;",
        concat!("squall ", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn a_line_has_a_gap_where_nothing_was_answered() {
    let page = page(&report("outage", vec![link("api", 3)]));
    let mean = page.split("class=\"mean\" d=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("");
    assert_eq!(mean, "M1000 100H4000M6000 70H9000");
    assert!(page.contains("<b class=\"note\" style=\"left:40%\">3 failed</b>"));
}

#[test]
fn several_scenarios_have_a_table_of_contents() {
    let (mut good, bad) = (report("good", vec![link("api", 1)]), report("bad", Vec::new()));
    (good.result, good.reason) = (Outcome::Pass, Vec::new());
    let page = render(&[ran(&good), ran(&bad), not_run("c.toml", "error: no such file\n")]);
    check(&page);
    assert!(page.contains("<p class=\"lead\">1 passed, 1 failed, 1 not run.</p>"));
    for (i, name) in ["good", "bad", "c.toml"].iter().enumerate() {
        assert!(page.contains(&format!("<a href=\"#s{}\"><bdi>{name}</bdi></a>", i + 1)));
        assert!(page.contains(&format!("<h2 id=\"s{}-h\"><bdi>{name}</bdi></h2>", i + 1)));
    }
    assert_eq!(page.matches("<h1").count(), 1);
}

#[test]
fn a_run_without_a_section_is_listed_and_led_nowhere() {
    let (mut first, last) = (report("first", vec![link("api", 1)]), report("last", vec![link("api", 1)]));
    (first.result, first.reason) = (Outcome::Pass, Vec::new());
    let listed = Section { whole: false, note: "round 2", ..ran(&first) };
    let skipped = Section { verdict: Verdict::Skipped, ..not_run("b.toml", "error: no traces here\n") };
    let page = render(&[listed, skipped, ran(&last)]);
    check(&page);
    assert!(page.contains("1 passed, 1 failed, 1 skipped. 2 of them are shown below"));
    assert!(page.contains("<bdi>first</bdi> <span class=\"which\">round 2</span></th>"));
    assert!(!page.contains("#s1\"") && !page.contains("id=\"s1") && page.contains("id=\"s3\""));
}

#[test]
fn a_report_without_a_timeline_makes_a_page_without_charts() {
    let report = Report { timeline: None, ..report("plain", Vec::new()) };
    let page = page(&report);
    check(&page);
    assert!(page.contains("<h2>Loads</h2>") && !page.contains("<div class=\"board\""));
}

#[test]
fn a_scenario_that_did_not_run_says_why_with_its_clock_and_seed_and_nothing_else() {
    let plain = report("plain", Vec::new());
    let reason = vec!["requires: `jq` is not <installed>".to_owned()];
    let empty = || json!({});
    let not_run = Report {
        result: Outcome::Unsupported,
        reason,
        counts: empty(),
        timing: empty(),
        expectations: Vec::new(),
        timeline: None,
        ..plain
    };
    let page = page(&not_run);
    check(&page);
    let whys =
        ["Not run</p>", "<h2>Why it did not run</h2>", "requires: <code>jq</code> is not &lt;installed&gt;"];
    for part in
        whys.into_iter().chain(["<dt>Seed</dt><dd>42</dd>", "&quot;result&quot;: &quot;unsupported&quot;"])
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    for part in ["Took", "<dt>Expectations", "<h2>Loads", "Why it failed"] {
        assert!(!page.contains(part), "{part}");
    }
}

#[test]
fn faults_of_links_behind_one_are_shaded_on_it_with_whose_they_are() {
    let (mut edge, mut api) = (link("edge", 3), link("api", 3));
    edge.faults.clear();
    edge.behind = vec!["api".to_owned()];
    api.down = vec![Window { from: 70 * MS, to: 80 * MS }];
    let page = page(&report("chained", vec![edge, api]));
    check(&page);
    let (of_edge, of_api) = page.split_once("aria-label=\"Link api over time").expect("two boards");
    let whose = "<small><i class=\"key far\"></i>of link <code>api</code></small>";
    assert!(of_edge.contains(&format!("<code>outage</code>{whose}")), "{of_edge}");
    assert!(of_edge.contains(&format!("down{whose}")));
    assert!(of_edge.contains("<i class=\"shade far\" style=\"left:30%;width:20%\"></i>"));
    assert!(of_edge.contains("<i class=\"shade far\" style=\"left:70%;width:10%\"></i>"));
    assert!(of_api.contains("<i class=\"shade\" style=\"left:30%;width:20%\"></i>"));
    assert!(!of_api.contains("shade far") && !of_api.contains(whose));
}

#[test]
fn a_balancer_is_called_one_and_shows_its_members() {
    let mut pool = link("pool", 3);
    let member = |name: &str, conditions: &[(u64, Condition)]| MemberTrack {
        name: name.to_owned(),
        conditions: conditions.to_vec(),
    };
    let changes = [(0, Condition::Up), (40 * MS, Condition::Ejected), (60 * MS, Condition::SlowStart)];
    pool.members = vec![member("a", &changes), member("b", &[(0, Condition::Up)])];
    let counts = json!({ "balance": { "pool": {
        "connections": { "accepted": 3 },
        "members": { "a": { "picks": 1, "failures": 2 }, "b": { "picks": 12_345 } },
    } } });
    let page = page(&Report { counts, ..report("balanced", vec![pool]) });
    check(&page);
    for part in [
        "<h2>Balancer <code>pool</code></h2>",
        "3 connections accepted",
        "<code>a</code><small>member, 1 pick</small>",
        "<i class=\"member out\" style=\"left:40%;width:20%\" title=\"ejected\">ejected</i>",
        "<td>up; ejected from 40 ms; slow start from 60 ms</td>",
        "<th scope=\"row\"><code>b</code></th><td class=\"n\">12,345</td>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn nothing_is_fetched() {
    let page = page(&report("alone", vec![link("api", 3)]));
    for way in ["http://", "https://", "@import", "url(", " src="] {
        assert!(!page.contains(way), "{way}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn one_burst_does_not_flatten_everything_else() {
    let mut burst = link("api", 3);
    burst.samples.iter_mut().for_each(|sample| sample.up += 1 << 30);
    let page = page(&report("burst", vec![burst]));
    assert!(page.contains("peaks are cut off; the highest is "));
}
