//! How exact a bandwidth is.

use crate::bench::arrivals;
use crate::bench::outcome::Outcome;
use crate::bench::relay::{Doing, Relay};
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::senders::Senders;
use crate::bench::subject::Subject;
use crate::bench::{Bench, show};
use std::io;
use std::time::Duration;

pub(crate) struct Rates;

/// Bytes per second.
const RATES: [(u64, &str); 5] = [
    (100_000, "100 kB/s"),
    (1_000_000, "1 MB/s"),
    (10_000_000, "10 MB/s"),
    (100_000_000, "100 MB/s"),
    (1_000_000_000, "1 GB/s"),
];

impl Row for Rates {
    fn name(&self) -> &'static str {
        "rate"
    }

    fn title(&self) -> &'static str {
        "bandwidth 100 kB/s to 1 GB/s, error"
    }

    fn how(&self) -> String {
        "A client writes as fast as it is let through a limited relay; what arrives is timed from one read to another 2 s later, \
         after half a second that does not count."
            .into()
    }

    fn settings(&self) -> Vec<String> {
        RATES.map(|(_, name)| name.to_owned()).into()
    }

    fn subjects(&self) -> &'static [Subject] {
        &[Subject::Squall, Subject::Toxiproxy]
    }

    fn columns(&self) -> &'static [Column] {
        const { &[Column::new("error", "error", show::percent)] }
    }

    fn measure(&self, bench: &Bench, subject: Subject, setting: usize) -> io::Result<Figures> {
        let (rate, _) = RATES[setting];
        let congestion = &bench.congestion.name;
        let (addr, arriving) = arrivals::listen(congestion)?;
        let relay = Relay::start(bench, subject, addr, Doing::RateUp(rate))?;
        let senders = Senders::start(relay.addr, congestion, 1)?;
        let (warm, span) = (Duration::from_millis(500), bench.span(Duration::from_secs(2)));
        let found = arriving.rate(warm, span);
        drop(senders);
        Ok(vec![("error", (found? / rate as f64 - 1.0) * 100.0)])
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let verdict = |(setting, (_, name)): (usize, (u64, &str))| {
            let error = outcome.median(Subject::Squall, setting, "error").map(f64::abs);
            Verdict::at_most(format!("{name}: within 0.5%"), error, Some(0.5), show::percent)
        };
        RATES.into_iter().enumerate().map(verdict).collect()
    }
}
