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
         between two requests; squall shows what it measured. With 32 connections only requests/s are compared: the clock of wrk \
         starts when it gets round to writing a request, so what that waits behind other answers is not in its times, while squall \
         writes the next request with the answer to the last (the mean time in a closed loop is its connections over requests/s)."
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
        let judge = |(setting, name): (usize, &String)| {
            // See `how`: with many connections the two measure different times.
            let both = |verdict: &Verdict| CONNECTIONS[setting] == 1 || !verdict.target.contains("p50");
            within(outcome, Subject::Wrk, setting, name).into_iter().filter(both).collect::<Vec<_>>()
        };
        settings.iter().enumerate().flat_map(judge).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_compared_with_one_connection_only() {
        let mut outcome = Outcome::new(LoadHttp.settings());
        for setting in 0..CONNECTIONS.len() {
            outcome.add(Subject::Squall, setting, Some(vec![("req/s", 100.0), ("p50", 2.0)]));
            outcome.add(Subject::Wrk, setting, Some(vec![("req/s", 100.0), ("p50", 1.0)]));
        }
        let met: Vec<_> = LoadHttp.judge(&outcome).into_iter().map(|verdict| verdict.met).collect();
        assert_eq!(met, [Some(false), Some(true), Some(true)]);
    }
}
