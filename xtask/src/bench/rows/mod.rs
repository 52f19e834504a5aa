//! The rows, one file each, in the order of the page.

mod balance;
mod bulk;
mod bulk_delay;
mod connect;
mod datagrams;
mod dead;
mod delay;
mod echo;
mod eject;
mod idle;
mod load_http;
mod load_tcp;
mod rate;
mod scrape;
mod stuck;
mod switched;

use crate::bench::outcome::Outcome;
use crate::bench::row::{Row, Verdict};
use crate::bench::subject::Subject;
use crate::bench::{show, sockets};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

/// All relays that need nothing but bytes to be passed on, and none.
const ALL: &[Subject] =
    &[Subject::Direct, Subject::Squall, Subject::Haproxy, Subject::Nginx, Subject::Socat, Subject::Toxiproxy];

/// Those that spread connections over several servers, and none.
const BALANCERS: &[Subject] = &[Subject::Direct, Subject::Squall, Subject::Haproxy, Subject::Nginx];

/// Every row.
pub(crate) fn all() -> Vec<Box<dyn Row>> {
    vec![
        Box::new(bulk::Bulk { streams: 1 }),
        Box::new(bulk::Bulk { streams: 4 }),
        Box::new(echo::Echoes),
        Box::new(connect::Connects),
        Box::new(delay::Delay),
        Box::new(bulk_delay::BulkDelay),
        Box::new(rate::Rates),
        Box::new(idle::Idle),
        Box::new(datagrams::Datagrams),
        Box::new(stuck::Stuck),
        Box::new(switched::Switched),
        Box::new(dead::Dead),
        Box::new(balance::Balance),
        Box::new(eject::Eject),
        Box::new(load_http::LoadHttp),
        Box::new(load_tcp::LoadTcp),
        Box::new(scrape::Scrape { bulk: true }),
        Box::new(scrape::Scrape { bulk: false }),
    ]
}

/// What squall's load found in relation to another generator's: no more than 5% apart, whichever is ahead.
fn within(outcome: &Outcome, other: Subject, setting: usize, name: &str) -> [Verdict; 2] {
    let apart =
        |key| outcome.against(Subject::Squall, other, setting, key).map(|ratio| (ratio - 1.0).abs() * 100.0);
    let name = if name.is_empty() { String::new() } else { format!("{name}, ") };
    [("p50", "p50"), ("req/s", "requests/s")].map(|(key, what)| {
        let target = format!("{name}{what}: within 5% of {}", other.name());
        Verdict::at_most(target, apart(key), Some(5.0), show::percent)
    })
}

/// One short connection: 64 bytes there and back.
fn ask(to: SocketAddr, congestion: &str) -> io::Result<()> {
    let mut stream = sockets::connect(to, congestion)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(&[7; 64])?;
    stream.read_exact(&mut [0; 64])
}

/// How many short connections `clients` threads make in `span`, each to one of `ways`.
fn again_and_again(ways: &[SocketAddr], clients: usize, congestion: &str, span: Duration) -> io::Result<u64> {
    let client = |to: SocketAddr| {
        let (began, mut count) = (Instant::now(), 0);
        while began.elapsed() < span {
            ask(to, congestion)?;
            count += 1;
        }
        Ok(count)
    };
    thread::scope(|scope| {
        let client = &client;
        let start = |to: &SocketAddr| {
            let to = *to;
            scope.spawn(move || client(to))
        };
        let clients: Vec<_> = ways.iter().cycle().take(clients).map(start).collect();
        let ended = clients.into_iter().map(|client| match client.join() {
            Ok(count) => count,
            Err(_) => Err(io::Error::other("a client failed")),
        });
        ended.sum()
    })
}
