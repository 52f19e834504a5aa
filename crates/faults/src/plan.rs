//! A link's plan: the faults in force, immutable, replaced as a whole.

use crate::direction::Direction;
use crate::key::{ConnKey, Lane};
use crate::spec::FaultSpec;
use crate::tick::Tick;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes per segment unless the link says otherwise: the payload of an Ethernet frame with TCP timestamps.
pub const DEFAULT_SEGMENT: u64 = 1448;

/// What all draws of one link share.
#[derive(Clone, Debug)]
pub struct LinkId {
    /// The name, part of every key; an unnamed link is called `proxy`.
    pub name: Arc<str>,
    /// The seed of the run.
    pub seed: u64,
    /// Bytes per position for draws on a stream; at least 1.
    pub segment: u64,
}

impl LinkId {
    /// A link with segments of [`DEFAULT_SEGMENT`] bytes.
    pub fn new(name: &str, seed: u64) -> LinkId {
        LinkId { name: name.into(), seed, segment: DEFAULT_SEGMENT }
    }

    pub(crate) fn lane(&self, fault: &str, key: ConnKey, direction: Direction) -> Lane {
        Lane::new(self.seed, &self.name, fault, key, direction)
    }
}

/// The faults in force on a link, in the order in which they were added. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Plan {
    link: LinkId,
    faults: Vec<Arc<Planned>>,
    last_id: u64,
}

/// A fault on a link: its identity, its resolved name, and how often it fired.
#[derive(Debug)]
pub struct Planned {
    id: u64,
    name: String,
    spec: FaultSpec,
    since: u64,
    joined: Tick,
    fired: AtomicU64,
}

/// A fault's name is taken on this link.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a fault named `{0}` is on this link already")]
pub struct NameTaken(pub String);

impl Plan {
    /// A plan without faults.
    pub fn new(link: LinkId) -> Plan {
        Plan { link, faults: Vec::new(), last_id: 0 }
    }

    /// The link that the plan is for.
    pub fn link(&self) -> &LinkId {
        &self.link
    }

    /// The faults, oldest first.
    pub fn faults(&self) -> &[Arc<Planned>] {
        &self.faults
    }

    /// The fault of that name.
    pub fn find(&self, name: &str) -> Option<&Arc<Planned>> {
        self.faults.iter().find(|planned| planned.name == name)
    }

    /// Adds a fault; `accepted` is how many connections the link has accepted so far, `now` the
    /// time from which its windows count. A fault without a name takes its
    /// kind's, then `latency_2` and so on.
    ///
    /// # Errors
    /// Where the name that the fault was given is taken.
    pub fn add(&mut self, spec: FaultSpec, accepted: u64, now: Tick) -> Result<Arc<Planned>, NameTaken> {
        let name = match spec.name() {
            Some(name) if self.find(name).is_some() => return Err(NameTaken(name.to_owned())),
            Some(name) => name.to_owned(),
            None => self.free_name(spec.kind().name),
        };
        self.last_id += 1;
        let planned = Arc::new(Planned {
            id: self.last_id,
            name,
            spec,
            since: accepted,
            joined: now,
            fired: AtomicU64::new(0),
        });
        self.faults.push(planned.clone());
        Ok(planned)
    }

    /// Removes a fault and returns it; nothing where it is gone already.
    pub fn remove(&mut self, id: u64) -> Option<Arc<Planned>> {
        let place = self.faults.iter().position(|planned| planned.id == id)?;
        Some(self.faults.remove(place))
    }

    pub(crate) fn holds(&self, id: u64) -> bool {
        self.faults.iter().any(|planned| planned.id == id)
    }

    fn free_name(&self, kind: &str) -> String {
        let mut name = kind.to_owned();
        let mut n = 2u64;
        while self.find(&name).is_some() {
            name = format!("{kind}_{n}");
            n += 1;
        }
        name
    }
}

impl Planned {
    /// Unique on the link, rising in the order of adding, never used again.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The name it goes by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is.
    pub fn spec(&self) -> &FaultSpec {
        &self.spec
    }

    /// How often it has fired: decisions for faults that act at a position, connections and directions acted upon for those
    /// that shape the stream.
    pub fn fired(&self) -> u64 {
        self.fired.load(Ordering::Relaxed)
    }

    /// The place of the link's connection `number` among those accepted since the fault was added.
    pub(crate) fn index_of(&self, number: u64) -> i64 {
        number.wrapping_sub(self.since) as i64
    }

    /// When it joined the plan.
    pub(crate) fn joined(&self) -> Tick {
        self.joined
    }

    pub(crate) fn counter(&self) -> &AtomicU64 {
        &self.fired
    }
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spec.write(f, Some(&self.name))
    }
}
