//! The plan of a link as it changes: immutable plans, replaced as a whole, with a generation that readers compare.

use crate::metrics::FaultMetrics;
use squall_faults::{FaultSpec, Plan, PlanError, Planned, Tick};
use squall_wire::lock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

pub(crate) struct LivePlan {
    inner: Mutex<Inner>,
    generation: AtomicU64,
}

struct Inner {
    plan: Arc<Plan>,
    /// Faults that were removed: connections may still count on them until they have seen the new plan.
    removed: Vec<Arc<Planned>>,
    /// What removed faults did that nobody counts on any more, by name.
    settled: Vec<FaultMetrics>,
}

impl LivePlan {
    pub(crate) fn new(plan: Plan) -> LivePlan {
        let inner = Inner { plan: Arc::new(plan), removed: Vec::new(), settled: Vec::new() };
        LivePlan { inner: Mutex::new(inner), generation: AtomicU64::new(0) }
    }

    /// A number that differs after every change.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The plan in force and its generation.
    pub(crate) fn current(&self) -> (Arc<Plan>, u64) {
        let inner = lock(&self.inner);
        (inner.plan.clone(), self.generation())
    }

    pub(crate) fn add(
        &self,
        member: Option<&str>,
        spec: FaultSpec,
        accepted: u64,
        now: Tick,
    ) -> Result<Arc<Planned>, PlanError> {
        let mut inner = lock(&self.inner);
        let mut plan = Plan::clone(&inner.plan);
        let planned = plan.add_at(member, spec, accepted, now)?;
        self.replace(&mut inner, plan);
        Ok(planned)
    }

    pub(crate) fn update(&self, id: u64, spec: FaultSpec) -> Result<Arc<Planned>, PlanError> {
        let mut inner = lock(&self.inner);
        let mut plan = Plan::clone(&inner.plan);
        let planned = plan.update(id, spec)?;
        self.replace(&mut inner, plan);
        Ok(planned)
    }

    /// False where the fault is gone already.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut inner = lock(&self.inner);
        let mut plan = Plan::clone(&inner.plan);
        let Some(planned) = plan.remove(id) else { return false };
        inner.settle();
        inner.removed.push(planned);
        self.replace(&mut inner, plan);
        true
    }

    fn replace(&self, inner: &mut Inner, plan: Plan) {
        inner.plan = Arc::new(plan);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Every fault there is or was, by name; those that bore the same name are counted together.
    pub(crate) fn faults(&self) -> Vec<FaultMetrics> {
        let inner = lock(&self.inner);
        let mut faults = inner.settled.clone();
        for planned in &inner.removed {
            merge(&mut faults, planned, false);
        }
        for planned in inner.plan.faults() {
            merge(&mut faults, planned, true);
        }
        faults
    }
}

impl Inner {
    /// Lets go of removed faults that no connection holds any more, so that endless changes do not fill the memory.
    fn settle(&mut self) {
        let Inner { removed, settled, .. } = self;
        removed.retain(|planned| {
            let held = Arc::strong_count(planned) > 1;
            if !held {
                merge(settled, planned, false);
            }
            held
        });
    }
}

fn merge(faults: &mut Vec<FaultMetrics>, planned: &Planned, active: bool) {
    let place = faults.partition_point(|fault| fault.name.as_str() < planned.name());
    if let Some(fault) = faults.get_mut(place).filter(|fault| fault.name == planned.name()) {
        fault.fired += planned.fired();
        fault.active |= active;
        return;
    }
    let spec = planned.spec();
    faults.insert(
        place,
        FaultMetrics {
            name: planned.name().to_owned(),
            kind: spec.kind().name,
            fired: planned.fired(),
            optional: spec.scope().optional,
            active,
        },
    );
}
