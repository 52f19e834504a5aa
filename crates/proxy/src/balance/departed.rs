//! Members that have left a balancer while connections of theirs were open.

use super::balancer::Balancer;
use crate::link::Link;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Members that have left a balancer. Their connections go on; [`Departed::drain`] sees to their end. Dropping it leaves them to
/// end by themselves.
#[must_use = "connections to members that have left go on until they are drained"]
pub struct Departed {
    link: Arc<Link>,
    balancer: Arc<Balancer>,
    /// By the numbers of their departures.
    departures: Vec<u64>,
}

impl Departed {
    pub(super) fn new(link: Arc<Link>, balancer: Arc<Balancer>, departures: Vec<u64>) -> Departed {
        Departed { link, balancer, departures }
    }

    /// True where nobody has left.
    pub fn is_empty(&self) -> bool {
        self.departures.is_empty()
    }

    /// Waits until they have no connections, for up to `grace`; resets those that are left then, and sends those that are only
    /// being made to other members. Cancelling it leaves them alone.
    pub async fn drain(self, grace: Duration) {
        let env = self.link.shards.env(0);
        let ended = async {
            loop {
                let drained = self.balancer.drained.notified();
                if !self.departures.iter().any(|departure| self.balancer.has_connections(*departure)) {
                    return;
                }
                drained.await;
            }
        };
        if env.timeout(grace, ended).await.is_none() {
            for departure in &self.departures {
                self.balancer.end_departed(&self.link, *departure);
            }
        }
    }
}

impl fmt::Debug for Departed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Departed").field(&self.departures.len()).finish()
    }
}
