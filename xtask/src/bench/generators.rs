//! Generators of load: how each is told what to do, and what it found. All are closed loops on one thread.

use crate::bench::Bench;
use crate::bench::row::{Column, Figures};
use crate::bench::show;
use crate::bench::subject::Subject;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

pub(crate) const COLUMNS: &[Column] = &[
    Column::new("req/s", "requests/s", show::whole),
    Column::new("p50", "p50", show::tenths),
    Column::new("p99", "p99", show::tenths),
];

/// A message of sockperf's that asks for an answer, its number being 1, without the bytes behind its header.
const PING: &str = r"\x00\x00\x00\x00\x00\x00\x00\x01\x00\x03\x00\x00\x00\x40";
/// What its server makes of that: the flag of clients is taken off.
const PONG: &str = r"\x00\x00\x00\x00\x00\x00\x00\x01\x00\x02\x00\x00\x00\x40";
/// Bytes of such a message behind its header of 14.
const REST: usize = 64 - 14;

/// Squall, with `words` for what is said to the target.
pub(crate) fn squall(
    bench: &Bench,
    target: &str,
    connections: usize,
    seconds: u64,
    words: &[&str],
) -> io::Result<Figures> {
    let file = bench.scratch.join("load.json");
    let json = format!("--json={}", file.display());
    let (connections, duration) = (connections.to_string(), format!("{seconds}s"));
    let args = ["load", target, "-c", &connections, "-d", &duration, "--shards", "1", &json];
    let args: Vec<&str> = args.iter().chain(words).copied().collect();
    run(bench, Subject::Squall, &args)?;
    let report = serde_json::from_str(&fs::read_to_string(file)?)?;
    found_by_squall(&report)
        .ok_or_else(|| io::Error::other("squall's report has no such figures, or failures"))
}

/// Squall, which sends what sockperf would, and compares every answer.
pub(crate) fn squall_pings(bench: &Bench, target: SocketAddr, seconds: u64) -> io::Result<Figures> {
    let rest = "x".repeat(REST);
    let (ping, pong) = (format!("{PING}{rest}"), format!("{PONG}{rest}"));
    let words = ["--send", ping.as_str(), "--expect", pong.as_str()];
    squall(bench, &format!("tcp://{target}"), 1, seconds, &words)
}

pub(crate) fn wrk(bench: &Bench, target: &str, connections: usize, seconds: u64) -> io::Result<Figures> {
    let (connections, duration) = (format!("-c{connections}"), format!("-d{seconds}s"));
    let said = run(bench, Subject::Wrk, &["--latency", "-t1", &connections, &duration, target])?;
    found_by_wrk(&said).ok_or_else(|| io::Error::other(format!("wrk says something else: {}", said.trim())))
}

pub(crate) fn sockperf(bench: &Bench, target: SocketAddr, seconds: u64) -> io::Result<Figures> {
    let line =
        format!("ping-pong --tcp -i {} -p {} -m 64 -t {seconds} --full-rtt", target.ip(), target.port());
    let said = run(bench, Subject::Sockperf, &line.split(' ').collect::<Vec<_>>())?;
    let wrong = || io::Error::other(format!("sockperf says something else: {}", said.trim()));
    found_by_sockperf(&said).ok_or_else(wrong)
}

/// What it says on stdout; an error where it fails.
fn run<A: AsRef<OsStr>>(bench: &Bench, subject: Subject, args: &[A]) -> io::Result<String> {
    let output = Command::new(&bench.installed(subject)?.program).args(args).stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(io::Error::other(format!("{}: {}; {}", output.status, said.trim(), complaint.trim())))
}

fn figures(rate: f64, p50: f64, p99: f64) -> Figures {
    vec![("req/s", rate), ("p50", p50), ("p99", p99)]
}

/// Nothing where a request has failed.
fn found_by_squall(report: &Value) -> Option<Figures> {
    let timing = &report["timing"];
    let failed = timing["figures"]["counts"]["failed"].as_u64()?;
    let micros = |key: &str| Some(timing["latency"][key].as_f64()? / 1e3);
    let found = figures(timing["requests_per_s"].as_f64()?, micros("p50_ns")?, micros("p99_ns")?);
    (failed == 0).then_some(found)
}

/// Nothing where a request has failed.
fn found_by_wrk(said: &str) -> Option<Figures> {
    let value = |name: &str| {
        let line = said.lines().map(str::trim).find(|line| line.starts_with(name))?;
        line[name.len()..].split_whitespace().next()
    };
    if value("Socket errors:").or(value("Non-2xx")).is_some() {
        return None;
    }
    Some(figures(value("Requests/sec:")?.parse().ok()?, micros(value("50%")?)?, micros(value("99%")?)?))
}

/// A time such as `10.00us`, in microseconds.
fn micros(text: &str) -> Option<f64> {
    let unit = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit);
    let scale = match unit {
        "us" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        "m" => 60e6,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * scale)
}

fn found_by_sockperf(said: &str) -> Option<Figures> {
    let after = |name: &str| {
        let rest = &said[said.find(name)? + name.len()..];
        let number = rest.trim_start().split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
        number.parse::<f64>().ok()
    };
    // Of the time that it counts, not of all.
    let valid = &said[said.find("[Valid Duration]")?..];
    let within = |name: &str| {
        let rest = &valid[valid.find(name)? + name.len()..];
        rest.split(|c: char| !c.is_ascii_digit() && c != '.').next()?.parse::<f64>().ok()
    };
    let rate = within("ReceivedMessages=")? / within("RunTime=")?;
    Some(figures(rate, after("percentile 50.000 =")?, after("percentile 99.000 =")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn figures_are_found_in_what_wrk_says() {
        let said = "Running 2s test @ http://127.0.0.1:1/\n  Thread Stats   Avg\n    Latency   833.80us    1.47ms\n  \
                    Latency Distribution\n     50%   10.00us\n     75%    1.26ms\n     99%    6.48ms\n  \
                    72786 requests in 2.02s, 10.34MB read\nRequests/sec:  36106.26\nTransfer/sec:      5.13MB\n";
        assert_eq!(found_by_wrk(said), Some(figures(36106.26, 10.0, 6480.0)));
        assert_eq!(found_by_wrk(&format!("{said}  Non-2xx or 3xx responses: 5\n")), None);
        assert_eq!(found_by_wrk(&format!("{said}  Socket errors: connect 0, read 1\n")), None);
        assert_eq!(found_by_wrk("no"), None);
    }

    #[test]
    fn figures_are_found_in_what_sockperf_says() {
        let said = "sockperf: [Total Run] RunTime=2.000 sec; SentMessages=99051; ReceivedMessages=99050\n\
                    sockperf: [Valid Duration] RunTime=1.500 sec; SentMessages=75000; ReceivedMessages=75000\n\
                    sockperf: ---> percentile 99.000 =    5.677\nsockperf: ---> percentile 50.000 =    3.144\n";
        assert_eq!(found_by_sockperf(said), Some(figures(50_000.0, 3.144, 5.677)));
        assert_eq!(found_by_sockperf("sockperf: ERROR"), None);
    }

    #[test]
    fn figures_are_found_in_a_report_of_squall_without_failures() {
        let report = |failed: u64| {
            let latency = json!({ "p50_ns": 10_500, "p99_ns": 20_000 });
            let figures = json!({ "counts": { "failed": failed } });
            json!({ "timing": { "requests_per_s": 100, "latency": latency, "figures": figures } })
        };
        assert_eq!(found_by_squall(&report(0)), Some(figures(100.0, 10.5, 20.0)));
        assert_eq!(found_by_squall(&report(1)), None);
        assert_eq!(found_by_squall(&json!({})), None);
    }
}
