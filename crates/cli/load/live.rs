//! One line that says how far a load has come, on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use squall::load::Counts;
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

/// What is counted towards.
pub(super) enum Total {
    Requests(u64),
    Time(Duration),
    Unknown,
}

/// The line; nothing where nobody watches.
pub(super) struct Live {
    bar: Option<ProgressBar>,
    total: Total,
    began: Instant,
    tick: tokio::time::Interval,
}

/// How often it changes.
const PERIOD: Duration = Duration::from_millis(200);

impl Live {
    /// Must be made inside a runtime.
    pub(super) fn new(total: Total) -> Live {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let template = match total {
                Total::Unknown => "{elapsed} {wide_msg}",
                Total::Requests(_) | Total::Time(_) => "{elapsed} [{bar:24}] {percent:>3}% {wide_msg}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
            match total {
                Total::Requests(requests) => bar.set_length(requests),
                Total::Time(duration) => bar.set_length(duration.as_millis() as u64),
                Total::Unknown => {}
            }
            bar
        });
        Live { bar, total, began: Instant::now(), tick: tokio::time::interval(PERIOD) }
    }

    /// Waits until there is something to show.
    pub(super) async fn tick(&mut self) {
        match self.bar {
            Some(_) => drop(self.tick.tick().await),
            None => std::future::pending().await,
        }
    }

    pub(super) fn show(&mut self, counts: &Counts) {
        let Some(bar) = &self.bar else { return };
        let elapsed = self.began.elapsed();
        let done = counts.ok + counts.failed;
        match self.total {
            Total::Requests(_) | Total::Unknown => bar.set_position(done),
            Total::Time(duration) => bar.set_position(elapsed.min(duration).as_millis() as u64),
        }
        let rate = done as f64 / elapsed.as_secs_f64().max(0.001);
        let open = counts.connections.opened.saturating_sub(counts.connections.lost);
        bar.set_message(format!(
            "{} ok  {} failed  {rate:.0}/s  {open} connections",
            counts.ok, counts.failed
        ));
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
