//! `squall run --html`: the page of a run.

use crate::process::squall;
use assert_cmd::assert::Assert;
use predicates::prelude::*;
use std::fs;
use std::path::Path;

const OUTAGE: &str = r#"
scenario = 1
name = "an outage & <more>"
seed = 7
clock = "virtual"
[echo.backend]
[link.api]
upstream = "echo.backend"
[[link.api.fault]]
latency = { delay = "5ms", jitter = "2ms" }
[[step]]
load = { target = "link.api", connections = 100, requests = 1000, size = "2KiB" }
background = true
[[step]]
wait = { that = "link.api.bytes.up >= 200KiB", within = "5s" }
[[step]]
inject = { link = "api", name = "outage", freeze = "100ms" }
[[expect]]
that = "load.load.latency.max >= 100ms"
"#;

/// Runs `arguments` in `folder`.
fn run(folder: &Path, arguments: &[&str]) -> Assert {
    let mut command = squall();
    command.arg("run").args(arguments).current_dir(folder);
    assert_cmd::Command::from_std(command).assert()
}

/// A folder with scenario files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

fn page(folder: &Path) -> String {
    fs::read_to_string(folder.join("page.html")).expect("a page")
}

#[test]
fn a_run_writes_a_page_that_shows_it() {
    let dir = folder(&[("case.toml", OUTAGE)]);
    run(dir.path(), &["case.toml", "--html", "page.html"]).success().stdout("");
    let page = page(dir.path());
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    for part in [
        "<bdi>an outage &amp; &lt;more&gt;</bdi></h1>",
        "<p class=\"badge\">Passed</p>",
        "<code>squall run case.toml</code>",
        "100 connections accepted: 100 finished.",
        "<code>freeze:100ms,name=outage@both</code>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(page.matches("<li class=\"fin").count(), 100);
    let left: Vec<_> = fs::read_dir(dir.path()).expect("readable").flatten().map(|f| f.file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_page_changes_nothing_of_a_run_in_virtual_time_and_is_the_same_each_time() {
    let dir = folder(&[("case.toml", OUTAGE)]);
    let report = |arguments: &[&str]| {
        let all = [&["case.toml", "--json"], arguments].concat();
        run(dir.path(), &all).success().get_output().stdout.clone()
    };
    let plain = report(&[]);
    assert_eq!(report(&["--html", "page.html"]), plain);
    let first = page(dir.path());
    assert_eq!(report(&["--html", "page.html"]), plain);
    assert_eq!(page(dir.path()), first);
    report(&["--html", "page.html", "--check-determinism"]);
}

#[test]
fn a_failed_run_says_on_its_page_why_and_how_to_see_it_again() {
    let dir = folder(&[("case.toml", &OUTAGE.replace("max >= 100ms", "max < 50ms"))]);
    run(dir.path(), &["case.toml", "--seed", "9", "--html", "page.html"]).code(1);
    let page = page(dir.path());
    assert!(page.contains("<p class=\"badge\">Failed</p>"));
    assert!(page.contains("<bdi>expected <code>load.load.latency.max &lt; 50ms</code>, found "));
    assert!(page.contains("<code>squall run --seed 9 case.toml</code>"));
    assert!(page.contains("last events:"));
}

#[test]
fn several_scenarios_share_a_page_with_those_that_could_not_run() {
    let good = OUTAGE.replace("an outage & <more>", "first");
    let dir = folder(&[("a.toml", &good), ("b.toml", "scenario = 1\nnonsense = <2>\n")]);
    run(dir.path(), &["a.toml", "b.toml", "--html", "page.html"]).code(2);
    let page = page(dir.path());
    assert!(page.contains("<h1>2 runs</h1>"));
    assert!(page.contains("<a href=\"#s1\"><bdi>first</bdi></a>"));
    assert!(page.contains("<a href=\"#s2\"><bdi>b.toml</bdi></a>"));
    assert!(page.contains("nonsense = &lt;2&gt;"));
}

#[test]
fn every_run_of_a_scenario_is_on_the_page_and_the_first_of_many_are_shown() {
    let small = "scenario = 1\nclock = \"virtual\"\n[echo.a]\n[link.api]\nupstream = \"echo.a\"\n\
                 [[step]]\nsleep = \"1ms\"\n";
    let dir = folder(&[("case.toml", small)]);
    run(dir.path(), &["case.toml", "--seeds", "1-64", "--jobs", "2", "--html", "page.html"]).success();
    let seeds = page(dir.path());
    assert!(seeds.contains("64 passed. 60 of them are shown below"));
    assert_eq!((seeds.matches("<article ").count(), seeds.matches("<a href=\"#s").count()), (60, 60));
    assert!(seeds.contains("<code>squall run --seed 60 case.toml</code>"));
    run(dir.path(), &["case.toml", "--repeat", "2", "--html", "page.html"]).success();
    let rounds = page(dir.path());
    assert!(
        rounds.contains("<h1>2 runs</h1>") && rounds.contains("<span class=\"which\">round 2</span></h2>")
    );
}

#[test]
fn a_page_that_could_not_be_written_is_said_before_anything_runs() {
    let dir = folder(&[("case.toml", OUTAGE)]);
    run(dir.path(), &["case.toml", "--html", "no/such/page.html"])
        .code(3)
        .stderr(predicate::str::contains("cannot write no/such/page.html"))
        .stderr(predicate::str::contains("case.toml  (").not());
}

#[cfg(unix)]
#[test]
fn a_page_behind_a_symbolic_link_is_replaced_where_it_is() {
    let dir = folder(&[("case.toml", OUTAGE), ("real.html", "old")]);
    std::os::unix::fs::symlink("real.html", dir.path().join("page.html")).expect("a link");
    run(dir.path(), &["case.toml", "--html", "page.html"]).success();
    assert!(dir.path().join("page.html").is_symlink());
    assert!(fs::read_to_string(dir.path().join("real.html")).expect("a page").starts_with("<!doctype html>"));
}
