//! What everything that works for one link shares.

use crate::event::EventSource;
use crate::live_plan::LivePlan;
use crate::metrics::Metrics;
use crate::options::Options;
use crate::registry::Registry;
use squall_faults::{FaultSpec, LinkId, NameTaken, Planned, Tick};
use squall_wire::{Endpoint, Shards};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

pub(crate) struct Link {
    pub(crate) id: LinkId,
    pub(crate) upstream: Endpoint,
    pub(crate) options: Options,
    pub(crate) shards: Shards,
    pub(crate) plan: LivePlan,
    pub(crate) registry: Registry,
    pub(crate) events: EventSource,
    /// Connections that were turned away before they were accepted, for want of descriptors.
    pub(crate) starved: AtomicU64,
    /// The last dial failed.
    pub(crate) unreached: AtomicBool,
}

impl Link {
    /// Puts a fault in force. Connections meet it with whatever arrives after this returns.
    pub(crate) fn add_fault(&self, spec: FaultSpec) -> Result<Arc<Planned>, NameTaken> {
        let now = Tick::from_nanos(self.shards.env(0).now());
        let planned = self.plan.add(spec, self.registry.accepted(), now)?;
        self.registry.for_each(|live| live.wake());
        Ok(planned)
    }

    /// Takes a fault out of force; what it held is let go at once. False where it is gone already.
    pub(crate) fn remove_fault(&self, id: u64) -> bool {
        let removed = self.plan.remove(id);
        if removed {
            self.registry.for_each(|live| live.wake());
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
            closes: tally.closes,
            held: tally.held,
            held_max: tally.held_max,
            faults: self.plan.faults(),
        }
    }
}
