//! A server that fails behind a balancer, and comes back.

use crate::bench::balancing::Pool;
use crate::bench::members::Member;
use crate::bench::outcome::Outcome;
use crate::bench::relay::Relay;
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::rows::ask;
use crate::bench::subject::Subject;
use crate::bench::{Bench, show};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

pub(crate) struct Eject;

const MEMBERS: usize = 3;
const CLIENTS: usize = 4;
const THREADS: usize = 16;

const INTERVAL: Duration = Duration::from_millis(100);

/// A server that no client has come to for so long is out of service: with the others in turn it had some each millisecond.
const QUIET: Duration = Duration::from_millis(300);

/// Whatever is to happen has happened by then.
const PATIENCE: Duration = Duration::from_secs(10);

impl Row for Eject {
    fn name(&self) -> &'static str {
        "eject"
    }

    fn title(&self) -> &'static str {
        "a server that fails and comes back"
    }

    fn how(&self) -> String {
        "3 servers in turn, each asked for an answer every 100 ms; 2 answers in a row that fail or succeed count. 4 client threads make \
         short connections while one server after the other resets whatever comes, probes too. Out: the time to the last client that it \
         gets; back: the time from its recovery to the next one. Means over 6 failures."
            .into()
    }

    fn subjects(&self) -> &'static [Subject] {
        &[Subject::Squall, Subject::Haproxy]
    }

    fn excuse(&self, subject: Subject) -> &'static str {
        match subject {
            Subject::Nginx => "has no probes",
            _ => "does not spread connections",
        }
    }

    fn columns(&self) -> &'static [Column] {
        const { &[Column::new("out", "out", show::millis), Column::new("back", "back", show::millis)] }
    }

    fn measure(&self, bench: &Bench, subject: Subject, _setting: usize) -> io::Result<Figures> {
        let congestion = bench.congestion.name.as_str();
        let start = |_| Member::start(congestion, THREADS);
        let members = (0..MEMBERS).map(start).collect::<io::Result<Vec<_>>>()?;
        let addrs: Vec<_> = members.iter().map(|member| member.addr).collect();
        let relay = Relay::balancing(bench, subject, Pool { members: &addrs, probed: Some(INTERVAL) })?;
        let stop = AtomicBool::new(false);
        let failures = if bench.quick { MEMBERS } else { 2 * MEMBERS };
        let times = thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| ask_until(&stop, relay.addr, congestion));
            }
            let times =
                members.iter().cycle().take(failures).map(fail_and_recover).collect::<io::Result<Vec<_>>>();
            stop.store(true, Relaxed);
            times
        })?;
        let mean = |part: fn(&[f64; 2]) -> f64| times.iter().map(part).sum::<f64>() / times.len() as f64;
        Ok(vec![("out", mean(|times| times[0])), ("back", mean(|times| times[1]))])
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let judge = |key, target: &str| {
            let median = |subject| outcome.median(subject, 0, key);
            // They probe at times of their own choosing: a mean over few failures is off by some.
            let theirs = median(Subject::Haproxy).map(|theirs| theirs * 1.25);
            Verdict::at_most(target, median(Subject::Squall), theirs, show::millis)
        };
        vec![
            judge("out", "out of service: at most 1.25 times haproxy"),
            judge("back", "back in service: at most 1.25 times haproxy"),
        ]
    }
}

/// Connections that fail are what this is about.
fn ask_until(stop: &AtomicBool, to: SocketAddr, congestion: &str) {
    while !stop.load(Relaxed) {
        if ask(to, congestion).is_err() {
            thread::yield_now();
        }
    }
}

/// How long it is until nobody comes any more, and from recovery until somebody comes; in seconds.
fn fail_and_recover(member: &Member) -> io::Result<[f64; 2]> {
    let wait_for = |what: &str, holds: &dyn Fn() -> bool| {
        let began = Instant::now();
        while !holds() {
            if began.elapsed() > PATIENCE {
                return Err(io::Error::other(format!("a server {what}")));
            }
            sleep(Duration::from_micros(100));
        }
        Ok(())
    };
    let before = member.clients();
    wait_for("gets no clients", &|| member.clients() > before + 20)?;
    let failed = Instant::now();
    member.fail(true);
    wait_for("is not taken out", &|| failed.max(member.last()).elapsed() > QUIET)?;
    let out = member.last().saturating_duration_since(failed);
    let before = member.clients();
    let recovered = Instant::now();
    member.fail(false);
    wait_for("does not come back", &|| member.clients() > before)?;
    Ok([out.as_secs_f64(), recovered.elapsed().as_secs_f64()])
}
