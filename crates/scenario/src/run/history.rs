//! The last things that happened on a link, kept for the case that somebody asks why a run failed.

use crate::timeline::Lanes;
use squall_proxy::{Event, Events, Proxy};
use squall_wire::{Env, Shards, lock};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::task::{JoinHandle, unconstrained};

/// How many are kept.
const KEPT: usize = 12;

/// How long the news of a connection's end may be behind the end itself, where real threads carry it.
const BEHIND: Duration = Duration::from_millis(500);

pub(super) struct History {
    env: Env,
    notes: Notes,
    events: Arc<Mutex<Events>>,
    task: JoinHandle<()>,
}

/// Where events are written down.
#[derive(Clone)]
struct Notes {
    lines: Arc<Mutex<VecDeque<(u64, String)>>>,
    lanes: Option<Arc<Mutex<Lanes>>>,
}

impl History {
    /// Listens to a link from now on; its connections are followed where there are `lanes`.
    pub(super) fn of(proxy: &Proxy, shards: &Shards, lanes: Option<Arc<Mutex<Lanes>>>) -> History {
        let notes = Notes { lines: Arc::new(Mutex::new(VecDeque::new())), lanes };
        let (events, env) = (Arc::new(Mutex::new(proxy.events())), shards.env(0).clone());
        let (heard, written, clock) = (events.clone(), notes.clone(), env.clone());
        let task = shards.spawn(0, async move {
            while let Some(event) = poll_fn(|cx| poll(&heard, cx)).await {
                written.write(clock.now(), event);
            }
        });
        History { env, notes, events, task }
    }

    /// Stops listening, once everything that has happened is written down.
    pub(super) async fn finish(&mut self) {
        let open = |notes: &Notes| notes.lanes.as_ref().is_some_and(|lanes| lock(lanes).any_open());
        if !self.env.is_virtual() && open(&self.notes) {
            let mut lulls = self.env.lulls();
            let told = async {
                while open(&self.notes) {
                    lulls.next().await;
                }
            };
            // What is not told by then has no end.
            let _ = self.env.timeout(BEHIND, told).await;
        }
        self.task.abort();
        // Aborted is how it ends.
        let _ = (&mut self.task).await;
        if self.notes.lanes.is_some() {
            let mut idle = Context::from_waker(Waker::noop());
            let mut events = lock(&self.events);
            // All of them, however many a task may take in one go.
            while let Poll::Ready(Some(event)) = pin!(unconstrained(events.recv())).poll(&mut idle) {
                self.notes.write(self.env.now(), event);
            }
        }
    }

    /// What was kept, each with its time since `began` and the link's path.
    pub(super) fn lines(&self, link: &str, began: u64) -> Vec<String> {
        let kept = lock(&self.notes.lines);
        let millis = |at: u64| at.saturating_sub(began) as f64 / 1e6;
        kept.iter().map(|(at, line)| format!("{:10.3} ms  {link}  {line}", millis(*at))).collect()
    }
}

/// The next event. Asking anew each time loses none.
fn poll(events: &Mutex<Events>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
    let mut events = lock(events);
    pin!(events.recv()).poll(cx)
}

impl Notes {
    fn write(&self, now: u64, event: Event) {
        if let Some(lanes) = &self.lanes {
            lock(lanes).note(now, &event);
        }
        let line = match event {
            Event::ConnectionOpened { peer } => format!("{peer} opened"),
            Event::ConnectionClosed { peer, reason: Some(reason), fault } => {
                format!("{peer} closed: {}", reason.told(fault.as_deref()))
            }
            Event::ConnectionClosed { peer, reason: None, .. } => {
                format!("{peer} closed: upstream not reached")
            }
            Event::BytesUpstream { .. } | Event::BytesDownstream { .. } => return,
        };
        let mut kept = lock(&self.lines);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((now, line));
    }
}

impl Drop for History {
    fn drop(&mut self) {
        self.task.abort();
    }
}
