//! Memory where nobody reads and a long delay is full.

use crate::bench::outcome::Outcome;
use crate::bench::relay::{Doing, Relay};
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::senders::Senders;
use crate::bench::servers::Holder;
use crate::bench::subject::Subject;
use crate::bench::{Bench, show};
use std::io;
use std::thread::sleep;
use std::time::Duration;

pub(crate) struct Stuck;

const CONNECTIONS: usize = 4;

/// What squall says one direction of one connection holds at most, by default.
const CAP: f64 = (64 << 20) as f64;

/// For what holds the bytes.
const MARGIN: f64 = 1.1;

impl Row for Stuck {
    fn name(&self) -> &'static str {
        "stuck"
    }

    fn title(&self) -> &'static str {
        "memory with a dead receiver and a full delay line"
    }

    fn how(&self) -> String {
        "4 clients write as fast as they can through a delay of 60 s to a server that never reads; memory is what the relay's \
         processes have (RSS) after 3 s over what they had before, for each connection."
            .into()
    }

    fn subjects(&self) -> &'static [Subject] {
        &[Subject::Squall, Subject::Toxiproxy]
    }

    fn columns(&self) -> &'static [Column] {
        const { &[Column::new("rss", "memory above start, per connection", show::megabytes)] }
    }

    fn measure(&self, bench: &Bench, subject: Subject, _setting: usize) -> io::Result<Figures> {
        let congestion = &bench.congestion.name;
        let holder = Holder::start(congestion)?;
        let relay = Relay::start(bench, subject, holder.addr, Doing::DelayUp(Duration::from_secs(60)))?;
        let before = relay.resident_bytes();
        let senders = Senders::start(relay.addr, congestion, CONNECTIONS)?;
        sleep(bench.span(Duration::from_secs(3)));
        let held = relay.resident_bytes() - before;
        drop(senders);
        Ok(vec![("rss", held / CONNECTIONS as f64)])
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let ours = outcome.median(Subject::Squall, 0, "rss");
        vec![Verdict::at_most(
            "at most the cap of 64 MiB for each direction, and a tenth for what holds it",
            ours,
            Some(CAP * MARGIN),
            show::megabytes,
        )]
    }
}
