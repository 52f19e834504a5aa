//! Bulk through a relay that does nothing to it.

use crate::bench::outcome::Outcome;
use crate::bench::relay::Doing;
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::rows::ALL;
use crate::bench::subject::Subject;
use crate::bench::{Bench, flow, show};
use std::io;
use std::time::Duration;

pub(crate) struct Bulk {
    pub(crate) streams: usize,
}

impl Row for Bulk {
    fn name(&self) -> &'static str {
        if self.streams == 1 { "bulk-1" } else { "bulk-4" }
    }

    fn title(&self) -> &'static str {
        if self.streams == 1 { "clean relay, 1 bulk stream" } else { "clean relay, 4 bulk streams" }
    }

    fn how(&self) -> String {
        let clients = if self.streams == 1 { "A client writes" } else { "4 clients write" };
        format!(
            "{clients} 256 KiB at a time as fast as possible; a server reads and counts what arrives in 1.5 s, after 0.4 s that do \
             not count; CPU is that of the relay's processes in this time."
        )
    }

    fn subjects(&self) -> &'static [Subject] {
        ALL
    }

    fn columns(&self) -> &'static [Column] {
        flow::COLUMNS
    }

    fn measure(&self, bench: &Bench, subject: Subject, _setting: usize) -> io::Result<Figures> {
        let span = bench.span(Duration::from_millis(1500));
        flow::measure(bench, subject, Doing::Bulk, self.streams, span)
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let ratio = |subject| outcome.against_direct(subject, 0, "bytes/s");
        let ours = ratio(Subject::Squall);
        let best = outcome.best_peer(0, "bytes/s", true).and_then(|(best, _)| ratio(best));
        let toxiproxy = ratio(Subject::Toxiproxy).map(|ratio| ratio * 5.0);
        let cpu = |subject| outcome.median(subject, 0, "cpu-s/GB");
        vec![
            Verdict::at_least("x direct: at least the best peer", ours, best, show::times),
            Verdict::at_least("x direct: at least 5 times toxiproxy", ours, toxiproxy, show::times),
            Verdict::at_most(
                "CPU-s/GB: at most haproxy with splice",
                cpu(Subject::Squall),
                cpu(Subject::Haproxy),
                show::fine,
            ),
        ]
    }
}
