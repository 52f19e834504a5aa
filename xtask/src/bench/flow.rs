//! Bulk through a relay: how fast, and what it costs the relay.

use crate::bench::Bench;
use crate::bench::relay::{Doing, Relay};
use crate::bench::row::{Column, Figures};
use crate::bench::senders::Senders;
use crate::bench::servers::Sink;
use crate::bench::show;
use crate::bench::subject::Subject;
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What is measured before it counts.
const WARM: Duration = Duration::from_millis(400);

pub(crate) const COLUMNS: &[Column] = &[
    Column::new("bytes/s", "throughput", show::gigabytes).against_direct(),
    Column::new("cpu-s/GB", "CPU-s/GB", show::fine),
];

/// Measures for `span` how fast bulk arrives behind the relay.
pub(crate) fn measure(
    bench: &Bench,
    subject: Subject,
    doing: Doing,
    streams: usize,
    span: Duration,
) -> io::Result<Figures> {
    let congestion = &bench.congestion.name;
    let sink = Sink::start(congestion, streams)?;
    let relay = Relay::start(bench, subject, sink.addr, doing)?;
    let senders = Senders::start(relay.addr, congestion, streams)?;
    sleep(WARM);
    let state = || (Instant::now(), sink.received(), relay.cpu_seconds());
    let (began, first, cpu) = state();
    sleep(span);
    let (ended, last, cpu_after) = state();
    // While they are open: what ended with its connection could not be counted.
    drop(senders);
    let bytes = (last - first) as f64;
    if bytes == 0.0 {
        return Err(io::Error::other("no byte arrived"));
    }
    let mut figures = vec![("bytes/s", bytes / (ended - began).as_secs_f64())];
    if subject != Subject::Direct {
        figures.push(("cpu-s/GB", (cpu_after - cpu) / (bytes / 1e9)));
    }
    Ok(figures)
}
