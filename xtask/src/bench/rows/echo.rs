//! Small requests on a few connections.

use crate::bench::outcome::Outcome;
use crate::bench::relay::{Doing, Relay};
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::rows::ALL;
use crate::bench::servers::Echo;
use crate::bench::subject::Subject;
use crate::bench::{Bench, pinger, show};
use std::io;
use std::time::Duration;

pub(crate) struct Echoes;

const CONNECTIONS: usize = 16;

impl Row for Echoes {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn title(&self) -> &'static str {
        "64 B echo, 16 connections"
    }

    fn how(&self) -> String {
        "A client thread keeps one request of 64 bytes under way on each of 16 connections for 1.5 s; a server thread sends them \
         back."
            .into()
    }

    fn subjects(&self) -> &'static [Subject] {
        ALL
    }

    fn columns(&self) -> &'static [Column] {
        const {
            &[
                Column::new("req/s", "requests/s", show::whole).against_direct(),
                Column::new("p50", "p50", show::micros),
                Column::new("p99", "p99", show::micros),
            ]
        }
    }

    fn measure(&self, bench: &Bench, subject: Subject, _setting: usize) -> io::Result<Figures> {
        let congestion = &bench.congestion.name;
        let echo = Echo::start(congestion)?;
        let relay = Relay::start(bench, subject, echo.addr, Doing::Nothing)?;
        let (warm, span) = (Duration::from_millis(200), bench.span(Duration::from_millis(1500)));
        let mut samples = pinger::side_by_side(relay.addr, congestion, CONNECTIONS, warm, span)?;
        Ok(vec![
            ("req/s", samples.len() as f64 / span.as_secs_f64()),
            ("p50", samples.percentile(0.5)),
            ("p99", samples.percentile(0.99)),
        ])
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let p99 = |subject| outcome.median(subject, 0, "p99");
        let ours = outcome.against_direct(Subject::Squall, 0, "req/s");
        vec![
            Verdict::at_least("requests/s: at least 0.40x direct", ours, Some(0.4), show::times),
            Verdict::at_most("p99: under 1 ms", p99(Subject::Squall), Some(1_000.0), show::micros),
            Verdict::at_most(
                "p99: at most that of nginx",
                p99(Subject::Squall),
                p99(Subject::Nginx),
                show::micros,
            ),
        ]
    }
}
