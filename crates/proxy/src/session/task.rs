//! The engine of a session: it receives, asks the faults what to do, sleeps, and sends. It knows no fault by name.

use super::flow::{Flow, Flushed};
use super::inbox::Inbox;
use super::receiver::Front;
use super::serve::socket_towards;
use crate::alarm::Alarm;
use crate::budget;
use crate::close::CloseReason;
use crate::link::Link;
use crate::live::Live;
use squall_faults::{Conn, Direction, Peer, Tick};
use squall_wire::{Datagrams, Env, Idle};
use std::collections::VecDeque;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Rounds of work before others of the shard get their turn.
const ROUNDS: u32 = 16;
/// How long to wait where the system has no room, in nanoseconds: sessions share a socket, whose waker is one task's.
const BLOCKED: u64 = 1_000_000;

/// Both directions of one client's datagrams, until nothing has moved for the idle timeout.
pub(super) struct Session {
    link: Arc<Link>,
    live: Arc<Live>,
    env: Env,
    parts: Parts,
    conn: Conn,
    generation: u64,
    /// Up and down.
    flows: [Flow; 2],
    alarm: Alarm,
    idle: Option<Idle>,
    /// What came out of the inbox; kept for its room.
    arrived: VecDeque<Box<[u8]>>,
}

/// What a session moves datagrams between.
pub(super) struct Parts {
    pub(super) inbox: Arc<Inbox>,
    pub(super) client: SocketAddr,
    /// The socket that the client knows.
    pub(super) front: Arc<Front>,
    pub(super) server: SocketAddr,
    /// The socket that the server knows.
    pub(super) upstream: Datagrams,
}

impl Session {
    pub(super) fn new(link: Arc<Link>, live: Arc<Live>, env: Env, parts: Parts) -> Session {
        let (conn, generation) = link.open(&live, Tick::from_nanos(env.now()));
        Session {
            alarm: Alarm::new(&env),
            idle: link.options.idle_timeout.map(|limit| Idle::new(&env, limit)),
            flows: Default::default(),
            arrived: VecDeque::new(),
            link,
            live,
            env,
            parts,
            conn,
            generation,
        }
    }

    /// The time, after every change of plan until then has been applied.
    fn refresh(&mut self) -> Tick {
        let now = Tick::from_nanos(self.env.now());
        if self.link.plan.generation() != self.generation {
            let (plan, generation) = self.link.plan.current();
            self.generation = generation;
            self.conn.apply(&plan, now);
        }
        now
    }

    /// Takes in what has arrived on either side; true where something has.
    fn receive(&mut self, now: Tick, cx: &mut Context<'_>) -> Result<bool, CloseReason> {
        let Session { conn, flows: [up, down], live, parts, arrived, .. } = self;
        parts.inbox.take(arrived);
        let taken = !arrived.is_empty();
        let mut moved = taken;
        for payload in arrived.drain(..) {
            live.count_received(Direction::Up, payload.len() as u64);
            if budget::is_spent() {
                live.count_dropped(Direction::Up);
            } else {
                up.push(conn, Direction::Up, now, payload);
            }
        }
        let (server, mut heard) = (parts.server, false);
        let received = parts.upstream.poll_recv(cx, &mut |from, payload| {
            // Anybody may send to the port; only the server is heard.
            if from != server {
                return;
            }
            heard = true;
            live.count_received(Direction::Down, payload.len() as u64);
            if budget::is_spent() {
                live.count_dropped(Direction::Down);
            } else {
                down.push(conn, Direction::Down, now, payload.into());
            }
        });
        match received {
            Poll::Pending => {}
            Poll::Ready(Ok(_)) => moved = true,
            Poll::Ready(Err(_)) => return Err(CloseReason::Error(Peer::Server)),
        }
        if (heard || taken)
            && let Some(idle) = &mut self.idle
        {
            idle.touch(now.as_nanos());
        }
        Ok(moved)
    }

    /// Sends what is due; whether something was, and whether something could not be.
    fn send(&mut self, now: Tick, cx: &mut Context<'_>) -> (bool, bool) {
        let (mut moved, mut rebound, mut blocked) = (false, false, false);
        for direction in Direction::BOTH {
            let flow = &mut self.flows[direction.index()];
            if flow.work(&mut self.conn, direction, now, &self.live) {
                // Another port is no traffic: a session that nobody uses ends all the same.
                self.rebind();
                rebound = true;
            }
            let flow = &mut self.flows[direction.index()];
            let (socket, to) = match direction {
                Direction::Up => (&self.parts.upstream, self.parts.server),
                Direction::Down => (&self.parts.front.socket, self.parts.client),
            };
            let flushed = flow.flush(socket, to, direction, &self.live, cx);
            moved |= flushed == Flushed::All;
            blocked |= flushed == Flushed::Blocked;
        }
        if moved && let Some(idle) = &mut self.idle {
            idle.touch(now.as_nanos());
        }
        // The new socket has yet to be asked for what comes.
        (moved || rebound, blocked)
    }

    /// From now on the server sees another port.
    fn rebind(&mut self) {
        match socket_towards(self.parts.server, &self.env) {
            Ok(socket) => self.parts.upstream = socket,
            Err(error) => {
                let (name, why) = (&self.link.id.name, squall_wire::reason(&error));
                tracing::warn!("link {name}: no other port towards the server: {why}");
            }
        }
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        self.live.listen(cx.waker());
        for _ in 0..ROUNDS {
            if self.live.is_cancelled() {
                return Poll::Ready(CloseReason::Cancelled);
            }
            let now = self.refresh();
            let received = match self.receive(now, cx) {
                Ok(received) => received,
                Err(reason) => return Poll::Ready(reason),
            };
            let (sent, blocked) = self.send(now, cx);
            if received || sent {
                continue;
            }
            let retry = blocked.then(|| now.plus(BLOCKED));
            let next = [self.conn.next_due(), retry].into_iter().flatten().min();
            if !blocked
                && !self.conn.carries()
                && self.idle.as_mut().is_some_and(|idle| idle.poll(cx).is_ready())
            {
                if self.parts.inbox.close_if_empty() {
                    return Poll::Ready(CloseReason::Timeout);
                }
                continue;
            }
            if self.alarm.poll(next, cx).is_ready() {
                continue;
            }
            return Poll::Pending;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Publishes what moved since the last time; at the `end` nothing is kept back.
    fn report(&mut self, end: bool) {
        for direction in Direction::BOTH {
            let held = self.conn.held(direction);
            let untold = &mut self.flows[direction.index()].untold;
            self.link.publish(&self.live, direction, held, untold, end);
        }
    }
}

impl Future for Session {
    type Output = CloseReason;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let poll = self.poll_end(cx);
        self.report(poll.is_ready());
        poll
    }
}
