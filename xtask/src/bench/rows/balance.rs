//! Connections and bulk that are spread over several servers.

use crate::bench::balancing::Pool;
use crate::bench::members::Member;
use crate::bench::outcome::Outcome;
use crate::bench::relay::Relay;
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::rows::{BALANCERS, again_and_again};
use crate::bench::senders::Senders;
use crate::bench::servers::Sink;
use crate::bench::subject::Subject;
use crate::bench::{Bench, show};
use std::io;
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) struct Balance;

const MEMBERS: usize = 4;
const CLIENTS: usize = 8;

/// Of each member; more than clients, as a server may learn late that a client has gone.
const THREADS: usize = 16;

/// Bulk before it counts.
const WARM: Duration = Duration::from_millis(400);

impl Row for Balance {
    fn name(&self) -> &'static str {
        "balance"
    }

    fn title(&self) -> &'static str {
        "4 servers in turn"
    }

    fn how(&self) -> String {
        "Round robin over 4 servers without probes. 8 client threads connect, send 64 bytes, read them back and close, again and again \
         for 1.5 s; the busiest server's share is what it got of all connections, 25% where all got as many. Then 4 clients write bulk as \
         in bulk-4."
            .into()
    }

    fn subjects(&self) -> &'static [Subject] {
        BALANCERS
    }

    fn excuse(&self, _subject: Subject) -> &'static str {
        "does not spread connections"
    }

    fn columns(&self) -> &'static [Column] {
        const {
            &[
                Column::new("conn/s", "connections/s", show::whole).against_direct(),
                Column::new("share", "busiest server's share", show::percent),
                Column::new("bytes/s", "throughput", show::gigabytes).against_direct(),
            ]
        }
    }

    fn measure(&self, bench: &Bench, subject: Subject, _setting: usize) -> io::Result<Figures> {
        let span = bench.span(Duration::from_millis(1500));
        let mut figures = connections(bench, subject, span)?;
        figures.push(("bytes/s", bulk(bench, subject, span)?));
        Ok(figures)
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let against = |key, subject| outcome.against_direct(subject, 0, key);
        let best = |key| {
            let best = outcome.best_peer(0, key, true);
            best.and_then(|(best, _)| against(key, best))
        };
        let share = outcome.median(Subject::Squall, 0, "share");
        vec![
            Verdict::at_least(
                "connections/s, x direct: at least the best peer",
                against("conn/s", Subject::Squall),
                best("conn/s"),
                show::times,
            ),
            Verdict::at_least(
                "throughput, x direct: at least the best peer",
                against("bytes/s", Subject::Squall),
                best("bytes/s"),
                show::times,
            ),
            Verdict::at_most("busiest server: at most 25.1%", share, Some(25.1), show::percent),
        ]
    }
}

/// The ways to the members: one, or one to each where there is no balancer.
fn ways(
    bench: &Bench,
    subject: Subject,
    members: &[SocketAddr],
) -> io::Result<(Option<Relay>, Vec<SocketAddr>)> {
    if subject == Subject::Direct {
        return Ok((None, members.to_vec()));
    }
    let relay = Relay::balancing(bench, subject, Pool { members, probed: None })?;
    let addr = relay.addr;
    Ok((Some(relay), vec![addr]))
}

fn connections(bench: &Bench, subject: Subject, span: Duration) -> io::Result<Figures> {
    let congestion = bench.congestion.name.as_str();
    let start = |_| Member::start(congestion, THREADS);
    let members = (0..MEMBERS).map(start).collect::<io::Result<Vec<_>>>()?;
    let addrs: Vec<_> = members.iter().map(|member| member.addr).collect();
    let (_relay, ways) = ways(bench, subject, &addrs)?;
    let done = again_and_again(&ways, CLIENTS, congestion, span)?;
    let counts: Vec<u64> = members.iter().map(Member::clients).collect();
    let busiest = counts.iter().copied().max().unwrap_or(0) as f64 / counts.iter().sum::<u64>() as f64;
    let mut figures = vec![("conn/s", done as f64 / span.as_secs_f64())];
    if subject != Subject::Direct {
        figures.push(("share", busiest * 100.0));
    }
    Ok(figures)
}

/// Bytes per second, in all.
fn bulk(bench: &Bench, subject: Subject, span: Duration) -> io::Result<f64> {
    let congestion = &bench.congestion.name;
    let sinks = (0..MEMBERS).map(|_| Sink::start(congestion, MEMBERS)).collect::<io::Result<Vec<_>>>()?;
    let addrs: Vec<_> = sinks.iter().map(|sink| sink.addr).collect();
    let (_relay, ways) = ways(bench, subject, &addrs)?;
    let senders = ways.iter().map(|way| Senders::start(*way, congestion, MEMBERS / ways.len()));
    let senders = senders.collect::<io::Result<Vec<_>>>()?;
    sleep(WARM);
    let state = || (Instant::now(), sinks.iter().map(Sink::received).sum::<u64>());
    let (began, first) = state();
    sleep(span);
    let (ended, last) = state();
    drop(senders);
    match last - first {
        0 => Err(io::Error::other("no byte arrived")),
        bytes => Ok(bytes as f64 / (ended - began).as_secs_f64()),
    }
}
