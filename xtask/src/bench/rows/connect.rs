//! Short connections: connect, one request, close.

use crate::bench::outcome::Outcome;
use crate::bench::relay::{Doing, Relay};
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::rows::ALL;
use crate::bench::servers::Answering;
use crate::bench::subject::Subject;
use crate::bench::{Bench, show, sockets};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

pub(crate) struct Connects;

const CLIENTS: usize = 8;

/// More than clients, as a server may learn late that a client has gone.
const SERVERS: usize = 32;

/// Without a relay it goes so fast that the ports towards one server are used up: closed connections linger.
const DIRECT_PORTS: usize = 4;

impl Row for Connects {
    fn name(&self) -> &'static str {
        "connect"
    }

    fn title(&self) -> &'static str {
        "connections per second"
    }

    fn how(&self) -> String {
        "8 client threads connect, send 64 bytes, read them back and close, again and again for 1.5 s; the server has 32 threads."
            .into()
    }

    fn subjects(&self) -> &'static [Subject] {
        ALL
    }

    fn columns(&self) -> &'static [Column] {
        const { &[Column::new("conn/s", "connections/s", show::whole).against_direct()] }
    }

    fn measure(&self, bench: &Bench, subject: Subject, _setting: usize) -> io::Result<Figures> {
        let congestion = bench.congestion.name.as_str();
        let share = if subject == Subject::Direct { DIRECT_PORTS } else { 1 };
        let server = |_| Answering::start(congestion, SERVERS / share);
        let servers = (0..share).map(server).collect::<io::Result<Vec<_>>>()?;
        let relay = |server: &Answering| Relay::start(bench, subject, server.addr, Doing::Nothing);
        let relays = servers.iter().map(relay).collect::<io::Result<Vec<_>>>()?;
        let span = bench.span(Duration::from_millis(1500));
        let counts = thread::scope(|scope| {
            let start = |relay: &Relay| {
                let to = relay.addr;
                scope.spawn(move || connect_again_and_again(to, congestion, span))
            };
            let clients: Vec<_> = relays.iter().cycle().take(CLIENTS).map(start).collect();
            let ended = clients.into_iter().map(|client| match client.join() {
                Ok(count) => count,
                Err(_) => Err(io::Error::other("a client failed")),
            });
            ended.collect::<io::Result<Vec<u64>>>()
        })?;
        Ok(vec![("conn/s", counts.into_iter().sum::<u64>() as f64 / span.as_secs_f64())])
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let ratio = |subject| outcome.against_direct(subject, 0, "conn/s");
        let (ours, theirs) = (ratio(Subject::Squall), ratio(Subject::Haproxy));
        vec![Verdict::at_least("x direct: at least haproxy", ours, theirs, show::times)]
    }
}

/// How often it is done in `span`.
fn connect_again_and_again(to: SocketAddr, congestion: &str, span: Duration) -> io::Result<u64> {
    let (began, mut count, mut answer) = (Instant::now(), 0, [0; 64]);
    while began.elapsed() < span {
        let mut stream = sockets::connect(to, congestion)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(&[7; 64])?;
        stream.read_exact(&mut answer)?;
        count += 1;
    }
    Ok(count)
}
