//! The last things that happened on a link, kept for the case that somebody asks why a run failed.

use squall_proxy::{Event, Proxy};
use squall_wire::{Shards, lock};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::task::JoinHandle;

/// How many are kept.
const KEPT: usize = 12;

pub(super) struct History {
    lines: Arc<Mutex<VecDeque<(u64, String)>>>,
    task: JoinHandle<()>,
}

impl History {
    /// Listens to a link from now on.
    pub(super) fn of(proxy: &Proxy, shards: &Shards) -> History {
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let (mut events, kept, env) = (proxy.events(), lines.clone(), shards.env(0).clone());
        let task = shards.spawn(0, async move {
            while let Some(event) = events.recv().await {
                let line = match event {
                    Event::ConnectionOpened { peer } => format!("{peer} opened"),
                    Event::ConnectionClosed { peer, reason: Some(reason) } => {
                        format!("{peer} closed: {reason}")
                    }
                    Event::ConnectionClosed { peer, reason: None } => {
                        format!("{peer} closed: upstream not reached")
                    }
                    Event::BytesUpstream { .. } | Event::BytesDownstream { .. } => continue,
                };
                let mut kept = lock(&kept);
                if kept.len() == KEPT {
                    kept.pop_front();
                }
                kept.push_back((env.now(), line));
            }
        });
        History { lines, task }
    }

    /// Stops listening.
    pub(super) async fn finish(&mut self) {
        self.task.abort();
        // Aborted is how it ends.
        let _ = (&mut self.task).await;
    }

    /// What was kept, each with its time since `began`.
    pub(super) fn lines(&self, link: &str, began: u64) -> Vec<String> {
        let kept = lock(&self.lines);
        let millis = |at: u64| at.saturating_sub(began) as f64 / 1e6;
        kept.iter().map(|(at, line)| format!("{:10.3} ms  link.{link}  {line}", millis(*at))).collect()
    }
}

impl Drop for History {
    fn drop(&mut self) {
        self.task.abort();
    }
}
