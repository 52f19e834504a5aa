//! Datagrams at a rate that a plain relay does not stand.

use crate::bench::datagrams::{Counter, offer};
use crate::bench::outcome::Outcome;
use crate::bench::relay::{Doing, Relay};
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::subject::Subject;
use crate::bench::{Bench, show};
use std::io;
use std::time::Duration;

pub(crate) struct Datagrams;

/// Datagrams per second.
const OFFERED: u64 = 300_000;

impl Row for Datagrams {
    fn name(&self) -> &'static str {
        "udp"
    }

    fn title(&self) -> &'static str {
        "UDP, 1200 B datagrams at 300,000/s"
    }

    fn how(&self) -> String {
        "A client sends 300,000 datagrams of 1200 bytes per second for 1.5 s, as even as it can and many with one system call; a \
         server counts what arrives."
            .into()
    }

    fn subjects(&self) -> &'static [Subject] {
        &[Subject::Direct, Subject::Squall, Subject::Nginx]
    }

    fn excuse(&self, subject: Subject) -> &'static str {
        match subject {
            Subject::Socat => "has a process for each client and no sessions for datagrams",
            _ => "relays no datagrams",
        }
    }

    fn columns(&self) -> &'static [Column] {
        const {
            &[
                Column::new("sent/s", "offered/s", show::whole),
                Column::new("delivered", "delivered", show::percent).against_direct(),
                Column::new("cpu", "CPU-s per million", show::plain),
            ]
        }
    }

    fn measure(&self, bench: &Bench, subject: Subject, _setting: usize) -> io::Result<Figures> {
        let counter = Counter::start()?;
        let relay = Relay::start(bench, subject, counter.addr, Doing::Datagrams)?;
        let cpu = relay.cpu_seconds();
        let offered = offer(relay.addr, OFFERED, bench.span(Duration::from_millis(1500)))?;
        let delivered = counter.settle() as f64;
        let sent = offered.datagrams as f64;
        let mut figures =
            vec![("sent/s", sent / offered.took.as_secs_f64()), ("delivered", delivered / sent * 100.0)];
        if subject != Subject::Direct {
            figures.push(("cpu", (relay.cpu_seconds() - cpu) / (delivered.max(1.0) / 1e6)));
        }
        Ok(figures)
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let ours = outcome.against_direct(Subject::Squall, 0, "delivered");
        vec![Verdict::at_least("delivered: at least 0.95x direct", ours, Some(0.95), show::times)]
    }
}
