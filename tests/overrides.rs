//! `squall run`: vars, the other clock, and assertions in the middle of a run.

use crate::process::squall;
use crate::run::{PASSING, run, scenario};
use predicates::prelude::*;
use std::path::Path;

/// What a scenario may be told.
fn with_vars() -> String {
    PASSING
        .replace("[echo.backend]", "[vars]\nn = 30\ndelay = \"5ms\"\n[echo.backend]")
        .replace("requests = 30", "requests = \"{n}\"")
        .replace("\"5ms\"\n[[step]]", "\"{delay}\"\n[[step]]")
        .replace("max == 5ms", "max == {delay}")
}

#[test]
fn vars_are_set_on_the_command_line_and_are_part_of_the_command_that_repeats_it() {
    let (_dir, path) = scenario(&with_vars());
    let done = run(&path, &["--json", "--var", "n=6", "--var", "delay=7ms"]).success();
    let report: serde_json::Value = serde_json::from_slice(&done.get_output().stdout).expect("a report");
    assert_eq!(report["counts"]["load"]["load"]["ok"], 6);
    assert_eq!(report["expectations"][0]["that"], "load.load.latency.max == 7ms");

    let failing = with_vars().replace("max == {delay}", "max == 5ms");
    let (_dir, path) = scenario(&failing);
    let again =
        format!("seed 3; to see it again: squall run --seed 3 --clock virtual --var delay=7ms {path}");
    let args = ["--var", "delay=7ms", "--clock", "virtual", "--seed", "3"];
    run(&path, &args).code(1).stderr(predicate::str::contains(again));
    let junit = format!("{path}.xml");
    run(&path, &["--var", "delay=7ms", "--junit", &junit]).code(1);
    let junit = std::fs::read_to_string(junit).expect("a report");
    assert!(junit.contains(&format!("value=\"squall run --var delay=7ms {path}\"")), "{junit}");
}

#[test]
fn a_var_that_the_file_does_not_have_is_refused_with_the_nearest() {
    let (_dir, path) = scenario(&with_vars());
    run(&path, &["--var", "dalay=1ms"])
        .code(2)
        .stderr(predicate::str::contains("there is no var `dalay`"))
        .stderr(predicate::str::contains("did you mean `delay`?"));
    run(&path, &["--var", "delay"]).code(2).stderr(predicate::str::contains("write NAME=TEXT"));
    assert_cmd::Command::from_std(squall()).args(["check", &path, "--var", "n=x"]).assert().code(2);
}

#[test]
fn another_clock_is_run_and_its_snapshot_is_left_alone() {
    let exact = format!("{}\n[snapshot]\n", PASSING.replace("max == 5ms", "min >= 5ms"));
    let (_dir, path) = scenario(&exact);
    let snapshot = Path::new(&path).with_extension("snap.json");
    for args in [&["--clock", "real"][..], &["--clock", "virtual"]] {
        run(&path, args).success();
        assert!(!snapshot.exists());
    }
    let vars = format!("{exact}[vars]\nn = 1\n").replace("requests = 30", "requests = \"{n}\"");
    let (_dir, path) = scenario(&vars);
    run(&path, &["--var", "n=2"]).success();
    assert!(!Path::new(&path).with_extension("snap.json").exists());
    run(&path, &["--var", "n=2", "--update"]).code(2);
}

#[test]
fn a_file_that_cannot_have_the_other_clock_is_refused_with_the_reason() {
    let (_dir, path) = scenario(
        &PASSING
            .replace("\"virtual\"", "\"real\"")
            .replace("\"echo.backend\"", "\"127.0.0.1:9\"")
            .replace("== 5ms", ">= 0ms"),
    );
    run(&path, &["--clock", "virtual"])
        .code(2)
        .stderr(predicate::str::contains("`127.0.0.1:9` cannot be reached with the virtual clock"))
        .stderr(predicate::str::contains("note: read with the virtual clock, as --clock has it"));
    let (_dir, path) = scenario(PASSING);
    run(&path, &["--clock", "real"])
        .code(2)
        .stderr(predicate::str::contains("`load.load.latency.max` may differ from run to run"));
    run(&path, &["--clock", "sidereal"]).code(2).stderr(predicate::str::contains("write real or virtual"));
}

#[test]
fn an_assertion_that_does_not_hold_ends_the_run_and_says_what_was_found() {
    let asserting = PASSING.replace(
        "[[expect]]",
        "[[step]]\nname = \"half way\"\nassert = [\"load.load.ok == 31\", \"load.load.failed == 0\"]\n\
         [[step]]\nsleep = \"1h\"\n[[expect]]",
    );
    let (_dir, path) = scenario(&asserting);
    run(&path, &[])
        .code(1)
        .stderr(predicate::str::contains("failed: step `half way` expected `load.load.ok == 31`, found 30\n"))
        .stderr(predicate::str::contains("timed out").not());
}
