//! What a relay says while it runs: events, totals every so often, and all of them in the end.

use crate::events::{Console, drops, summary};
use crate::output::say;
use crate::parse;
use crate::signals::Signals;
use squall::{Event, Events, Metrics};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, interval_at};

/// Options of what is printed.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// Print a line for each connection that opens or closes, and for bytes as they are delivered.
    #[arg(long)]
    pub(crate) log_events: bool,
    /// Print a line of totals so often.
    #[arg(long, value_name = "DURATION", value_parser = parse::period)]
    pub(crate) summary: Option<Duration>,
}

impl Args {
    /// What is to be given the events of each link, and where they all come together; nothing comes unless they are to be
    /// printed.
    pub(crate) fn listen(&self) -> (impl Fn(Events) + Send + Sync + 'static, mpsc::Receiver<Event>) {
        let (sender, events) = mpsc::channel(256);
        let wanted = self.log_events;
        let hear = move |heard| {
            if wanted {
                forward(heard, sender.clone());
            }
        };
        (hear, events)
    }

    /// Prints what was asked for until the first signal.
    pub(crate) async fn watch(
        &self,
        totals: impl Fn() -> Vec<(String, Metrics)>,
        mut events: mpsc::Receiver<Event>,
        signals: &mut Signals,
    ) {
        let mut console = Console::default();
        let mut ticks = Ticks::every(self.summary);
        loop {
            tokio::select! {
                biased;
                _ = signals.next() => return,
                () = ticks.next() => say(&summary(&totals().into_iter().map(|(_, totals)| totals).collect::<Vec<_>>())),
                Some(event) = events.recv() => say(&console.line(&event)),
            }
        }
    }
}

/// When totals are to be printed, if they are.
pub(crate) struct Ticks(Option<Interval>);

impl Ticks {
    /// So often, or never. Must be called inside a runtime.
    pub(crate) fn every(period: Option<Duration>) -> Ticks {
        Ticks(period.map(|period| interval_at(Instant::now() + period, period)))
    }

    /// Whether there are any.
    pub(crate) fn are_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Waits for the next; for ever where none is wanted. Cancelling it loses nothing.
    pub(crate) async fn next(&mut self) {
        match &mut self.0 {
            Some(ticks) => drop(ticks.tick().await),
            None => std::future::pending().await,
        }
    }
}

/// Passes the events of a link on, to its end.
fn forward(mut heard: Events, sender: mpsc::Sender<Event>) {
    tokio::spawn(async move {
        while let Some(event) = heard.recv().await {
            if sender.send(event).await.is_err() {
                return;
            }
        }
    });
}

/// Prints what was counted in all, by link.
pub(crate) fn say_totals(totals: Vec<(String, Metrics)>) {
    let (names, totals): (Vec<_>, Vec<_>) = totals.into_iter().unzip();
    say(&summary(&totals));
    names.iter().zip(&totals).for_each(|(link, metrics)| say_details(link, metrics));
}

/// Prints what became of a link's datagrams, and what its faults did.
pub(crate) fn say_details(link: &str, metrics: &Metrics) {
    if let Some(datagrams) = &metrics.datagrams {
        say(&drops(link, datagrams));
    }
    for fault in &metrics.faults {
        say(&format!("[METRICS] {link} {} | fired: {}", fault.name, fault.fired));
    }
}
