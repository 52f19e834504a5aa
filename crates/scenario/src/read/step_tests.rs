//! What steps come to when they are read.

use super::tests::{survives_changes, survives_every_beginning, valid};
use crate::certainty::Certainty;
use crate::model::{Action, OnLink, Subject};

const LINKS: &str = r#"
scenario = 1
[echo.e]
[link.a]
upstream = "echo.e"
[link.b]
upstream = "echo.e"
[[link.a.fault]]
latency = "5ms"
[[link.b.fault]]
latency = "5ms"
"#;

fn action(steps: &str) -> Action {
    let scenario = valid(&format!("{LINKS}{steps}"));
    scenario.steps.last().expect("a step").action.clone()
}

fn cleared(action: Action) -> Vec<String> {
    let Action::Clear(list) = action else { panic!("{action:?}") };
    list.into_iter().map(|OnLink { link, what }| format!("{link}.{what}")).collect()
}

#[test]
fn a_heal_clears_every_fault_that_is_in_force() {
    assert_eq!(cleared(action("[[step]]\nheal = {}")), ["a.latency", "b.latency"]);
    let steps = "[[step]]\ninject = { link = \"a\", reset = \"1KiB\" }\n[[step]]\nclear = { link = \"a\", name = \"latency\" }\n\
                 [[step]]\nheal = { link = \"a\" }";
    assert_eq!(cleared(action(steps)), ["a.reset"]);
}

#[test]
fn inject_clear_and_link_take_lists() {
    let inject = "inject = [{ link = [\"a\", \"b\"], reset = \"1KiB\" }, { link = \"b\", loss = \"1%\" }]";
    let Action::Inject(faults) = action(&format!("[[step]]\n{inject}")) else { panic!("inject") };
    let faults: Vec<String> =
        faults.iter().map(|fault| format!("{}.{}", fault.link, fault.what.kind().name)).collect();
    assert_eq!(faults, ["a.reset", "b.reset", "b.loss"]);
    let clear = "clear = [{ link = \"a\", name = \"latency\" }, { link = \"b\", name = \"latency\" }]";
    assert_eq!(cleared(action(&format!("[[step]]\n{clear}"))), ["a.latency", "b.latency"]);
    let link = "link = [{ name = [\"a\", \"b\"], state = \"down\" }, { name = \"a\", state = \"up\" }]";
    let Action::Link(links) = action(&format!("[[step]]\n{link}")) else { panic!("link") };
    let links: Vec<_> = links.iter().map(|link| (link.link.as_str(), link.what)).collect();
    assert_eq!(links, [("a", false), ("b", false), ("a", true)]);
}

#[test]
fn what_is_stopped_can_be_started_again() {
    let stop =
        "[[step]]\nstop = [\"echo.e\", \"link.a\"]\n[[step]]\nlink = { name = \"a\", state = \"up\" }\n";
    let steps = format!("{stop}[[step]]\nstop = \"link.a\"\n[[step]]\nstart = [\"link.a\", \"echo.e\"]");
    let Action::Start(subjects) = action(&steps) else { panic!("start") };
    assert_eq!(subjects, [Subject::Link("a".to_owned()), Subject::Echo("e".to_owned())]);
}

#[test]
fn a_server_that_is_stopped_leaves_open_what_runs_over_it_and_nothing_else() {
    let with = |background: bool| {
        let load = format!("load = {{ target = \"link.a\", requests = 5 }}\nbackground = {background}");
        let idle = "[[step]]\nload = { target = \"link.b\", requests = 5 }";
        let text = format!(
            "{LINKS}[[step]]\n{load}\n[[step]]\nstop = \"echo.e\"\n[[step]]\nstart = \"echo.e\"\n{idle}"
        );
        let certainty = Certainty::of(&valid(&text));
        ["load.load.ok", "link.a.closes.fin", "echo.e.bytes", "load.load_2.ok", "link.b.bytes.up"]
            .map(|path| certainty.is_exact(path))
    };
    assert_eq!(with(false), [true; 5]);
    assert_eq!(with(true), [false, false, false, true, true]);
}

#[test]
fn a_load_that_is_stopped_is_open_and_so_is_its_way() {
    let text = format!(
        "{LINKS}[[step]]\nname = \"up\"\nload = {{ target = \"link.a\", requests = 5 }}\nbackground = true\n\
         [[step]]\nstop = \"load.up\""
    );
    let certainty = Certainty::of(&valid(&text));
    for path in ["load.up.ok", "link.a.bytes.up", "link.a.faults.latency.fired", "echo.e.bytes"] {
        assert!(!certainty.is_exact(path), "{path}");
    }
    assert!(certainty.is_exact("load.up.planned") && certainty.is_exact("link.b.bytes.up"));
}

#[test]
fn in_virtual_time_a_value_may_be_looked_at_while_it_moves() {
    let text = LINKS.replacen("scenario = 1", "scenario = 1\nclock = \"virtual\"", 1);
    valid(&format!(
        "{text}[[step]]\nload = {{ target = \"link.a\", requests = 5 }}\nbackground = true\n\
         [[step]]\nassert = \"load.load.ok == 0 and step.load.elapsed == 0s\""
    ));
}

#[test]
fn every_beginning_and_any_change_of_vars_and_steps_can_be_read() {
    let steps = r#"
[[step]]
load = { target = "link.a", requests = "{n}", send = "/{s}", expect = "{" }
background = true
[[step]]
inject = [{ link = ["a"], reset = "1KiB" }, { link = "b", loss = "1%" }]
[[step]]
heal = { link = ["a", "b"] }
[[step]]
assert = ["load.load.planned == {n}", "elapsed >= {s}"]
[[step]]
stop = ["load.load", "echo.e", "link.a"]
[[step]]
start = ["echo.e", "link.a"]
"#;
    let links = LINKS.replace("\"5ms\"", "\"{s}\"");
    let text = format!("{links}{steps}\n[vars]\nn = 5\ns = \"5ms\"\n");
    valid(&text);
    survives_every_beginning(&text);
    survives_changes(&text);
}
