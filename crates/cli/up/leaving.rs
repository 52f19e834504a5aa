//! How links, balancers and servers end: without a port at once, and without connections after the grace.

use super::services::Running;
use squall::echo::Echo;
use squall::{Carrier, Proxy};
use std::time::Duration;

impl Running {
    /// What a server or a link has open goes on, for as long as the grace is.
    pub(super) async fn leave(&mut self, link: Proxy) {
        link.close_port().await;
        let grace = self.grace();
        self.leaving.spawn(async move { link.drain(grace).await });
    }

    pub(super) async fn leave_server(&mut self, mut server: Echo) {
        server.close_port().await;
        let grace = self.grace();
        self.leaving.spawn(async move {
            server.stop(grace).await;
        });
    }

    /// Closes the ports that others have taken the place of. What leads to others goes before them.
    pub(super) async fn let_go(&mut self) {
        let (links, servers) = std::mem::take(&mut self.retired);
        for link in links.into_iter().rev() {
            self.leave(link).await;
        }
        for server in servers {
            self.leave_server(server).await;
        }
    }

    /// Waits until something has left; for ever where nothing is leaving. Cancelling it loses nothing.
    pub(super) async fn left(&mut self) {
        if self.leaving.join_next().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Closes all ports, those that lead to others first, and lets connections end within one grace.
    pub(super) async fn stop(&mut self) {
        let grace = self.grace();
        let order = self.services.links_in_order().into_iter().rev();
        // Sessions of datagrams go on using their ports.
        let streams = order.filter(|link| link.carrier == Carrier::Stream);
        let streams: Vec<String> = streams.map(|link| link.name.clone()).collect();
        for name in streams {
            if let Some(link) = self.release(&name).await {
                self.leave(link).await;
            }
        }
        for server in std::mem::take(&mut self.servers).into_values().flatten() {
            self.leave_server(server).await;
        }
        self.links.drain(grace).await;
        while self.leaving.join_next().await.is_some() {}
    }

    /// How long connections of what is stopped or replaced may go on.
    pub(super) fn grace(&self) -> Duration {
        self.services.grace.unwrap_or(super::GRACE)
    }
}
