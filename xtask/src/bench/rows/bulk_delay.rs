//! Bulk through a delay: latency must not cost bandwidth.

use crate::bench::outcome::Outcome;
use crate::bench::relay::Doing;
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::subject::Subject;
use crate::bench::{Bench, flow, show};
use std::io;
use std::time::Duration;

pub(crate) struct BulkDelay;

const DELAYS: [u64; 2] = [5, 10];

impl Row for BulkDelay {
    fn name(&self) -> &'static str {
        "bulk-delay"
    }

    fn title(&self) -> &'static str {
        "bulk through 5 and 10 ms"
    }

    fn how(&self) -> String {
        "As bulk-1, with what the client sends delayed by 5 or 10 ms; direct is without delay.".into()
    }

    fn settings(&self) -> Vec<String> {
        DELAYS.map(|delay| format!("{delay} ms")).into()
    }

    fn subjects(&self) -> &'static [Subject] {
        &[Subject::Direct, Subject::Squall, Subject::Toxiproxy]
    }

    fn columns(&self) -> &'static [Column] {
        flow::COLUMNS
    }

    fn measure(&self, bench: &Bench, subject: Subject, setting: usize) -> io::Result<Figures> {
        let span = bench.span(Duration::from_millis(1500));
        flow::measure(bench, subject, Doing::DelayUp(Duration::from_millis(DELAYS[setting])), 1, span)
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let ten = 1;
        let ratio = |subject| outcome.against_direct(subject, ten, "bytes/s");
        let cpu = |subject| outcome.median(subject, ten, "cpu-s/GB");
        let peer = Subject::Toxiproxy;
        vec![
            Verdict::at_least(
                "10 ms, x direct: at least twice toxiproxy",
                ratio(Subject::Squall),
                ratio(peer).map(|ratio| ratio * 2.0),
                show::times,
            ),
            Verdict::at_most(
                "10 ms, CPU-s/GB: at most half of toxiproxy",
                cpu(Subject::Squall),
                cpu(peer).map(|cpu| cpu / 2.0),
                show::fine,
            ),
        ]
    }
}
