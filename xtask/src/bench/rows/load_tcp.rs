//! Ping-pong over TCP: squall beside sockperf.

use crate::bench::outcome::Outcome;
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::rows::within;
use crate::bench::subject::Subject;
use crate::bench::targets::Target;
use crate::bench::{Bench, generators};
use std::io;

pub(crate) struct LoadTcp;

impl Row for LoadTcp {
    fn name(&self) -> &'static str {
        "load-tcp"
    }

    fn title(&self) -> &'static str {
        "load over TCP, ping-pong of 64 B"
    }

    fn how(&self) -> String {
        "A generator of load sends a message of 64 bytes and waits for its answer, again and again for 2 s on one connection; the server \
         is sockperf's, to which squall sends sockperf's own message. Times are round trips."
            .into()
    }

    fn subjects(&self) -> &'static [Subject] {
        &[Subject::Squall, Subject::Sockperf]
    }

    fn peers(&self) -> &'static [Subject] {
        &[Subject::Sockperf]
    }

    fn kind(&self) -> &'static str {
        "generator"
    }

    fn columns(&self) -> &'static [Column] {
        generators::COLUMNS
    }

    fn measure(&self, bench: &Bench, subject: Subject, _setting: usize) -> io::Result<Figures> {
        let target = Target::sockperf(bench)?;
        let seconds = if bench.quick { 1 } else { 2 };
        match subject {
            Subject::Sockperf => generators::sockperf(bench, target.addr, seconds),
            _ => generators::squall_pings(bench, target.addr, seconds),
        }
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        within(outcome, Subject::Sockperf, 0, "").into()
    }
}
