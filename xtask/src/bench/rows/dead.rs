//! The control API while every link is full of bytes that nobody reads.

use crate::bench::outcome::Outcome;
use crate::bench::relay::{Doing, Relay};
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::servers::Holder;
use crate::bench::subject::Subject;
use crate::bench::{Bench, show, sockets, toxiproxy};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

pub(crate) struct Dead;

const LINKS: usize = 50;
const CLIENTS_OF_EACH: usize = 4;
/// Bytes for all clients together, which is more than most of them get rid of.
const FILL: u64 = 1 << 30;
/// The calls, by the column that has the slowest of each.
const CALLS: [&str; 9] =
    ["look", "add", "update", "remove", "upstream", "disable", "enable", "delete", "populate"];

impl Row for Dead {
    fn name(&self) -> &'static str {
        "dead"
    }

    fn title(&self) -> &'static str {
        "control calls while no peer reads"
    }

    fn how(&self) -> String {
        "A control server gets 50 links to a server that never reads, half of them with a delay of 60 s; 200 clients write up to \
         1 GiB until nothing more is taken. Then every kind of call is made on ten links and more, one after the other; the slowest \
         of each kind. An upstream is changed, and a link disabled, enabled and deleted, while its connections are stuck."
            .into()
    }

    fn subjects(&self) -> &'static [Subject] {
        &[Subject::Squall, Subject::Toxiproxy]
    }

    fn columns(&self) -> &'static [Column] {
        const {
            &[
                Column::new("filled", "filled", show::megabytes),
                Column::new("look", "get and list", show::micros),
                Column::new("add", "add toxic", show::micros),
                Column::new("update", "update toxic", show::micros),
                Column::new("remove", "remove toxic", show::micros),
                Column::new("upstream", "change upstream", show::micros),
                Column::new("disable", "disable", show::micros),
                Column::new("enable", "enable", show::micros),
                Column::new("delete", "delete", show::micros),
                Column::new("populate", "populate", show::micros),
            ]
        }
    }

    fn measure(&self, bench: &Bench, subject: Subject, _setting: usize) -> io::Result<Figures> {
        let congestion = &bench.congestion.name;
        let holder = Holder::start(congestion)?;
        let relay = Relay::start(bench, subject, holder.addr, Doing::Control)?;
        let control = Control(relay.addr);
        let mut clients = Vec::new();
        for addr in control.populate(holder.addr)?.1 {
            for _ in 0..CLIENTS_OF_EACH {
                let client = sockets::connect(addr, congestion)?;
                client.set_nonblocking(true)?;
                clients.push(client);
            }
        }
        let filled = fill(&mut clients);
        let mut slowest = control.call_all(holder.addr)?;
        slowest.push(("filled", filled as f64));
        Ok(slowest)
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let slowest = CALLS.iter().filter_map(|call| outcome.median(Subject::Squall, 0, call));
        let slowest = slowest.max_by(f64::total_cmp);
        vec![Verdict::at_most("slowest call of any kind: under 50 ms", slowest, Some(50_000.0), show::micros)]
    }
}

/// Writes to all until no more is taken for a while, or all is gone; how many bytes went.
fn fill(clients: &mut [TcpStream]) -> u64 {
    let (piece, mut filled, mut last) = (vec![7; 256 << 10], 0, Instant::now());
    while filled < FILL && last.elapsed() < Duration::from_millis(300) {
        for client in &mut *clients {
            if let Ok(n @ 1..) = client.write(&piece) {
                filled += n as u64;
                last = Instant::now();
            }
        }
    }
    filled
}

/// The address of a control server.
struct Control(SocketAddr);

impl Control {
    /// How long a call takes, and its answer.
    fn timed(&self, method: &str, path: &str, body: &Value) -> io::Result<(Duration, String)> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let before = Instant::now();
        let answer = toxiproxy::call(self.0, method, path, &body)?;
        Ok((before.elapsed(), answer))
    }

    /// Makes all links in one call; how long that takes, and where they listen.
    fn populate(&self, upstream: SocketAddr) -> io::Result<(Duration, Vec<SocketAddr>)> {
        let link = |i: usize| {
            let late =
                json!([{ "type": "latency", "stream": "upstream", "attributes": { "latency": 60_000 } }]);
            let toxics = if i.is_multiple_of(2) { late } else { json!([]) };
            json!({ "name": name(i), "listen": "127.0.0.1:0", "upstream": upstream.to_string(), "toxics": toxics })
        };
        let links: Vec<Value> = (0..LINKS).map(link).collect();
        let (took, answer) = self.timed("POST", "/populate", &Value::Array(links))?;
        let made: Value = serde_json::from_str(&answer)?;
        let made = made["proxies"].as_array().into_iter().flatten();
        Ok((took, made.filter_map(|link| link["listen"].as_str()?.parse().ok()).collect()))
    }

    /// Every kind of call; the slowest of each in microseconds.
    fn call_all(&self, upstream: SocketAddr) -> io::Result<Figures> {
        let mut slowest = [Duration::ZERO; CALLS.len()];
        let mut note = |call: &str, took: Duration| {
            let at = CALLS.iter().position(|known| *known == call).unwrap_or(0);
            slowest[at] = slowest[at].max(took);
        };
        let toxic = json!({ "name": "extra", "type": "bandwidth", "attributes": { "rate": 100 } });
        let changed = json!({ "attributes": { "rate": 200 } });
        // Connecting elsewhere is a change, although the same server answers there.
        let elsewhere = json!({ "upstream": format!("localhost:{}", upstream.port()) });
        for link in 0..LINKS {
            let proxy = format!("/proxies/{}", name(link));
            let toxics = format!("{proxy}/toxics");
            let extra = format!("{toxics}/extra");
            note("look", self.timed("GET", "/proxies", &Value::Null)?.0);
            note("look", self.timed("GET", &proxy, &Value::Null)?.0);
            note("add", self.timed("POST", &toxics, &toxic)?.0);
            note("update", self.timed("POST", &extra, &changed)?.0);
            note("remove", self.timed("DELETE", &extra, &Value::Null)?.0);
            match link % 5 {
                0 => note("upstream", self.timed("POST", &proxy, &elsewhere)?.0),
                1 => {
                    note("disable", self.timed("POST", &proxy, &json!({ "enabled": false }))?.0);
                    note("enable", self.timed("POST", &proxy, &json!({ "enabled": true }))?.0);
                }
                2 => note("delete", self.timed("DELETE", &proxy, &Value::Null)?.0),
                _ => {}
            }
        }
        // Half of them are as they were, and full.
        note("populate", self.populate(upstream)?.0);
        Ok(CALLS.iter().zip(slowest).map(|(call, took)| (*call, took.as_secs_f64() * 1e6)).collect())
    }
}

fn name(link: usize) -> String {
    format!("dead{link}")
}
