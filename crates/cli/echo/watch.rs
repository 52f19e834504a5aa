//! What is seen of the servers while they run: metrics, events, summaries.

use crate::Failure;
use crate::events::{Console, echo_summary};
use crate::output::say;
use crate::signals::Signals;
use crate::watching::Ticks;
use squall::echo::{EchoBuilder, Event, Events};
use squall_control::{EchoSource, Server, serve_echoes};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::mpsc;

/// Events that may wait to be printed before their servers are told to join theirs.
const WAITING: usize = 256;

/// The servers, as seen by whoever started them.
pub(super) struct Watch {
    sources: Vec<EchoSource>,
    console: Console,
    sender: Option<mpsc::Sender<Event>>,
    events: mpsc::Receiver<Event>,
    ticks: Ticks,
}

impl Watch {
    /// Of no server yet. Must be called inside a runtime.
    pub(super) fn new(log_events: bool, summary: Option<Duration>) -> Watch {
        let (sender, events) = mpsc::channel(WAITING);
        Watch {
            sources: Vec::new(),
            console: Console::default(),
            sender: log_events.then_some(sender),
            events,
            ticks: Ticks::every(summary),
        }
    }

    /// Hears the events of a server that is yet to be started, where they are wanted.
    pub(super) fn listen(&self, builder: &mut EchoBuilder) {
        if let Some(sender) = &self.sender {
            forward(builder.events(), sender.clone());
        }
    }

    pub(super) fn add(&mut self, source: EchoSource) {
        self.sources.push(source);
    }

    /// Serves the metrics of all servers, where they are wanted.
    pub(super) async fn serve(&self, addr: Option<SocketAddr>) -> Result<Option<Server>, Failure> {
        let Some(addr) = addr else { return Ok(None) };
        serve_echoes(addr, self.sources.clone()).await.map(Some).map_err(Failure::environment)
    }

    fn summary(&self) -> String {
        echo_summary(&self.sources.iter().map(|source| source.totals.counts()).collect::<Vec<_>>())
    }

    /// Prints what was asked for until the first signal.
    pub(super) async fn until(&mut self, signals: &mut Signals) {
        loop {
            tokio::select! {
                biased;
                _ = signals.next() => return,
                () = self.ticks.next() => say(&self.summary()),
                Some(event) = self.events.recv() => say(&self.console.echo_line(&event)),
            }
        }
    }

    /// Prints what the servers, all of which have stopped, told last, and the totals.
    pub(super) async fn end(mut self) {
        self.sender = None;
        while let Some(event) = self.events.recv().await {
            say(&self.console.echo_line(&event));
        }
        if self.ticks.are_wanted() {
            say(&self.summary());
        }
    }
}

/// Passes the events of a server on, to its end.
fn forward(mut heard: Events, sender: mpsc::Sender<Event>) {
    tokio::spawn(async move {
        while let Some(event) = heard.recv().await {
            if sender.send(event).await.is_err() {
                return;
            }
        }
    });
}
