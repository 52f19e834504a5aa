//! A link's counts as they change, for whoever watches; free while nobody does.

use crate::link::Link;
use crate::metrics::Metrics;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Between two looks at the counts, at the least.
const SHORTEST: Duration = Duration::from_millis(1);

/// Looks at the counts every `period`, until nobody watches any more or nothing changes any more.
pub(crate) fn watch(link: &Arc<Link>, period: Duration) -> watch::Receiver<Metrics> {
    let (sender, receiver) = watch::channel(link.metrics());
    let link = link.clone();
    let shards = link.shards.clone();
    shards.spawn(0, async move {
        let env = link.shards.env(0).clone();
        let mut unwatched = pin!(sender.closed());
        loop {
            if env.timeout(period.max(SHORTEST), &mut unwatched).await.is_some() {
                return;
            }
            // Read before the counts, so that the last of them are final.
            let over = link.registry.is_over();
            let counts = link.metrics();
            sender.send_if_modified(|last| {
                let changed = *last != counts;
                *last = counts;
                changed
            });
            if over {
                return;
            }
        }
    });
    receiver
}
