//! Load over HTTP: squall beside wrk.

use crate::bench::outcome::Outcome;
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::rows::within;
use crate::bench::subject::Subject;
use crate::bench::targets::Target;
use crate::bench::{Bench, generators};
use std::io;

pub(crate) struct LoadHttp;

const CONNECTIONS: [usize; 2] = [1, 32];

impl Row for LoadHttp {
    fn name(&self) -> &'static str {
        "load-http"
    }

    fn title(&self) -> &'static str {
        "load over HTTP"
    }

    fn how(&self) -> String {
        "A generator of load keeps one GET under way on each connection for 2 s, from one thread; nginx with one worker answers with 2 \
         bytes, or squall's echo where there is no nginx. wrk puts samples of its own behind a latency of more than twice the mean time \
         between two requests; squall shows what it measured."
            .into()
    }

    fn settings(&self) -> Vec<String> {
        CONNECTIONS
            .map(|n| if n == 1 { "1 connection".to_owned() } else { format!("{n} connections") })
            .into()
    }

    fn subjects(&self) -> &'static [Subject] {
        &[Subject::Squall, Subject::Wrk]
    }

    fn peers(&self) -> &'static [Subject] {
        &[Subject::Wrk]
    }

    fn kind(&self) -> &'static str {
        "generator"
    }

    fn columns(&self) -> &'static [Column] {
        generators::COLUMNS
    }

    fn measure(&self, bench: &Bench, subject: Subject, setting: usize) -> io::Result<Figures> {
        let target = Target::web(bench)?;
        let (url, connections) = (format!("http://{}/", target.addr), CONNECTIONS[setting]);
        let seconds = if bench.quick { 1 } else { 2 };
        match subject {
            Subject::Wrk => generators::wrk(bench, &url, connections, seconds),
            _ => generators::squall(bench, &url, connections, seconds, &[]),
        }
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let settings = self.settings();
        let judge = |(setting, name): (usize, &String)| within(outcome, Subject::Wrk, setting, name);
        settings.iter().enumerate().flat_map(judge).collect()
    }
}
