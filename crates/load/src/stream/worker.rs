//! One connection's share of a load: connect, exchange, and connect again where the connection was lost or has done its part.

use super::close::close;
use super::connect::{Connection, Connector};
use super::line::{End, Line};
use crate::counters::Failure;
use crate::deal::Deal;
use crate::shared::Shared;
use crate::tally::Instants;
use squall_wire::Env;
use std::sync::Arc;
use tokio::sync::oneshot;

pub(crate) struct Worker {
    shared: Arc<Shared>,
    env: Env,
    deal: Deal,
    connector: Connector,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, env: Env, number: u64) -> Worker {
        let deal = Deal::new(&shared, number);
        let connector = Connector::new(shared.clone(), env.clone(), number);
        Worker { shared, env, deal, connector }
    }

    fn shard(&self) -> usize {
        self.deal.number as usize
    }

    /// Connects, says so, waits for the gate, and works off its share.
    pub(crate) async fn run(mut self, connected: oneshot::Sender<()>, gate: oneshot::Receiver<()>) {
        let mut connection = self.connector.connect().await;
        drop(connected);
        if gate.await.is_err() {
            return;
        }
        self.deal.begin(&self.shared);
        let (mut lost, mut churned, reconnect) = (false, false, self.shared.load().reconnect);
        // Since when a request could have been sent.
        let mut free = self.env.now();
        while !self.deal.is_done(self.env.now()) {
            if let Some(due) = self.deal.due(&self.shared) {
                self.env.sleep_until(due).await;
                if self.deal.is_done(self.env.now()) {
                    break;
                }
            }
            if connection.is_none() && (reconnect || churned) {
                connection = self.connector.reopen().await;
                free = self.env.now();
            }
            churned = false;
            match connection.take() {
                Some(Connection::Open(mut open)) => {
                    let mut line = Line::new(&self.shared, &self.env, &mut self.deal, &mut open, free);
                    match line.run().await {
                        End::Served => {
                            if self.deal.is_done(self.env.now()) {
                                connection = Some(Connection::Open(open));
                                break;
                            }
                            close(&self.shared, &self.env, self.deal.number, open).await;
                            churned = true;
                        }
                        End::Lost => lost = true,
                    }
                    free = self.env.now();
                }
                Some(Connection::Broken(failure)) => {
                    self.fail_on_broken(failure);
                    lost = true;
                }
                None => {
                    let failure = if lost && !reconnect { Failure::NotSent } else { Failure::Refused };
                    let now = self.env.now();
                    self.shared.fail_unsent(self.shard(), failure, &mut self.deal, now);
                    self.deal.over(self.env.now());
                }
            }
        }
        match connection {
            Some(Connection::Open(open)) => close(&self.shared, &self.env, self.deal.number, open).await,
            Some(Connection::Broken(_)) => self.lost_one(),
            None => {}
        }
    }

    /// The connection was of no use already when the request was about to be sent.
    fn fail_on_broken(&mut self, failure: Failure) {
        let now = self.env.now();
        let plan = self.deal.due(&self.shared).unwrap_or(now);
        let warmup = self.shared.warms_up(plan);
        self.deal.take();
        self.shared.sent(self.shard(), &Instants { plan, send: now, first: None, warmup }, now);
        self.shared.fail(self.shard(), failure, warmup, now);
        self.lost_one();
        self.deal.over(now);
    }

    fn lost_one(&self) {
        self.shared.tally(self.shard()).counts.connections.lost += 1;
    }
}
