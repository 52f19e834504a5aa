//! Whole documents: what they mean, and what is said about those that mean nothing.

use std::time::Duration;

use squall_faults::Carrier;

use super::read;
use crate::certainty::Certainty;
use crate::diagnostic::{Source, render};
use crate::model::{Action, Clock, Load, Scenario, Target, Upstream};
use crate::paths::Vocabulary;

const UPLOAD: &str = r#"
scenario = 1
name = "upload survives an outage"
seed = 42
timeout = "30s"

[echo.backend]

[link.api]
upstream = "echo.backend"
segment = "512B"
idle_timeout = "1m"
max_connections = 100

[[link.api.fault]]
name = "early-reset"
reset = { at = "4KiB", side = "client" }
connections = "1-2"
direction = "up"

[[link.api.fault]]
latency = "50ms"
probability = "20%"
optional = true

[link.chained]
upstream = "link.api"
listen = "127.0.0.1:8080"

[[step]]
name = "upload"
load = { target = "link.api", connections = 4, requests = 200, size = "64KiB", pause = "5ms" }
background = true

[[step]]
wait = { that = "link.api.bytes.up >= 16KiB", within = "5s" }

[[step]]
name = "cable unplugged"
inject = { link = ["api", "chained"], latency = { delay = "800ms", jitter = "5ms" } }

[[step]]
clear = { link = "api", name = ["latency_2", "early-reset"] }

[[step]]
link = { name = "chained", state = "down" }

[[step]]
sleep = "200ms"

[[step]]
load = { target = "echo.backend", requests = 1 }

[[step]]
join = "upload"

[[expect]]
that = "link.api.faults.early-reset.fired <= 2"
[[expect]]
that = "load.load.ok == 1 and step.sleep.elapsed >= 200ms"

[snapshot]
"load.upload.latency.min" = ">= 100ms"
"#;

pub(crate) fn valid(text: &str) -> Scenario {
    let source = Source::new("test.toml", text);
    read(&source).unwrap_or_else(|diagnostics| panic!("{}", render(&source, &diagnostics)))
}

/// Each mistake as `line: message`, the way the file has it.
fn mistakes(text: &str) -> Vec<String> {
    let source = Source::new("test.toml", text);
    let diagnostics = read(&source).expect_err("the file is invalid");
    render(&source, &diagnostics);
    let line = |at: usize| text[..at.min(text.len())].lines().count().max(1);
    diagnostics
        .iter()
        .map(|diagnostic| format!("{}: {}", line(diagnostic.span.start + 1), diagnostic.message))
        .collect()
}

#[test]
fn a_scenario_is_read_with_all_its_names_resolved() {
    let scenario = valid(UPLOAD);
    assert_eq!(scenario.name, "upload survives an outage");
    assert_eq!((scenario.seed, scenario.clock), (42, Clock::Real));
    assert_eq!((scenario.timeout, scenario.grace), (Duration::from_secs(30), Duration::from_secs(5)));
    let [api, chained] = scenario.links.as_slice() else { panic!("two links") };
    assert_eq!(api.upstream, Upstream::Echo("backend".to_owned()));
    assert_eq!(chained.upstream, Upstream::Link("api".to_owned()));
    assert_eq!((api.segment, api.max_connections), (512, Some(100)));
    assert_eq!(api.listen.to_string(), "127.0.0.1:0");
    assert_eq!(chained.listen.to_string(), "127.0.0.1:8080");
    let faults: Vec<String> = scenario.faults_of(api).map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "reset:4KiB,side=client,connections=1-2,name=early-reset@up",
            "latency:50ms,probability=20%,optional=true@down",
            "latency:800ms,jitter=5ms,name=latency_2@down",
        ]
    );
    let faults: Vec<Option<&str>> = scenario.faults_of(chained).map(|fault| fault.name()).collect();
    assert_eq!(faults, [Some("latency")]);
    let steps: Vec<&str> = scenario.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(steps, ["upload", "wait", "cable unplugged", "clear", "link", "sleep", "load", "join"]);
    assert_eq!(&UPLOAD[scenario.steps[0].at.clone()], "[[step]]");
    assert_eq!(&UPLOAD[scenario.expectations[0].at.clone()], "\"link.api.faults.early-reset.fired <= 2\"");
    assert_eq!(scenario.snapshot.map(|snapshot| snapshot.bands.len()), Some(1));
}

#[test]
fn what_a_load_leaves_out_has_a_default() {
    let scenario = valid(UPLOAD);
    let loads: Vec<(&str, &Load)> = scenario.loads().collect();
    let defaults = Load {
        carrier: Carrier::Stream,
        retries: 0,
        target: Target::Echo("backend".to_owned()),
        connections: 1,
        requests: 1,
        pace: None,
        sizes: squall_load::Mix::fixed(1024),
        manner: crate::model::Manner::default(),
        reconnect: true,
        timeout: Duration::from_secs(10),
        pause: Duration::ZERO,
        background: false,
    };
    assert_eq!(loads[1], ("load", &defaults));
    let upload = Load {
        target: Target::Link("api".to_owned()),
        connections: 4,
        requests: 200,
        sizes: squall_load::Mix::fixed(65_536),
        pause: Duration::from_millis(5),
        background: true,
        ..defaults
    };
    assert_eq!(loads[0], ("upload", &upload));
}

#[test]
fn clearing_names_every_pair_of_link_and_fault() {
    let scenario = valid(UPLOAD);
    let Action::Clear(cleared) = &scenario.steps[3].action else { panic!("a clear step") };
    let cleared: Vec<_> = cleared.iter().map(|clear| (clear.link.as_str(), clear.what.as_str())).collect();
    assert_eq!(cleared, [("api", "latency_2"), ("api", "early-reset")]);
}

#[test]
fn the_name_of_a_file_stands_in_for_that_of_the_scenario() {
    let source = Source::new("fixtures/scenarios/echo.toml", "scenario = 1");
    assert_eq!(read(&source).expect("valid").name, "echo");
}

#[test]
fn the_vocabulary_has_every_path_of_the_report_and_no_other() {
    let vocabulary = Vocabulary::of(&valid(UPLOAD));
    for path in [
        "elapsed",
        "echo.backend.bytes",
        "link.chained.faults.latency.fired",
        "link.api.faults.latency_2.fired",
        "load.load.latency.p99.9",
        "step.sleep.elapsed",
    ] {
        assert!(vocabulary.get(path).is_some(), "{path}");
    }
    for path in ["link.chained.faults.early-reset.fired", "load.wait.ok", "link.api", "", "link.*.bytes.up"] {
        assert!(vocabulary.get(path).is_none(), "{path}");
    }
}

#[test]
fn a_reset_leaves_the_bytes_of_connected_links_open_and_an_outage_everything() {
    let certainty = Certainty::of(&valid(UPLOAD));
    let exact = ["link.api.faults.latency.fired", "load.upload.planned", "load.load.ok"];
    let open = [
        "link.api.faults.early-reset.fired",
        "load.upload.sent",
        "link.api.bytes.up",
        "link.chained.bytes.down",
        "link.api.closes.fin",
        "link.chained.connections.accepted",
        "echo.backend.bytes",
        "echo.backend.connections.accepted",
        "load.upload.latency.max",
        "elapsed",
    ];
    for path in exact {
        assert_eq!(certainty.open(path), None, "{path}");
    }
    for path in open {
        assert!(certainty.open(path).is_some(), "{path}");
    }
    let through =
        valid(&UPLOAD.replace("load = { target = \"link.api\"", "load = { target = \"link.chained\""));
    assert!(!Certainty::of(&through).is_exact("load.upload.ok"));
    assert!(Certainty::of(&through).is_exact("load.upload.planned"));
    let timeless = valid(&UPLOAD.replace("seed = 42", "clock = \"virtual\""));
    for path in exact.iter().chain(&open) {
        assert!(Certainty::of(&timeless).is_exact(path), "{path}");
    }
}

/// A load over one link with one fault; the load's own keys come last.
pub(crate) fn over(protocol: &str, fault: &str, load: &str) -> String {
    format!(
        "scenario = 1\n[echo.e]\nprotocol = \"{protocol}\"\n[link.api]\nprotocol = \"{protocol}\"\nupstream = \"echo.e\"\n\
         [[link.api.fault]]\nname = \"it\"\n{fault}\n\
         [[step]]\nload = {{ target = \"link.api\", requests = 10, {load} }}\n"
    )
}

#[test]
fn the_faults_of_a_preset_come_first_and_have_names() {
    let scenario = valid(
        "scenario = 1\n[echo.e]\n[link.api]\nupstream = \"echo.e\"\npreset = \"nlc-3g-lossy\"\n\
         [[link.api.fault]]\nlatency = \"5ms\"\noptional = true\n\
         [[expect]]\nthat = \"link.api.faults.bandwidth-up.fired + link.api.faults.loss.fired == 0\"\n",
    );
    let names: Vec<_> = scenario.links[0].faults.iter().filter_map(|fault| fault.name()).collect();
    assert_eq!(names, ["latency", "bandwidth-down", "bandwidth-up", "loss", "latency_2"]);
}

#[test]
fn a_load_speaks_what_its_target_speaks_and_reports_what_that_has() {
    let udp = valid(&over("udp", "loss = \"5%\"", "retries = 2, size = \"64B\""));
    let (_, load) = udp.loads().next().expect("a load");
    assert_eq!((load.carrier, load.retries), (Carrier::Datagram, 2));
    let (udp, tcp) = (Vocabulary::of(&udp), Vocabulary::of(&valid(&over("tcp", "loss = \"5%\"", ""))));
    let of_datagrams = [
        "link.api.datagrams.dropped_up",
        "load.load.retried",
        "load.load.integrity.late",
        "echo.e.datagrams",
    ];
    for path in of_datagrams {
        assert!(udp.get(path).is_some() && tcp.get(path).is_none(), "{path}");
    }
    for path in ["load.load.connections.lost", "load.load.errors.reset", "echo.e.connections.accepted"] {
        assert!(udp.get(path).is_none() && tcp.get(path).is_some(), "{path}");
    }
}

#[test]
fn every_mistake_is_reported_at_its_line() {
    let cases: [(&str, &[&str]); 18] = [
        ("", &["1: a scenario has no `scenario`"]),
        ("scenario = 2", &["1: unknown format version 2"]),
        ("scenario = \"1\"", &["1: `scenario` has the wrong type"]),
        ("scenario = 1\nseed = -1", &["2: `seed` must be at least 0"]),
        (
            "scenario = 1\nclock = \"virtal\"\ngrace = []",
            &["2: unknown clock `virtal`", "3: `grace` has the wrong type"],
        ),
        (
            "scenario = 1\nlink = 3\nstep = {}\n",
            &["2: `link` has the wrong type", "3: `step` has the wrong type"],
        ),
        ("scenario = 1\n[link]\napi = 3", &["3: `api` is not a table"]),
        ("scenario = 1\n[echo.e]\nprotocol = \"sctp\"", &["3: unknown protocol `sctp`"]),
        ("scenario = 1\n[[step]]\nwait = { within = \"5s\" }", &["3: wait has no `that`"]),
        ("scenario = 1\n[[step]]\njoin = []", &["3: `join` is an empty list"]),
        (
            "scenario = 1\n[[step]]\nload = 5\n[[step]]\nwait = { that = \"load.load.ok > 0\", within = \"1s\" }",
            &["3: `load` has the wrong type"],
        ),
        (
            "scenario = 1\n[echo.e]\n[link.a]\nupstream = \"echo.e\"\nsegment = 0",
            &["5: `segment` must be at least 1 byte"],
        ),
        (
            "scenario = 1\n[echo.e]\n[link.a]\nupstream = \"echo.e\"\n[[link.a.fault]]\nlatenci = \"5ms\"\n[[expect]]\nthat = \"link.a.faults.latency.fired > 0\"",
            &["6: unknown fault `latenci`"],
        ),
        (
            "scenario = 1\n[echo.e]\n[link.a]\nprotocol = \"udp\"\nupstream = \"echo.e\"\n[link.b]\nupstream = \"link.a\"",
            &[
                "5: `echo.e` speaks TCP, and this link carries UDP",
                "7: `link.a` speaks UDP, and this link carries TCP",
            ],
        ),
        (
            "scenario = 1\n[echo.e]\n[[step]]\nload = { target = \"echo.e\", requests = 1, retries = 2 }",
            &["4: `retries` is for loads over UDP"],
        ),
        (
            "scenario = 1\n[echo.e]\nprotocol = \"udp\"\n[[step]]\nload = { target = \"echo.e\", requests = 1, size = \"64KiB\", reconnect = false }",
            &["5: a datagram has at most 65507 bytes", "5: `reconnect` is for loads over TCP"],
        ),
        ("a = 1\na = 2\n", &["2: duplicate key"]),
        (
            "scenario = 1\n[snapshot]\nelapsed = \"== 5ms\"\nelapse = \">= 1ms and <= 2s\"",
            &["3: `elapsed` may differ from run to run", "4: the report has no `elapse`"],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(mistakes(text), expected, "{text}");
    }
}

#[test]
fn a_mistake_behind_an_escape_points_at_the_whole_string() {
    let text = "scenario = 1\n[[expect]]\nthat = \"elapsed \\u003e= 5\"\n";
    let diagnostics = read(&Source::new("x", text)).expect_err("a unit is missing");
    assert_eq!(&text[diagnostics[0].span.clone()], "\"elapsed \\u003e= 5\"");
}

#[test]
fn every_file_of_the_fixtures_is_refused() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/invalid");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).expect("the fixtures") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let source = Source::open(&path).expect("a readable file");
            assert!(read(&source).is_err(), "{}", path.display());
            files += 1;
        }
    }
    assert!(files >= 10, "{files} files");
}

/// Reads and renders; the point is to come back.
fn survives(text: &str) {
    let source = Source::new("x.toml", text);
    if let Err(diagnostics) = read(&source) {
        assert!(!diagnostics.is_empty());
        render(&source, &diagnostics);
    }
}

/// Reads every beginning of the text.
pub(super) fn survives_every_beginning(text: &str) {
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        survives(&text[..end]);
    }
}

#[test]
fn every_beginning_of_a_file_can_be_read() {
    survives_every_beginning(UPLOAD);
    for text in
        ["\u{feff}scenario = 1", "scenario = 1\r\nlink = 1\r", "\0", "[", "\"", "é", "[[step]]\nname='''"]
    {
        survives(text);
    }
}

#[test]
fn any_change_of_a_file_can_be_read() {
    survives_changes(UPLOAD);
}

/// Reads the text with changes of all kinds.
pub(super) fn survives_changes(text: &str) {
    const PIECES: [&str; 12] =
        ["\"", "'", "[", "]]", "{", "}", "=", "\n", "\t", "é", "-", "9999999999999999999999"];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound as u64).unwrap_or(0)
    };
    for _ in 0..1500 {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=next(4) {
            let at = next(bytes.len());
            match next(4) {
                0 => bytes[at] ^= 1 << next(8),
                1 => drop(bytes.remove(at)),
                2 => drop(bytes.splice(at..at, PIECES[next(PIECES.len())].bytes())),
                _ => {
                    let from = next(bytes.len());
                    let copy: Vec<u8> = bytes.iter().skip(from).take(20).copied().collect();
                    drop(bytes.splice(at..at, copy));
                }
            }
        }
        survives(&String::from_utf8_lossy(&bytes));
    }
}
