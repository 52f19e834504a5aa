//! Waiting in the middle of a run until nothing is on its way any more.

use super::stage::{LoadState, Stage};
use crate::certainty::{connected, ends_at};
use crate::model::{Link, Load, Scenario, Target};
use squall_echo::Counts;
use squall_faults::Carrier;
use squall_proxy::Metrics;
use squall_wire::nanos;
use std::time::Duration;

/// How long no count may have moved on the real clock until nothing is on its way any more.
pub(super) const QUIET: Duration = Duration::from_millis(20);

/// Waits until no connection is open and nothing is queued on links and servers that no load is using, for up to the grace.
/// Clients of datagrams never say that they are done; there it is enough that no datagram is held or has moved for a while.
pub(super) async fn come(scenario: &Scenario, stage: &Stage) {
    let env = stage.env().clone();
    let quiet = if env.is_virtual() { Duration::ZERO } else { QUIET };
    let resting = async {
        let (mut lulls, mut seen, mut since) = (env.lulls(), None, env.now());
        loop {
            lulls.next().await;
            let look = Look::at(scenario, stage);
            let (busy, now) = (look.is_busy(), env.now());
            let moved = !quiet.is_zero() && seen.as_ref() != Some(&look);
            if busy || moved {
                (seen, since) = (Some(look), now);
            } else if now.saturating_sub(since) >= nanos(quiet) {
                return;
            }
        }
    };
    // What is still open after the grace stays as it is: looking ends nothing.
    let _in_time = env.timeout(scenario.grace, resting).await;
}

/// All that may move though no load is running over it.
#[derive(PartialEq)]
struct Look {
    links: Vec<(Carrier, Metrics)>,
    echoes: Vec<(Carrier, Counts)>,
}

impl Look {
    fn at(scenario: &Scenario, stage: &Stage) -> Look {
        let running: Vec<&Load> = scenario
            .loads()
            .filter(|(name, _)| matches!(stage.loads.get(*name), Some(LoadState::Running(_))))
            .map(|(_, load)| load)
            .collect();
        let in_use = |link: &Link| {
            running.iter().any(|load| match &load.target {
                Target::Link(first) => connected(scenario, first).any(|used| used.name == link.name),
                Target::Echo(_) | Target::Process(_) => false,
            })
        };
        let links = stage.link_metrics().filter_map(|(name, metrics)| {
            let link = scenario.link(name).filter(|link| !in_use(link))?;
            Some((link.carrier, metrics))
        });
        let echoes = stage.echo_counts().into_iter().filter_map(|(name, counts)| {
            let echo = scenario.echoes.iter().find(|echo| echo.name == name)?;
            let used = running.iter().any(|load| ends_at(scenario, load, &name));
            (!used).then_some((echo.carrier, counts))
        });
        Look { links: links.collect(), echoes: echoes.collect() }
    }

    fn is_busy(&self) -> bool {
        let link = |(carrier, metrics): &(Carrier, Metrics)| {
            metrics.held > 0 || (*carrier == Carrier::Stream && metrics.connections.active > 0)
        };
        let echo = |(carrier, counts): &(Carrier, Counts)| *carrier == Carrier::Stream && counts.active > 0;
        self.links.iter().any(link) || self.echoes.iter().any(echo)
    }
}
