//! Connections that are only there.

use crate::bench::outcome::Outcome;
use crate::bench::relay::{Doing, Relay};
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::servers::Holder;
use crate::bench::subject::Subject;
use crate::bench::{Bench, show, sockets};
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) struct Idle;

const CONNECTIONS: usize = 9_000;

/// More than a backlog holds would be turned away by the kernel, to try again a second later.
const ON_THE_WAY: usize = 1_000;

/// All must have arrived by then.
const PATIENCE: Duration = Duration::from_secs(20);

impl Row for Idle {
    fn name(&self) -> &'static str {
        "idle"
    }

    fn title(&self) -> &'static str {
        "9,000 idle relayed connections"
    }

    fn how(&self) -> String {
        "One client thread opens 9,000 connections, at most 1,000 ahead of the server; the rate counts until the server has accepted all of them; memory is what the \
         relay's processes have then (RSS) over what they had before."
            .into()
    }

    fn subjects(&self) -> &'static [Subject] {
        &[Subject::Direct, Subject::Squall, Subject::Haproxy, Subject::Nginx, Subject::Toxiproxy]
    }

    fn excuse(&self, subject: Subject) -> &'static str {
        if subject == Subject::Socat { "has a process for each connection" } else { "cannot do this" }
    }

    fn columns(&self) -> &'static [Column] {
        const {
            &[
                Column::new("conn/s", "set up, connections/s", show::whole).against_direct(),
                Column::new("rss", "memory above start", show::megabytes),
            ]
        }
    }

    fn measure(&self, bench: &Bench, subject: Subject, _setting: usize) -> io::Result<Figures> {
        let count = if bench.quick { CONNECTIONS / 9 } else { CONNECTIONS };
        let congestion = &bench.congestion.name;
        let holder = Holder::start(congestion)?;
        let relay = Relay::start(bench, subject, holder.addr, Doing::Nothing)?;
        let before = relay.resident_bytes();
        let began = Instant::now();
        let mut clients = Vec::with_capacity(count);
        let wait_for = |arrived: usize| {
            while holder.accepted() < arrived {
                if began.elapsed() > PATIENCE {
                    return Err(io::Error::other(format!("only {} of {count} arrived", holder.accepted())));
                }
                sleep(Duration::from_micros(100));
            }
            Ok(())
        };
        for opened in 0..count {
            wait_for(opened.saturating_sub(ON_THE_WAY))?;
            clients.push(sockets::connect(relay.addr, congestion)?);
        }
        wait_for(count)?;
        let took = began.elapsed();
        let mut figures = vec![("conn/s", count as f64 / took.as_secs_f64())];
        if subject != Subject::Direct {
            figures.push(("rss", relay.resident_bytes() - before));
        }
        drop(clients);
        Ok(figures)
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let ours = |key| outcome.median(Subject::Squall, 0, key);
        vec![
            Verdict::at_most("memory above start: under 50 MB", ours("rss"), Some(50e6), show::megabytes),
            Verdict::at_least(
                "set up: over 15,000 connections/s",
                ours("conn/s"),
                Some(15_000.0),
                show::whole,
            ),
        ]
    }
}
