//! How exact a delay is.

use crate::bench::outcome::Outcome;
use crate::bench::relay::{Doing, Relay};
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::servers::Echo;
use crate::bench::subject::Subject;
use crate::bench::{Bench, pinger, show};
use std::io;
use std::time::Duration;

pub(crate) struct Delay;

/// The delay in microseconds, and how many round trips are made.
const SETTINGS: [(u64, usize); 5] = [(200, 1000), (1_000, 500), (5_000, 150), (10_000, 100), (50_000, 30)];

impl Row for Delay {
    fn name(&self) -> &'static str {
        "delay"
    }

    fn title(&self) -> &'static str {
        "added one-way delay, error of the round trip"
    }

    fn how(&self) -> String {
        "Round trips of 64 bytes one after another, with the answers delayed; the error is what they take (median, and the 99th of \
         100) less the setting and less the median of the same relay without a delay, measured right before."
            .into()
    }

    fn settings(&self) -> Vec<String> {
        SETTINGS.map(|(micros, _)| name_of(micros)).into()
    }

    fn subjects(&self) -> &'static [Subject] {
        &[Subject::Squall, Subject::Toxiproxy]
    }

    fn columns(&self) -> &'static [Column] {
        const {
            &[
                Column::new("clean-us", "RTT without", show::micros),
                Column::new("rtt-us", "RTT with", show::micros),
                Column::new("error-p50-us", "error p50", show::micros),
                Column::new("error-p99-us", "error p99", show::micros),
            ]
        }
    }

    fn measure(&self, bench: &Bench, subject: Subject, setting: usize) -> io::Result<Figures> {
        let (micros, count) = SETTINGS[setting];
        if subject == Subject::Toxiproxy && micros % 1_000 != 0 {
            return Err(io::Error::other("knows whole milliseconds only"));
        }
        let congestion = &bench.congestion.name;
        let echo = Echo::start(congestion)?;
        let count = if bench.quick { count / 5 } else { count };
        let clean = Relay::start(bench, subject, echo.addr, Doing::Nothing)?;
        let clean_us = pinger::one_by_one(clean.addr, congestion, 300)?.percentile(0.5);
        drop(clean);
        let doing = Doing::DelayDown(Duration::from_micros(micros));
        let relay = Relay::start(bench, subject, echo.addr, doing)?;
        let mut samples = pinger::one_by_one(relay.addr, congestion, count)?;
        let (p50, p99) = (samples.percentile(0.5), samples.percentile(0.99));
        let base = clean_us + micros as f64;
        Ok(vec![
            ("clean-us", clean_us),
            ("rtt-us", p50),
            ("error-p50-us", p50 - base),
            ("error-p99-us", p99 - base),
        ])
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let error = |setting, key| outcome.median(Subject::Squall, setting, key).map(f64::abs);
        let mut verdicts = Vec::new();
        for (setting, (micros, _)) in SETTINGS.into_iter().enumerate() {
            let (name, share) = (name_of(micros), micros as f64 * 0.03);
            verdicts.push(Verdict::at_most(
                format!("{name}, p50: within 3% + 50 us"),
                error(setting, "error-p50-us"),
                Some(share + 50.0),
                show::micros,
            ));
            verdicts.push(Verdict::at_most(
                format!("{name}, p99: within 3% + 300 us"),
                error(setting, "error-p99-us"),
                Some(share + 300.0),
                show::micros,
            ));
        }
        verdicts
    }
}

fn name_of(micros: u64) -> String {
    if micros < 1_000 { format!("{micros} us") } else { format!("{} ms", micros / 1_000) }
}
