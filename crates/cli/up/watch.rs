//! What is seen of the services while they run: events, summaries, and the totals in the end.

use super::services::Running;
use crate::balance::summary;
use crate::events::{Console, counted, totals};
use crate::output::say;
use crate::signals::Signals;
use crate::watching::Ticks;
use crate::watching::say_details;
use squall::echo::{self, EchoBuilder};
use squall::{Event, ProxyBuilder};
use std::time::Duration;
use tokio::signal::unix::Signal;
use tokio::sync::mpsc;

/// Events that may wait to be printed before links and servers are told to join theirs.
const WAITING: usize = 256;

/// An event of a link or of a server.
pub(super) enum Heard {
    Link(Event),
    Echo(echo::Event),
}

/// Hears links and servers, where that is wanted. All clones tell the same receiver.
#[derive(Clone)]
pub(super) struct Ears(Option<mpsc::Sender<Heard>>);

impl Ears {
    /// With what is heard; nothing comes unless it is wanted.
    pub(super) fn new(wanted: bool) -> (Ears, mpsc::Receiver<Heard>) {
        let (sender, heard) = mpsc::channel(WAITING);
        (Ears(wanted.then_some(sender)), heard)
    }

    /// Hears a link that is yet to be started. Must be called inside a runtime.
    pub(super) fn link(&self, builder: &mut ProxyBuilder) {
        let Some(sender) = self.0.clone() else { return };
        let mut events = builder.events();
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if sender.send(Heard::Link(event)).await.is_err() {
                    return;
                }
            }
        });
    }

    /// The same of a server.
    pub(super) fn echo(&self, builder: &mut EchoBuilder) {
        let Some(sender) = self.0.clone() else { return };
        let mut events = builder.events();
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if sender.send(Heard::Echo(event)).await.is_err() {
                    return;
                }
            }
        });
    }
}

/// What is printed.
pub(super) struct Watch {
    console: Console,
    heard: mpsc::Receiver<Heard>,
    ticks: Ticks,
}

impl Watch {
    /// Must be called inside a runtime.
    pub(super) fn new(heard: mpsc::Receiver<Heard>, summary: Option<Duration>) -> Watch {
        Watch { console: Console::default(), heard, ticks: Ticks::every(summary) }
    }

    /// Prints until a signal comes: true where that asks to read the file again, false where it asks to stop.
    pub(super) async fn until_asked(
        &mut self,
        running: &mut Running,
        signals: &mut Signals,
        hangups: &mut Signal,
    ) -> bool {
        loop {
            tokio::select! {
                biased;
                _ = signals.next() => return false,
                Some(()) = hangups.recv() => return true,
                () = self.ticks.next() => say(&sum(running)),
                Some(heard) = self.heard.recv() => self.tell(&heard),
                () = running.left() => {}
            }
        }
    }

    fn tell(&mut self, heard: &Heard) {
        say(&match heard {
            Heard::Link(event) => self.console.line(event),
            Heard::Echo(event) => self.console.echo_line(event),
        });
    }

    /// Prints what is heard while `stopping` goes on.
    pub(super) async fn during(&mut self, stopping: impl Future<Output = ()>) {
        tokio::pin!(stopping);
        loop {
            tokio::select! {
                biased;
                () = &mut stopping => break,
                Some(heard) = self.heard.recv() => self.tell(&heard),
            }
        }
        // Whoever passes events on has not been given the last ones before it has had its turn.
        tokio::task::yield_now().await;
        while let Ok(heard) = self.heard.try_recv() {
            self.tell(&heard);
            tokio::task::yield_now().await;
        }
    }
}

/// The line of totals over all links and servers.
fn sum(running: &Running) -> String {
    let mut all = [0; 4];
    let links = running.links().metrics().into_iter().map(|(_, metrics)| of_link(&metrics));
    let servers = running.echoes().counts().into_iter().map(|(_, counts)| of_echo(&counts));
    for numbers in links.chain(servers) {
        all.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
    }
    let [active, total, up, down] = all;
    totals(active, total, up, down)
}

/// Prints what was counted: of all together, of each link with its faults, and of each server.
pub(super) fn say_totals(running: &Running) {
    say(&sum(running));
    for (link, metrics) in running.links().metrics() {
        let [active, total, up, down] = of_link(&metrics);
        let kind = if metrics.members.is_empty() { "link" } else { "balance" };
        say(&format!("[METRICS] {kind} {link} | {}", counted(active, total, up, down)));
        say_details(&link, &metrics);
        metrics.members.iter().for_each(|member| say(&summary::line(&link, member)));
    }
    for (server, counts) in running.echoes().counts() {
        let [active, total, up, down] = of_echo(&counts);
        say(&format!("[METRICS] echo {server} | {}", counted(active, total, up, down)));
    }
}

fn of_link(metrics: &squall::Metrics) -> [u64; 4] {
    let (connections, bytes) = (&metrics.connections, &metrics.bytes);
    [connections.active, connections.accepted, bytes.up, bytes.down]
}

fn of_echo(counts: &echo::Counts) -> [u64; 4] {
    [counts.active, counts.accepted, counts.bytes_in, counts.bytes_out]
}
