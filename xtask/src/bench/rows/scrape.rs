//! What it costs to have metrics asked for again and again.

use crate::bench::outcome::{Outcome, median};
use crate::bench::relay::{Doing, Relay, free_addr, wait_for};
use crate::bench::row::{Column, Figures, Row, Verdict};
use crate::bench::scraper::Scraper;
use crate::bench::senders::Senders;
use crate::bench::servers::{Echo, Sink};
use crate::bench::subject::Subject;
use crate::bench::{Bench, pinger, show};
use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Bulk on one stream, or small requests.
pub(crate) struct Scrape {
    pub(crate) bulk: bool,
}

const CONNECTIONS: usize = 16;

/// Before it counts.
const WARM: Duration = Duration::from_millis(400);

/// One measurement; metrics are asked for three times in it, or not at all.
const SLICE: Duration = Duration::from_millis(300);

/// Pairs of slices, one with and one without.
const PAIRS: usize = 8;

/// Of the speed without.
const TARGET: f64 = 2.0;

impl Row for Scrape {
    fn name(&self) -> &'static str {
        if self.bulk { "scrape-bulk" } else { "scrape-echo" }
    }

    fn title(&self) -> &'static str {
        if self.bulk { "metrics scraped, 1 bulk stream" } else { "metrics scraped, 64 B echo" }
    }

    fn how(&self) -> String {
        let traffic = if self.bulk { "Bulk as in bulk-1" } else { "Requests as in echo" };
        format!(
            "{traffic} through `squall proxy --metrics`, in pairs of 0.3 s: one during which metrics are asked for 10 times a second, and \
             one without; every other pair the other way round. Slower by: the median of what pairs differ by; spread: half of the range \
             in which the middle half of the pairs lie."
        )
    }

    fn subjects(&self) -> &'static [Subject] {
        &[Subject::Squall]
    }

    fn peers(&self) -> &'static [Subject] {
        &[]
    }

    fn columns(&self) -> &'static [Column] {
        const BULK: &[Column] = &[
            Column::new("without", "without", show::gigabytes),
            Column::new("scraped", "scraped", show::gigabytes),
            Column::new("slower", "slower by", show::percent),
            Column::new("spread", "spread", show::percent),
        ];
        const ECHO: &[Column] = &[
            Column::new("without", "without, requests/s", show::whole),
            Column::new("scraped", "scraped, requests/s", show::whole),
            Column::new("slower", "slower by", show::percent),
            Column::new("spread", "spread", show::percent),
        ];
        if self.bulk { BULK } else { ECHO }
    }

    fn measure(&self, bench: &Bench, _subject: Subject, _setting: usize) -> io::Result<Figures> {
        let congestion = bench.congestion.name.as_str();
        let metrics = free_addr()?;
        let (doing, pairs) = (Doing::Watched(metrics), if bench.quick { 2 } else { PAIRS });
        let sample = |measure: &mut dyn FnMut() -> io::Result<f64>| -> io::Result<Vec<(f64, f64)>> {
            wait_for(metrics, false)?;
            let scraped = |measure: &mut dyn FnMut() -> io::Result<f64>| {
                let scraper = Scraper::start(metrics, congestion.into());
                let speed = measure()?;
                scraper.stop().map(|_| speed)
            };
            let mut found = Vec::new();
            for pair in 0..pairs {
                // What gets faster or slower with time does so for both.
                found.push(if pair % 2 == 0 {
                    let without = measure()?;
                    (without, scraped(measure)?)
                } else {
                    let scraped = scraped(measure)?;
                    (measure()?, scraped)
                });
            }
            Ok(found)
        };
        let found = if self.bulk {
            let sink = Sink::start(congestion, 1)?;
            let relay = Relay::start(bench, Subject::Squall, sink.addr, doing)?;
            let _senders = Senders::start(relay.addr, congestion, 1)?;
            sleep(WARM);
            sample(&mut || {
                let (began, first) = (Instant::now(), sink.received());
                sleep(SLICE);
                Ok((sink.received() - first) as f64 / began.elapsed().as_secs_f64())
            })
        } else {
            let echo = Echo::start(congestion)?;
            let relay = Relay::start(bench, Subject::Squall, echo.addr, doing)?;
            let ask = |span: Duration| {
                let samples =
                    pinger::side_by_side(relay.addr, congestion, CONNECTIONS, Duration::ZERO, span)?;
                Ok(samples.len() as f64 / span.as_secs_f64())
            };
            ask(WARM)?;
            sample(&mut || ask(SLICE))
        }?;
        figures(&found).ok_or_else(|| io::Error::other("nothing arrived"))
    }

    fn judge(&self, outcome: &Outcome) -> Vec<Verdict> {
        let of = |key| outcome.median(Subject::Squall, 0, key);
        let target = "slower by at most 2%";
        let mut verdict = Verdict::at_most(target, of("slower"), Some(TARGET), show::percent);
        if let Some(spread) = of("spread").filter(|spread| *spread > TARGET) {
            // So little cannot be told from what disturbs the machine.
            verdict.met = None;
            verdict.found.push_str(&format!("; pairs differ by {}", show::percent(spread)));
        }
        vec![verdict]
    }
}

/// What pairs, each without and with, come to; none where one has no speed.
fn figures(pairs: &[(f64, f64)]) -> Option<Figures> {
    if pairs.iter().any(|(without, scraped)| *without <= 0.0 || *scraped <= 0.0) {
        return None;
    }
    let mut slower: Vec<f64> =
        pairs.iter().map(|(without, scraped)| (1.0 - scraped / without) * 100.0).collect();
    slower.sort_by(f64::total_cmp);
    let quarter = slower.len() / 4;
    let (low, high) = (slower.get(quarter)?, slower.get(slower.len().checked_sub(quarter + 1)?)?);
    Some(vec![
        ("without", median(pairs.iter().map(|pair| pair.0).collect())?),
        ("scraped", median(pairs.iter().map(|pair| pair.1).collect())?),
        ("slower", median(slower.clone())?),
        ("spread", (high - low) / 2.0),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_compared_one_by_one() {
        let pairs = [(100.0, 99.0), (200.0, 196.0), (50.0, 48.5), (100.0, 50.0)];
        let found = figures(&pairs).expect("pairs");
        let of = |key: &str| found.iter().find(|figure| figure.0 == key).map(|figure| figure.1);
        assert_eq!((of("without"), of("scraped")), (Some(100.0), Some(74.5)));
        // 1%, 2%, 3% and 50%: the middle half is from 2% to 3%.
        assert!(of("slower").is_some_and(|slower| (slower - 2.5).abs() < 1e-9), "{found:?}");
        assert!(of("spread").is_some_and(|spread| (spread - 0.5).abs() < 1e-9), "{found:?}");
        assert!(figures(&[]).is_none() && figures(&[(0.0, 1.0)]).is_none());
    }

    #[test]
    fn a_difference_that_noise_hides_is_no_verdict() {
        let judge = |slower: f64, spread: f64| {
            let mut outcome = Outcome::new(vec![String::new()]);
            outcome.add(Subject::Squall, 0, Some(vec![("slower", slower), ("spread", spread)]));
            Scrape { bulk: true }.judge(&outcome).first().and_then(|verdict| verdict.met)
        };
        assert_eq!((judge(1.0, 0.5), judge(3.0, 0.5), judge(1.0, 5.0)), (Some(true), Some(false), None));
    }
}
