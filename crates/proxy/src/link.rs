//! What everything that works for one link shares.

use crate::balance::{BalanceError, Balancer};
use crate::error::ProxyError;
use crate::event::{Event, EventSource};
use crate::live::Live;
use crate::live_plan::LivePlan;
use crate::metrics::{MemberMetrics, Metrics};
use crate::options::Options;
use crate::registry::Registry;
use crate::unreached::Failures;
use squall_faults::{
    Carrier, Conn, Direction, FaultSpec, LinkId, Opening, Planned, PortPlan, PortState, ServerAnswer, Tick,
    Welcome,
};
use squall_wire::{Address, Shards};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::sync::Notify;

/// Where a link leads.
pub(crate) enum Upstream {
    /// To one server.
    One(Address),
    /// To the member that is picked.
    Pool(Arc<Balancer>),
    /// To where its client asks to go.
    Asked,
}

impl Upstream {
    pub(crate) fn balancer(&self) -> Option<&Arc<Balancer>> {
        match self {
            Upstream::One(_) | Upstream::Asked => None,
            Upstream::Pool(balancer) => Some(balancer),
        }
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Upstream::One(upstream) => write!(f, "upstream {upstream}"),
            Upstream::Pool(_) => f.write_str("members"),
            Upstream::Asked => f.write_str("wherever clients ask for"),
        }
    }
}

pub(crate) struct Link {
    pub(crate) id: LinkId,
    /// It listens on a unix socket.
    pub(crate) listens_on_path: bool,
    pub(crate) upstream: Upstream,
    pub(crate) options: Options,
    pub(crate) shards: Shards,
    pub(crate) plan: LivePlan,
    /// Told of every change of the plan, for the one who owns the port.
    pub(crate) replanned: Notify,
    pub(crate) registry: Registry,
    pub(crate) events: EventSource,
    /// Connections that were turned away before they were accepted, for want of descriptors.
    pub(crate) starved: AtomicU64,
    /// Datagrams of clients beyond the maximum.
    pub(crate) unserved: AtomicU64,
    /// Dials that failed.
    pub(crate) failures: Failures,
}

impl Link {
    /// Puts a fault in force. Connections meet it with whatever arrives after this returns.
    pub(crate) fn add_fault(
        &self,
        member: Option<&str>,
        spec: FaultSpec,
    ) -> Result<Arc<Planned>, ProxyError> {
        self.check(&spec)?;
        if let Some(member) = member {
            let known = self.upstream.balancer().map(|balancer| balancer.names()).unwrap_or_default();
            if !known.iter().any(|name| **name == *member) {
                return Err(BalanceError::unknown(member, &known).into());
            }
        }
        let planned = self.plan.add(member, spec, self.registry.accepted(), self.now())?;
        self.tell();
        Ok(planned)
    }

    /// Changes a fault in force into another of its kind. What it holds is scheduled anew, as if it had arrived under the
    /// other parameters; nothing is lost.
    pub(crate) fn update_fault(&self, id: u64, spec: FaultSpec) -> Result<Arc<Planned>, ProxyError> {
        self.check(&spec)?;
        let planned = self.plan.update(id, spec)?;
        self.tell();
        Ok(planned)
    }

    /// What the port is to do now.
    pub(crate) fn port(&self) -> PortPlan {
        self.plan.current().0.port(self.now())
    }

    pub(crate) fn now(&self) -> Tick {
        Tick::from_nanos(self.shards.env(0).now())
    }

    /// Whether this machine can do what the fault asks for.
    fn check(&self, spec: &FaultSpec) -> Result<(), ProxyError> {
        let hangs = spec.port() == PortState::Hung;
        if hangs && self.listens_on_path {
            let reason = "connecting to a unix socket cannot be made to hang";
            return Err(ProxyError::Unsupported { fault: spec.kind().name, reason });
        }
        if hangs && !self.shards.env(0).is_virtual() && !squall_wire::can_hang() {
            let reason = "connecting completes although the listener's backlog is full";
            return Err(ProxyError::Unsupported { fault: spec.kind().name, reason });
        }
        Ok(())
    }

    /// Tells everybody that the plan has changed.
    fn tell(&self) {
        self.registry.for_each(|live| live.wake());
        self.replanned.notify_one();
    }

    /// Takes a fault out of force; what it held is let go at once. False where it is gone already.
    pub(crate) fn remove_fault(&self, id: u64) -> bool {
        let removed = self.plan.remove(id);
        if removed {
            self.tell();
        }
        removed
    }

    /// What becomes of a client; to be asked once for each.
    pub(crate) fn welcome(&self, live: &Live) -> Welcome {
        let (plan, _) = self.plan.current();
        plan.welcome(live.number, live.label, live.ip(), self.now())
    }

    /// How a member answers a connection, where faults answer in its name; to be asked once for each dial.
    pub(crate) fn answer(&self, member: &str, live: &Live) -> ServerAnswer {
        let (plan, _) = self.plan.current();
        plan.answer(member, live.number, live.label, live.ip(), self.now())
    }

    /// The faults of a connection that opens, and the generation of the plan they are from.
    pub(crate) fn open(&self, live: &Live, now: Tick) -> (Conn, u64) {
        let (plan, generation) = self.plan.current();
        let (client, limit) = (live.ip(), self.options.buffer);
        let opening = Opening { number: live.number, label: live.label, client, limit };
        let member = self.upstream.balancer().and_then(|balancer| balancer.member_of(live));
        (Conn::open_at(&plan, member, opening, now), generation)
    }

    /// Publishes what a connection holds, and the delivered bytes that nobody has been told of, which are joined while a
    /// listener is slow. At the `end` nothing is kept back.
    pub(crate) fn publish(&self, live: &Live, direction: Direction, held: u64, untold: &mut u64, end: bool) {
        live.set_held(direction, held);
        self.registry.note_held(held);
        if !self.events.is_heard() {
            *untold = 0;
        } else if *untold > 0 && (end || !self.events.is_behind()) {
            let (peer, bytes) = (live.client(), std::mem::take(untold));
            self.events.send(&match direction {
                Direction::Up => Event::BytesUpstream { peer, bytes },
                Direction::Down => Event::BytesDownstream { peer, bytes },
            });
        }
    }

    /// Ends every open connection now.
    pub(crate) fn cancel_all(&self) {
        self.registry.for_each(|live| live.cancel());
    }

    /// The members of a pool; none on a link with one upstream.
    fn members(&self) -> Vec<MemberMetrics> {
        self.upstream.balancer().map_or_else(Vec::new, |balancer| balancer.metrics(self.now().as_nanos()))
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let mut tally = self.registry.tally();
        tally.datagrams.dropped_up += self.unserved.load(Relaxed);
        let mut connections = tally.connections;
        let starved = self.starved.load(Relaxed);
        connections.accepted += starved;
        connections.refused += starved;
        Metrics {
            connections,
            bytes: tally.bytes,
            received: tally.received,
            datagrams: (self.id.carrier == Carrier::Datagram).then_some(tally.datagrams),
            closes: tally.closes,
            dial_time: tally.dial_time,
            duration: tally.duration,
            held: tally.held,
            held_max: tally.held_max,
            faults: self.plan.faults(),
            members: self.members(),
        }
    }
}
