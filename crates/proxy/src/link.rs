//! What everything that works for one link shares.

use crate::error::ProxyError;
use crate::event::EventSource;
use crate::live_plan::LivePlan;
use crate::metrics::Metrics;
use crate::options::Options;
use crate::registry::Registry;
use squall_faults::{Carrier, FaultSpec, LinkId, Planned, PortPlan, PortState, Tick};
use squall_wire::{Endpoint, Shards};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use tokio::sync::Notify;

pub(crate) struct Link {
    pub(crate) id: LinkId,
    pub(crate) upstream: Endpoint,
    pub(crate) options: Options,
    pub(crate) shards: Shards,
    pub(crate) plan: LivePlan,
    /// Told of every change of the plan, for the one who owns the port.
    pub(crate) replanned: Notify,
    pub(crate) registry: Registry,
    pub(crate) events: EventSource,
    /// Connections that were turned away before they were accepted, for want of descriptors.
    pub(crate) starved: AtomicU64,
    /// The last dial failed.
    pub(crate) unreached: AtomicBool,
}

impl Link {
    /// Puts a fault in force. Connections meet it with whatever arrives after this returns.
    pub(crate) fn add_fault(&self, spec: FaultSpec) -> Result<Arc<Planned>, ProxyError> {
        self.check(&spec)?;
        let planned = self.plan.add(spec, self.registry.accepted(), self.now())?;
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

    /// Ends every open connection now.
    pub(crate) fn cancel_all(&self) {
        self.registry.for_each(|live| live.cancel());
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let tally = self.registry.tally();
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
            held: tally.held,
            held_max: tally.held_max,
            faults: self.plan.faults(),
        }
    }
}
