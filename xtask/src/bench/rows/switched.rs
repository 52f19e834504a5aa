//! A thousand busy links whose faults come and go, while every byte is looked at.

use crate::bench::outcome::Outcome;
use crate::bench::relay::{Doing, Relay};
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::servers::Echo;
use crate::bench::subject::Subject;
use crate::bench::{Bench, show, sockets, toxiproxy};
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) struct Switched;

const LINKS: usize = 1_000;
/// Bytes on each link at a time.
const PIECE: usize = 1_024;
/// Threads that keep the links busy.
const CLIENTS: usize = 2;
/// An answer that has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(10);

impl Row for Switched {
    fn name(&self) -> &'static str {
        "switched"
    }

    fn title(&self) -> &'static str {
        "1,000 busy links switched between clean and faulted"
    }

    fn how(&self) -> String {
        "A control server gets 1,000 links to one echo server. 2 threads send 1 KiB on each of their links and compare what comes \
         back, round after round; meanwhile a third puts a latency of 1 ms on every link and takes it off again, one call at a \
         time for 3 s. The slowest call is of all of them."
            .into()
    }

    fn subjects(&self) -> &'static [Subject] {
        &[Subject::Squall, Subject::Toxiproxy]
    }

    fn columns(&self) -> &'static [Column] {
        const {
            &[
                Column::new("calls", "changes/s", show::whole),
                Column::new("worst", "slowest call", show::micros),
                Column::new("bytes", "compared", show::megabytes),
                Column::new("wrong", "wrong or missing bytes", show::whole),
            ]
        }
    }

    fn measure(&self, bench: &Bench, subject: Subject, _setting: usize) -> io::Result<Figures> {
        let congestion = &bench.congestion.name;
        let echo = Echo::start(congestion)?;
        let relay = Relay::start(bench, subject, echo.addr, Doing::Control)?;
        let mut clients = Vec::new();
        for addr in links(relay.addr, echo.addr)? {
            let client = sockets::connect(addr, congestion)?;
            client.set_read_timeout(Some(PATIENCE))?;
            clients.push(client);
        }
        let traffic = Traffic::default();
        thread::scope(|scope| {
            for share in clients.chunks_mut(LINKS / CLIENTS) {
                scope.spawn(|| traffic.go_on(share));
            }
            let switched = switch(relay.addr, bench.span(Duration::from_secs(3)));
            traffic.stop.store(true, Relaxed);
            switched
        })
        .map(|(calls, worst)| {
            vec![
                ("calls", calls),
                ("worst", worst.as_secs_f64() * 1e6),
                ("bytes", traffic.compared.load(Relaxed) as f64),
                ("wrong", traffic.wrong.load(Relaxed) as f64),
            ]
        })
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let ours = |key| outcome.median(Subject::Squall, 0, key);
        vec![
            Verdict::at_most("no byte wrong or missing", ours("wrong"), Some(0.0), show::whole),
            Verdict::at_most("slowest call: under 50 ms", ours("worst"), Some(50_000.0), show::micros),
        ]
    }
}

/// Makes all links, in one call; where they listen.
fn links(control: SocketAddr, upstream: SocketAddr) -> io::Result<Vec<SocketAddr>> {
    let link = |i| json!({ "name": name(i), "listen": "127.0.0.1:0", "upstream": upstream.to_string() });
    let wanted: Vec<Value> = (0..LINKS).map(link).collect();
    let answer = toxiproxy::call(control, "POST", "/populate", &Value::Array(wanted).to_string())?;
    let made: Value = serde_json::from_str(&answer)?;
    let links = made["proxies"].as_array().into_iter().flatten();
    let addrs: Vec<_> = links.filter_map(|link| link["listen"].as_str()?.parse().ok()).collect();
    match addrs.len() {
        LINKS => Ok(addrs),
        n => Err(io::Error::other(format!("{n} links instead of {LINKS}"))),
    }
}

fn name(link: usize) -> String {
    format!("link{link}")
}

/// Puts faults on and takes them off for so long; the calls per second, and the slowest.
fn switch(control: SocketAddr, span: Duration) -> io::Result<(f64, Duration)> {
    let toxic = json!({ "name": "late", "type": "latency", "attributes": { "latency": 1 } }).to_string();
    let (began, mut calls, mut worst) = (Instant::now(), 0, Duration::ZERO);
    loop {
        for on in [true, false] {
            for link in 0..LINKS {
                if began.elapsed() >= span {
                    return Ok((f64::from(calls) / began.elapsed().as_secs_f64(), worst));
                }
                let toxics = format!("/proxies/{}/toxics", name(link));
                let before = Instant::now();
                match on {
                    true => toxiproxy::call(control, "POST", &toxics, &toxic)?,
                    false => toxiproxy::call(control, "DELETE", &format!("{toxics}/late"), "")?,
                };
                worst = worst.max(before.elapsed());
                calls += 1;
            }
        }
    }
}

/// What keeps the links busy.
#[derive(Default)]
struct Traffic {
    stop: AtomicBool,
    compared: AtomicU64,
    wrong: AtomicU64,
}

impl Traffic {
    /// Round after round: sends on every link, then compares what comes back on each.
    fn go_on(&self, clients: &mut [TcpStream]) {
        let mut heard = [0; PIECE];
        for round in 0.. {
            if self.stop.load(Relaxed) {
                return;
            }
            let piece = |link: usize| -> [u8; PIECE] {
                std::array::from_fn(|i| (i ^ link.wrapping_mul(31) ^ usize::wrapping_mul(round, 17)) as u8)
            };
            let sent: Vec<bool> =
                (0..clients.len()).map(|i| clients[i].write_all(&piece(i)).is_ok()).collect();
            for (i, client) in clients.iter_mut().enumerate() {
                let wrong = match sent[i] && client.read_exact(&mut heard).is_ok() {
                    true => heard.iter().zip(piece(i)).filter(|(heard, sent)| *heard != sent).count(),
                    false => PIECE,
                };
                self.compared.fetch_add(PIECE as u64, Relaxed);
                self.wrong.fetch_add(wrong as u64, Relaxed);
            }
        }
    }
}
