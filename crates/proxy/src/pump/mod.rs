//! The one engine that moves bytes: it reads, asks the connection's faults what to do, sleeps, writes and closes. It knows no
//! fault by name.

mod bulk;
mod deliver;
mod fetch;
mod held;
mod start;
mod watch;

pub(crate) use start::Start;

use crate::alarm::Alarm;
use crate::close::CloseReason;
use crate::link::Link;
use crate::live::Live;
use crate::options::FLUSH_LIMIT;
use bulk::Bulk;
use held::Held;
use squall_faults::{Conn, Direction, Ending, How, Peer, Tick};
use squall_wire::{Env, Idle, Stream, nanos};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use watch::Watch;

/// Rounds of work before other connections of the shard get their turn.
const ROUNDS: u32 = 16;

/// Both directions of one connection. Awaiting it runs the connection to its end; dropping it leaves both streams as they
/// are, with whatever was held lost.
pub(crate) struct Pump {
    link: Arc<Link>,
    live: Arc<Live>,
    env: Env,
    /// The client's and the server's.
    streams: [Stream; 2],
    /// Both of them are of a kind that the kernel can move bytes between.
    can_splice: bool,
    conn: Conn,
    generation: u64,
    /// Up and down.
    flows: [Flow; 2],
    alarm: Alarm,
    idle: Option<Idle>,
    /// Until when a RST that keeps its place waits for what stands before it.
    deadline: Option<Tick>,
    /// Looks after peers that nobody reads from.
    watch: Watch,
    /// Whose connection broke first, and how. What that peer sent before still goes on.
    lost: Option<(Peer, CloseReason)>,
}

/// One direction as far as bytes are concerned.
struct Flow {
    held: Held,
    bulk: Bulk,
    /// Bytes at the front of what is held that may be written now.
    due: u64,
    /// How many bytes have been written or forgotten: the offset of the first that is held.
    offset: u64,
    /// How much to ask for in one read.
    appetite: usize,
    /// How much of what the sender sends goes on; what comes behind it is nobody's.
    left: u64,
    /// The sender has finished, or is lost.
    ended: bool,
    /// The receiver has been told so.
    finished: bool,
    /// The receiver is lost.
    broken: bool,
    /// Delivered bytes that no event has told of yet.
    untold: u64,
}

/// How a connection comes to its end, for whoever closes the streams.
pub(crate) enum End {
    /// Both directions finished.
    Finished,
    /// As the faults ask for, or a peer's RST passed on; and why.
    Told(Ending, CloseReason),
    /// Nothing moved for the idle timeout.
    Idle,
    /// Ordered from outside.
    Cancelled,
}

impl Pump {
    pub(crate) fn new(link: Arc<Link>, live: Arc<Live>, env: Env, streams: [Stream; 2]) -> Pump {
        let (conn, generation) = link.open(&live, Tick::from_nanos(env.now()));
        let idle = link.options.idle_timeout.map(|limit| match link.options.idle_check {
            Some(period) => Idle::checked(&env, limit, period),
            None => Idle::new(&env, limit),
        });
        Pump {
            alarm: Alarm::new(&env),
            flows: [Flow::new(), Flow::new()],
            deadline: None,
            watch: Watch::new(&env),
            lost: None,
            link,
            live,
            env,
            can_splice: streams.iter().all(Stream::can_splice),
            streams,
            conn,
            generation,
            idle,
        }
    }

    pub(crate) fn into_streams(self) -> [Stream; 2] {
        self.streams
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

    /// One look at both directions; true where something moved.
    fn round(&mut self, cx: &mut Context<'_>) -> Result<bool, End> {
        let now = self.refresh();
        self.conn.advance(now);
        if let Some(ending) = self.conn.ending() {
            // What stands before it may never be taken.
            let deadline = *self.deadline.get_or_insert(now.plus(nanos(FLUSH_LIMIT)));
            if !ending.flushes() {
                return Err(self.told(ending));
            }
            if let How::Reset { side, .. } = ending.how
                && now >= deadline
            {
                return Err(self.told(Ending { how: How::Reset { side, flush: false }, ..ending }));
            }
        }
        let mut moved = false;
        for direction in Direction::BOTH {
            moved |= self.deliver(direction, &mut [], cx)?.moved;
            moved |= self.fetch(direction, cx)?;
        }
        let mut finished = self.flows.iter().map(|flow| flow.finished);
        let enough = if self.link.options.half_close { finished.all(|it| it) } else { finished.any(|it| it) };
        if enough {
            return Err(End::Finished);
        }
        Ok(moved)
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.live.listen(cx.waker());
        for _ in 0..ROUNDS {
            if self.live.is_cancelled() {
                return Poll::Ready(End::Cancelled);
            }
            match self.round(cx) {
                Err(end) => return Poll::Ready(end),
                Ok(true) => continue,
                Ok(false) => {}
            }
            let next = self.conn.next_due();
            // Bytes that wait for their time are on their way, not idle.
            if !self.conn.carries() && self.idle.as_mut().is_some_and(|idle| idle.poll(cx).is_ready()) {
                return Poll::Ready(End::Idle);
            }
            if self.alarm.poll(next.or(self.deadline), cx).is_ready() || self.look_after(cx) {
                continue;
            }
            return Poll::Pending;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The end that the faults ask for, and why: a RST is theirs unless a peer is known to have gone.
    fn told(&self, ending: Ending) -> End {
        let reason = match (ending.how, self.lost) {
            (How::Reset { .. }, Some((_, reason))) => reason,
            (how, _) => {
                if let Some(fault) = self.conn.ended_by() {
                    self.live.set_ended_by(fault.clone());
                }
                if how == How::Close { CloseReason::Timeout } else { CloseReason::Reset(None) }
            }
        };
        End::Told(ending, reason)
    }

    /// Publishes what moved since the last time; at the `end` nothing is kept back.
    fn report(&mut self, end: bool) {
        for direction in Direction::BOTH {
            let flow = &mut self.flows[direction.index()];
            let held = flow.waiting();
            self.link.publish(&self.live, direction, held, &mut flow.untold, end);
        }
    }
}

impl Future for &mut Pump {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        let poll = self.poll_end(cx);
        self.report(poll.is_ready());
        poll
    }
}
