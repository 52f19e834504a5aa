//! Short connections: connect, one request, close.

use crate::bench::outcome::Outcome;
use crate::bench::relay::{Doing, Relay};
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::rows::{ALL, again_and_again};
use crate::bench::servers::Answering;
use crate::bench::subject::Subject;
use crate::bench::{Bench, show};
use std::io;
use std::time::Duration;

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
        let ways: Vec<_> = relays.iter().map(|relay| relay.addr).collect();
        let count = again_and_again(&ways, CLIENTS, congestion, span)?;
        Ok(vec![("conn/s", count as f64 / span.as_secs_f64())])
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let ratio = |subject| outcome.against_direct(subject, 0, "conn/s");
        let (ours, theirs) = (ratio(Subject::Squall), ratio(Subject::Haproxy));
        vec![Verdict::at_least("x direct: at least haproxy", ours, theirs, show::times)]
    }
}
