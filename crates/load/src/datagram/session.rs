//! One session's share of a load over datagrams: a socket, used until all is answered or given up.

use super::line::Line;
use crate::counters::Failure;
use crate::deal::Deal;
use crate::shared::Shared;
use squall_wire::{Datagrams, Env};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::oneshot;

pub(crate) struct Session {
    shared: Arc<Shared>,
    env: Env,
    deal: Deal,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, env: Env, number: u64) -> Session {
        let deal = Deal::new(&shared, number);
        Session { shared, env, deal }
    }

    /// Works off its share. In a closed loop it says so when its first datagram is on its way: a target sees the sessions in
    /// order. In an open loop all begin together.
    pub(crate) async fn run(mut self, begun: oneshot::Sender<()>, gate: oneshot::Receiver<()>) {
        let shard = self.deal.number as usize;
        let Ok((socket, target)) = self.open() else {
            self.shared.tally(shard).counts.connections.refused += 1;
            self.deal.begin(&self.shared);
            while !self.deal.is_done(self.env.now()) && self.deal.share() < u64::MAX {
                self.shared.fail_unsent(shard, Failure::Refused, &mut self.deal, self.env.now());
            }
            return;
        };
        self.shared.tally(shard).counts.connections.opened += 1;
        let mut begun = Some(begun);
        if self.shared.load().schedule.is_some() {
            drop(begun.take());
            if gate.await.is_err() {
                return;
            }
        }
        self.deal.begin(&self.shared);
        let hold = self.shared.load().hold;
        let mut line = Line::new(&self.shared, &self.env, &mut self.deal, (socket, target), begun);
        line.run().await;
        if !hold.is_zero() {
            self.env.sleep(hold).await;
        }
        line.drain().await;
    }

    /// A socket at the address from which the target is reached, announced; and the target.
    fn open(&self) -> io::Result<(Datagrams, SocketAddr)> {
        let load = self.shared.load();
        let target = load.addr().ok_or(io::ErrorKind::Unsupported)?;
        let local = match load.source {
            Some(source) => source.address(self.deal.number),
            // The socket is bound to no destination, so the route is asked for apart: others know the session by its address.
            None => self.env.dialer(target)?.local_addr().ip(),
        };
        let socket = self.env.bind(SocketAddr::new(local, 0))?;
        if let Some(announce) = &load.announce {
            announce(socket.local_addr(), self.deal.number, 1);
        }
        Ok((socket, target))
    }
}
