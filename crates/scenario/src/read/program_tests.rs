//! Processes and commands as they are read, and what of them is exact.

use std::path::Path;
use std::time::Duration;

use super::read;
use crate::certainty::Certainty;
use crate::diagnostic::Source;
use crate::model::{Probe, Scenario, Template, Upstream};
use crate::paths::Vocabulary;

const APP: &str = r#"
scenario = 1
requires = ["curl", "jq"]
[process.app]
command = ["./server", "--port={port.app}", "{link.db.addr}"]
env = { LEVEL = 3, "with space" = "{a}" }
cwd = "../app"
ready = { http = "http://localhost:{port.app}/up?x={y}", within = "3s" }
grace = "9s"
[process.plain]
command = ["plain"]
port = 8080
[link.api]
upstream = "process.app"
[[link.api.fault]]
reset = "4KiB"
[link.db]
upstream = "127.0.0.1:{port.db}"
[link.plain]
upstream = "process.plain"
[[step]]
name = "tests"
run = { command = ["pytest"], env = { API = "http://{link.api.addr}" }, exit = [0, 5], timeout = "20s" }
background = true
[[step]]
inject = { link = "api", name = "late", latency = "5ms" }
[[step]]
inject = { link = "plain", name = "late", latency = "5ms" }
[[step]]
inject = { link = "db", name = "late", latency = "5ms" }
[[step]]
run = { command = ["true"] }
[[expect]]
that = "run.tests.elapsed < 20s and run.run.exit == 0 and process.app.starts == 1"
"#;

fn valid(text: &str) -> Scenario {
    read(&Source::new("scenarios/x.toml", text)).expect("valid")
}

#[test]
fn a_process_has_everything_that_its_table_says() {
    let scenario = valid(APP);
    let app = scenario.process("app").expect("a process");
    let words: Vec<String> = app.program.command.iter().map(ToString::to_string).collect();
    assert_eq!(words, ["./server", "--port={port.app}", "{link.db.addr}"]);
    assert_eq!(app.program.env[0], ("LEVEL".to_owned(), Template::from("3")));
    assert_eq!(app.program.env[1], ("with space".to_owned(), Template::from("{a}")));
    assert_eq!(app.program.folder, Path::new("scenarios/../app"));
    let ready = app.ready.as_ref().expect("a probe");
    let address = Template::from("localhost:{port.app}");
    assert_eq!(ready.probe, Probe::Http { address: address.clone(), path: "/up?x={y}".to_owned() });
    assert_eq!((ready.within, app.grace), (Duration::from_secs(3), Duration::from_secs(9)));
    assert_eq!(app.address, Some(address));
    let plain = scenario.process("plain").expect("a process");
    assert_eq!((&plain.address, &plain.ready), (&Some(Template::from("127.0.0.1:8080")), &None));
    assert_eq!(plain.program.folder, Path::new("scenarios"));
    assert_eq!(scenario.requires, ["curl", "jq"]);
    assert_eq!(scenario.links[0].upstream, Upstream::Process("app".to_owned()));
    assert_eq!(scenario.port_names().iter().filter(|name| *name == "db").count(), 1);
}

#[test]
fn a_command_has_the_codes_that_are_right_and_its_name_in_the_report() {
    let scenario = valid(APP);
    let jobs: Vec<_> = scenario.jobs().collect();
    assert_eq!((jobs[0].0, jobs[1].0), ("tests", "run"));
    assert_eq!((&jobs[0].1.exits[..], &jobs[1].1.exits[..]), (&[0, 5][..], &[0][..]));
    assert_eq!((jobs[0].1.timeout, jobs[0].1.background), (Some(Duration::from_secs(20)), true));
    let vocabulary = Vocabulary::of(&scenario);
    for path in ["run.tests.exit", "run.run.elapsed", "process.app.starts", "process.plain.ready"] {
        assert!(vocabulary.get(path).is_some(), "{path}");
    }
    assert!(vocabulary.get("run.app.exit").is_none());
}

#[test]
fn what_is_exact_with_programs() {
    let certainty = Certainty::of(&valid(APP));
    for path in [
        "run.run.exit",
        "process.app.starts",
        "link.api.connections.accepted",
        "link.plain.faults.late.fired",
    ] {
        assert_eq!(certainty.open(path), None, "{path}");
    }
    let several = certainty.open("run.tests.exit");
    assert_eq!(several, Some("which of several exit codes it is, is left to the command"));
    // A command in the background uses one of these links at that time, and a process may use the other.
    for path in
        ["link.api.faults.late.fired", "link.db.faults.late.fired", "run.run.elapsed", "process.app.ready"]
    {
        assert!(certainty.open(path).is_some(), "{path}");
    }
    let stopped =
        Certainty::of(&valid(&APP.replace("[[expect]]", "[[step]]\nstop = \"process.app\"\n[[expect]]")));
    assert!(stopped.open("link.api.connections.accepted").is_some());
    assert_eq!(stopped.open("link.plain.connections.accepted"), None);
}
