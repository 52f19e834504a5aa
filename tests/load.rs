//! `squall load` as a process: its verdicts, its reports, and what becomes of several.

use crate::load_schema::mistakes_of;
use crate::process::*;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Output;

fn load(target: &str, options: &[&str]) -> Output {
    squall().args(["load", target]).args(options).output().expect("runs")
}

/// The exit code and the report.
fn report(target: &str, options: &[&str]) -> (Option<i32>, Value) {
    let out = load(target, &[options, &["--json"]].concat());
    let report = serde_json::from_slice(&out.stdout);
    (out.status.code(), report.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&out.stderr))))
}

fn file(dir: &Path, name: &str) -> String {
    dir.join(name).to_str().expect("a path").to_owned()
}

/// A server that does `serve` with each connection, one after the other, as long as the test runs.
fn serving(serve: impl Fn(std::net::TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listens");
    let addr = listener.local_addr().expect("an address");
    std::thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(serve));
    addr
}

#[test]
fn what_is_planned_is_reported() {
    let (_echo, addr) = echo();
    let (code, report) = report(&format!("tcp://{addr}"), &["-c", "8", "-n", "1001", "--size", "10-2000"]);
    assert_eq!(code, Some(0));
    let counts = &report["counts"];
    assert_eq!(
        (&counts["planned"], &counts["ok"], &counts["dropped"]),
        (&1001.into(), &1001.into(), &0.into())
    );
    assert_eq!(report["histograms"]["latency"]["count"], 1001);
    assert_eq!(report["result"], "pass");
}

#[test]
fn the_same_seed_is_the_same_load() {
    let (_echo, addr) = echo();
    let bytes = |seed: &str| {
        report(&addr.to_string(), &["-n", "50", "--size", "10-2000", "--seed", seed]).1["bytes"].clone()
    };
    assert_eq!(bytes("7"), bytes("7"));
    assert_ne!(bytes("7"), bytes("8"));
}

#[test]
fn an_open_loop_sends_what_its_rate_says() {
    let (_echo, addr) = echo();
    let (_, report) =
        report(&addr.to_string(), &["--rate", "200", "-d", "250ms", "-c", "2", "--arrivals", "burst:5"]);
    assert_eq!((&report["counts"]["planned"], &report["counts"]["sent"]), (&50.into(), &50.into()));
    assert_eq!(report["plan"]["model"], "open");
    assert_eq!(report["histograms"]["send_delay"]["count"], 50);
}

#[test]
fn datagrams_come_back_too() {
    let mut echo = Server::start(&["echo", "--udp", "127.0.0.1:0"]);
    let addr = echo.ready("squall echo listening on udp:");
    let (code, report) =
        report(&format!("udp://{addr}"), &["-n", "40", "-c", "4", "--size", "100", "--retries", "3"]);
    assert_eq!((code, &report["counts"]["ok"]), (Some(0), &40.into()));
}

#[test]
fn thresholds_decide_and_say_what_they_found() {
    let (_echo, addr) = echo();
    let target = addr.to_string();
    let (code, holds) = report(
        &target,
        &["-n", "10", "--threshold", "ok.ratio >= 99.9%", "--threshold", "latency.p99 < 60s"],
    );
    assert_eq!((code, &holds["thresholds"][0]["actual"]), (Some(0), &"100%".into()));
    let (code, fails) = report(&target, &["-n", "10", "--threshold", "sent > 10"]);
    assert_eq!(
        (code, &fails["result"], &fails["thresholds"][0]["holds"]),
        (Some(1), &"fail".into(), &false.into())
    );
    let wrong = load(&target, &["-n", "10", "--threshold", "latency.p98 < 1s"]);
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(said.contains("did you mean `latency.p90`?"), "{said}");
}

#[test]
fn a_value_that_was_not_measured_fails_its_threshold() {
    let silent = serving(|mut client| drop(client.read_to_end(&mut Vec::new())));
    let (code, report) =
        report(&silent.to_string(), &["-n", "1", "--timeout", "50ms", "--threshold", "latency.p99 < 1s"]);
    assert_eq!(code, Some(1));
    assert_eq!(report["errors"]["timeout"], 1);
    assert!(report["timing"]["latency"].is_null());
    let actual = report["thresholds"][0]["actual"].as_str().expect("a text");
    assert!(actual.contains("nothing was measured"), "{actual}");
}

#[test]
fn a_baseline_is_the_same_value_of_another_report() {
    let (_echo, addr) = echo();
    let (dir, target) = (tempfile::tempdir().expect("a folder"), addr.to_string());
    let before = file(dir.path(), "before.json");
    assert!(load(&target, &["-n", "10", &format!("--json={before}")]).status.success());
    let (code, _) = report(
        &target,
        &["-n", "10", "--baseline", &before, "--threshold", "latency.p50 < baseline * 1000000"],
    );
    assert_eq!(code, Some(0));
    let (code, _) = report(&target, &["-n", "10", "--baseline", &before, "--threshold", "ok > baseline"]);
    assert_eq!(code, Some(1));
    assert_eq!(load(&target, &["--threshold", "ok > baseline"]).status.code(), Some(2));
}

#[test]
fn wrong_bytes_fail_whatever_the_thresholds_say() {
    let upper = serving(|mut client| {
        let mut buf = [0; 4096];
        while let Ok(n @ 1..) = client.read(&mut buf) {
            buf[n - 1] ^= 0x20;
            if client.write_all(&buf[..n]).is_err() {
                return;
            }
        }
    });
    let (code, report) = report(&upper.to_string(), &["-n", "1", "--size", "10", "--threshold", "sent == 1"]);
    assert_eq!((code, &report["integrity"]["corrupt"]), (Some(1), &1.into()));
    assert_eq!(report["integrity"]["first"]["offset"], 9);
}

#[test]
fn a_target_that_is_not_there_says_nothing_about_it() {
    let (code, report) = report("127.0.0.1:1", &["-n", "3", "--timeout", "20ms"]);
    assert_eq!(
        (code, &report["result"], &report["errors"]["refused"]),
        (Some(3), &"invalid".into(), &3.into())
    );
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    for (target, options) in [
        ("udp://127.0.0.1:1", &["--per-conn", "5"][..]),
        ("udp://127.0.0.1:1", &["--size", "65508"]),
        ("tcp://127.0.0.1:1", &["--retries", "1"]),
        ("tcp://127.0.0.1:1", &["--send", "PING"]),
        ("tcp://127.0.0.1:1", &["--arrivals", "poisson"]),
        ("tcp://127.0.0.1:1", &["-n", "5", "-d", "1s"]),
        ("tcp://127.0.0.1:1", &["--shard", "0/2"]),
        ("http://127.0.0.1:1", &["--framed"]),
        ("ftp://127.0.0.1:1", &[]),
        ("127.0.0.1:1", &["--rate", "fast"]),
    ] {
        let out = load(target, options);
        assert_eq!(out.status.code(), Some(2), "{target} {options:?}");
        assert!(!out.stderr.is_empty() && out.stdout.is_empty());
    }
}

#[test]
fn parts_that_are_merged_are_the_whole() {
    let (_echo, addr) = echo();
    let (dir, target) = (tempfile::tempdir().expect("a folder"), addr.to_string());
    let plan = ["-c", "5", "-n", "503", "--size", "1-3000", "--seed", "9"];
    let (_, whole) = report(&target, &plan);
    let files: Vec<String> = (0..3).map(|i| file(dir.path(), &format!("{i}.json"))).collect();
    for (i, file) in files.iter().enumerate() {
        let out = match i {
            // As a cluster that numbers its pods would start it.
            2 => squall()
                .args(["load", &target, "--shard", "3", &format!("--json={file}")])
                .args(plan)
                .env("JOB_COMPLETION_INDEX", "2")
                .output()
                .expect("runs"),
            _ => load(
                &target,
                &[&plan[..], &["--shard", &format!("{i}/3"), &format!("--json={file}")]].concat(),
            ),
        };
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    }
    let merge = |files: &[&String], options: &[&str]| {
        squall().args(["load", "merge"]).args(files).args(options).arg("--json").output().expect("runs")
    };
    let all: Vec<&String> = files.iter().collect();
    let out = merge(&all, &["--threshold", "ok == 503"]);
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    let merged: Value = serde_json::from_slice(&out.stdout).expect("JSON");
    for group in ["counts", "bytes", "connections", "integrity", "errors"] {
        assert_eq!(merged[group], whole[group], "{group}");
    }
    assert_eq!(merged["histograms"]["latency"]["count"], 503);
    assert_eq!(merged["plan"]["parts"], serde_json::json!([0, 1, 2]));
    assert_eq!(mistakes_of(&merged), Vec::<String>::new());
    let twice = merge(&[&files[0], &files[0]], &[]);
    assert_eq!(twice.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&twice.stderr).contains("part 0 of 3 is there twice"));
    assert_eq!(merge(&[&file(dir.path(), "absent.json")], &[]).status.code(), Some(2));
}

// Only there can be seen from outside whether it listens for signals yet.
#[cfg(target_os = "linux")]
#[test]
fn a_load_that_is_cut_short_reports_what_it_did() {
    let (_echo, addr) = echo();
    let dir = tempfile::tempdir().expect("a folder");
    let file = file(dir.path(), "cut.json");
    let load =
        Server::start(&["load", &addr.to_string(), "--rate", "0.001", "-n", "5", &format!("--json={file}")]);
    // The first request is due at once, and the second in a quarter of an hour: once the echo has it, the signals are listened for.
    let mut waited = 0_u64;
    while !std::fs::read_to_string(format!("/proc/{}/status", load.pid()))
        .is_ok_and(|text| catches_interrupts(&text))
    {
        waited += 1;
        assert!(waited < 10_000_000, "the load does not listen for signals");
        std::thread::yield_now();
    }
    let ended = load.stop();
    assert_eq!(ended.code, Some(130), "{}", ended.err);
    let report: Value =
        serde_json::from_str(&std::fs::read_to_string(&file).expect("the report")).expect("JSON");
    let counts = &report["counts"];
    assert_eq!((&counts["planned"], &report["result"]), (&5.into(), &"interrupted".into()));
    assert!(counts["dropped"].as_u64() >= Some(4), "{counts}");
    assert_eq!(mistakes_of(&report), Vec::<String>::new());
}

#[cfg(target_os = "linux")]
/// Whether a process catches SIGINT, by what the kernel says of it.
fn catches_interrupts(status: &str) -> bool {
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 0b10 != 0)
}

#[test]
fn verdicts_are_there_as_junit() {
    let (_echo, addr) = echo();
    let dir = tempfile::tempdir().expect("a folder");
    let xml = file(dir.path(), "load.xml");
    load(
        &addr.to_string(),
        &["-n", "5", "--threshold", "latency.p50 < 1ns", "--threshold", "ok == 5", "--junit", &xml],
    );
    let text = std::fs::read_to_string(&xml).expect("the file");
    assert!(text.contains("tests=\"4\" failures=\"1\" errors=\"0\""), "{text}");
    assert!(text.contains("name=\"latency.p50 &lt; 1ns\"") && text.contains("name=\"ok == 5\"/>"), "{text}");
}

#[test]
fn people_get_a_page_and_programs_do_not() {
    let (_echo, addr) = echo();
    let out = load(&addr.to_string(), &["-n", "5"]);
    let page = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(
        page.starts_with("pass") && page.contains("5 ok, 0 failed of 5") && page.contains("p99.9"),
        "{page}"
    );
    assert!(out.stderr.is_empty());
}

#[test]
fn http_is_loaded_and_judged_by_status() {
    let web = serving(|mut client| {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while let Ok(1) = client.read(&mut byte) {
            head.push(byte[0]);
            if head.ends_with(b"\r\n\r\n") {
                let status = if head.starts_with(b"GET /ok") { "200 OK" } else { "404 Not Found" };
                let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nhi");
                head.clear();
                if client.write_all(answer.as_bytes()).is_err() {
                    return;
                }
            }
        }
    });
    let (code, found) = report(&format!("http://{web}/ok"), &["-n", "30", "--header", "Accept: text/plain"]);
    assert_eq!((code, &found["counts"]["ok"]), (Some(0), &30.into()));
    let (code, missing) =
        report(&format!("http://{web}/gone"), &["-n", "3", "--threshold", "errors.status_4xx == 0"]);
    assert_eq!((code, &missing["errors"]["status_4xx"]), (Some(1), &3.into()));
}

#[test]
fn a_flipped_byte_in_a_body_over_http_is_found_with_its_place() {
    let mut echo = Server::start(&["echo", "--http", "127.0.0.1:0"]);
    let web = echo.ready("squall echo listening on http://");
    let size = 1_000;
    // Two whole answers, then the head of the third and so many bytes.
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\n".len();
    let place = 2 * (head + size) + head + 123;
    let (_proxy, addr) = proxy(web, &["--fault", &format!("corrupt:at={place}B")]);
    let (code, found) =
        report(&format!("http://{addr}/raw"), &["-n", "5", "--size", "1000", "--expect-echo"]);
    assert_eq!((code, &found["counts"]["ok"], &found["errors"]["corrupt"]), (Some(1), &4.into(), &1.into()));
    assert_eq!(
        found["integrity"]["first"],
        serde_json::json!({ "connection": 1, "attempt": 1, "sequence": 2, "offset": place, "way": "down" })
    );
    assert_eq!(mistakes_of(&found), Vec::<String>::new());
    // The same fault hits no body where nobody compares it.
    let out = load(&format!("http://{addr}/raw"), &["-n", "5", "--size", "1000"]);
    let page = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success() && page.contains("bodies were not compared"), "{page}");
}

#[test]
fn bodies_and_statuses_over_http_are_what_is_expected_or_fail() {
    let mut echo = Server::start(&["echo", "--http", "127.0.0.1:0"]);
    let web = echo.ready("squall echo listening on http://");
    let run = |path: &str, options: &[&str]| report(&format!("http://{web}{path}"), options);
    let (code, found) =
        run("/raw", &["-c", "3", "-n", "60", "--size", "1-5000", "--pipeline", "4", "--expect-echo"]);
    assert_eq!((code, &found["counts"]["ok"]), (Some(0), &60.into()));
    let (code, _) = run("/raw", &["-n", "3", "--body", "hello", "--expect", "hello"]);
    assert_eq!(code, Some(0));
    let (code, found) = run("/raw", &["-n", "3", "--body", "hello", "--expect", "help!"]);
    assert_eq!((code, &found["integrity"]["corrupt"]), (Some(1), &3.into()));
    let (code, found) = run("/", &["-n", "3", "--size", "10", "--expect-echo"]);
    assert_eq!((code, &found["errors"]["corrupt"]), (Some(1), &3.into()), "JSON is no echo");
    let missing = ["-n", "3", "--expect-status", "404,410", "--threshold", "ok == 3"];
    assert_eq!(run("/?status=404", &missing).0, Some(0));
    let (code, found) = run("/", &missing);
    assert_eq!((code, &found["errors"]["status_2xx"]), (Some(1), &3.into()));
    for (path, options) in [
        ("/raw", &["--expect-echo"][..]),
        ("/raw", &["--method", "HEAD", "--expect", "x"]),
        ("/raw", &["--expect-status", "99"]),
        ("/raw", &["--expect-echo", "--size", "1", "--expect", "x"]),
    ] {
        assert_eq!(load(&format!("http://{web}{path}"), options).status.code(), Some(2), "{options:?}");
    }
    for option in [&["--expect", "x"][..], &["--expect-echo"], &["--expect-status", "200"]] {
        assert_eq!(load("tcp://127.0.0.1:1", option).status.code(), Some(2), "{option:?}");
    }
}
