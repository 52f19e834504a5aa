//! A fault on a link: its identity, its resolved name, and how often it has acted.

use crate::direction::Direction;
use crate::engine::{Running, SharedState};
use crate::spec::{FaultSpec, Trigger};
use crate::tick::Tick;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A fault on a link.
pub struct Planned {
    id: u64,
    revision: u64,
    name: String,
    member: Option<Arc<str>>,
    spec: FaultSpec,
    since: u64,
    joined: Tick,
    counters: Arc<Counters>,
    /// What connections share, up and down.
    shared: [SharedState; 2],
}

/// Counts that outlive a change of parameters.
#[derive(Default, Debug)]
struct Counters {
    fired: AtomicU64,
    /// How many of the scope's `times` are used up.
    used: AtomicU64,
}

impl Planned {
    pub(crate) fn new(
        id: u64,
        revision: u64,
        name: String,
        spec: FaultSpec,
        since: u64,
        joined: Tick,
    ) -> Planned {
        let shared = [spec.share(), spec.share()];
        Planned { id, revision, name, member: None, spec, since, joined, counters: Arc::default(), shared }
    }

    /// The same fault for connections to one member only.
    pub(crate) fn at(self, member: Option<&str>) -> Planned {
        Planned { member: member.map(Arc::from), ..self }
    }

    /// The same fault with other parameters. What connections share begins anew: what waits for its turn is told of it again.
    pub(crate) fn changed(&self, revision: u64, spec: FaultSpec) -> Planned {
        let shared = [spec.share(), spec.share()];
        Planned {
            id: self.id,
            revision,
            name: self.name.clone(),
            member: self.member.clone(),
            spec,
            since: self.since,
            joined: self.joined,
            counters: self.counters.clone(),
            shared,
        }
    }

    /// Unique on the link, rising in the order of adding, never used again.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The name it goes by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The member of a balancer that it is for; nothing where it is for the whole link.
    pub fn member(&self) -> Option<&str> {
        self.member.as_deref()
    }

    /// What it is.
    pub fn spec(&self) -> &FaultSpec {
        &self.spec
    }

    /// How often it has fired: decisions for faults that act at a position, connections and directions acted upon for those
    /// that shape the stream.
    pub fn fired(&self) -> u64 {
        self.counters.fired.load(Relaxed)
    }

    /// Rises with every change of the plan.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// The place of the link's connection `number` among those accepted since the fault was added.
    pub(crate) fn index_of(&self, number: u64) -> i64 {
        number.wrapping_sub(self.since) as i64
    }

    /// When it joined the plan.
    pub(crate) fn joined(&self) -> Tick {
        self.joined
    }

    pub(crate) fn count(&self) {
        self.counters.fired.fetch_add(1, Relaxed);
    }

    /// Whether it may arm once more on a connection: `times` counts what a trigger sets off.
    pub(crate) fn may_arm(&self) -> bool {
        self.spec.scope().trigger() == Trigger::None || self.take()
    }

    /// Whether it may act once more: `times` counts that where there is neither a trigger nor a window.
    pub(crate) fn may_act(&self) -> bool {
        let scope = self.spec.scope();
        scope.trigger() != Trigger::None || scope.window.is_some() || self.take()
    }

    /// Whether it has acted as often as it may, where `times` counts that.
    pub(crate) fn is_used_up(&self) -> bool {
        let scope = self.spec.scope();
        let counted = scope.trigger() == Trigger::None && scope.window.is_none();
        counted && scope.times.is_some_and(|times| self.counters.used.load(Relaxed) >= times)
    }

    fn take(&self) -> bool {
        let Some(times) = self.spec.scope().times else { return true };
        self.counters.used.fetch_update(Relaxed, Relaxed, |used| (used < times).then_some(used + 1)).is_ok()
    }

    /// Puts it to work on a connection; nothing where it acts before there is one.
    pub(crate) fn start(&self, direction: Direction) -> Option<Box<dyn Running>> {
        self.spec.start(&self.shared[direction.index()])
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.member {
            None => self.spec.write(f, Some(&self.name)),
            // As it is asked for; the name on the link has the member before it.
            Some(member) => {
                write!(f, "{member}:")?;
                self.spec.write(f, self.spec.name())
            }
        }
    }
}

impl fmt::Debug for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Planned").field(&self.to_string()).finish()
    }
}
