//! A link's plan: the faults in force, immutable, replaced as a whole.

use crate::carrier::Carrier;
use crate::decision::{Decisions, Replay};
use crate::direction::Direction;
use crate::gate::Admission;
use crate::key::{ConnKey, Lane};
use crate::planned::Planned;
use crate::spec::FaultSpec;
use crate::tick::Tick;
use std::sync::Arc;

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
    /// What the link carries.
    pub carrier: Carrier,
}

impl LinkId {
    /// A link for streams with segments of [`DEFAULT_SEGMENT`] bytes.
    pub fn new(name: &str, seed: u64) -> LinkId {
        LinkId { name: name.into(), seed, segment: DEFAULT_SEGMENT, carrier: Carrier::Stream }
    }

    /// The same for datagrams.
    #[must_use]
    pub fn datagrams(self) -> LinkId {
        LinkId { carrier: Carrier::Datagram, ..self }
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
    revision: u64,
    decisions: Option<Decisions>,
    replay: Option<Replay>,
}

/// Why a fault cannot be put on a link.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PlanError {
    /// Its name is taken on this link.
    #[error("a fault named `{0}` is on this link already")]
    NameTaken(String),
    /// It makes no sense on what the link carries.
    #[error("{0}")]
    Misfit(String),
    /// Its parameters do not go together.
    #[error("`{fault}` {message}")]
    Invalid {
        /// The kind of fault.
        fault: &'static str,
        /// What is wrong.
        message: String,
    },
    /// It needs a file that nobody has read for it.
    #[error("`{fault}` has not been given the contents of `{file}`; see FaultSpec::supply")]
    Unsupplied {
        /// The kind of fault.
        fault: &'static str,
        /// The file's name as it was written.
        file: String,
    },
    /// A fault can be changed into another of its kind only.
    #[error("`{name}` is a `{is}` and cannot become a `{wanted}`; remove it and add the other")]
    OtherKind {
        /// The fault's name.
        name: String,
        /// What it is.
        is: &'static str,
        /// What it was to become.
        wanted: &'static str,
    },
    /// It acts before a member is picked, so it cannot be for one.
    #[error(
        "`{fault}` acts before a member is picked, so it cannot be for one; `upstream_refuse` and `upstream_hang` can"
    )]
    BeforeMember {
        /// The kind of fault.
        fault: &'static str,
    },
    /// It has been removed.
    #[error("the fault has been removed from the link")]
    Gone,
}

impl Plan {
    /// A plan without faults.
    pub fn new(link: LinkId) -> Plan {
        Plan { link, faults: Vec::new(), last_id: 0, revision: 0, decisions: None, replay: None }
    }

    /// Writes every decision of the plan's faults into `log`.
    #[must_use]
    pub fn recording(self, log: Decisions) -> Plan {
        Plan { decisions: Some(log), ..self }
    }

    /// Makes the decisions of `replay` instead of drawing.
    #[must_use]
    pub fn replaying(self, replay: Replay) -> Plan {
        Plan { replay: Some(replay), ..self }
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
        self.faults.iter().find(|planned| planned.name() == name)
    }

    /// Adds a fault; `accepted` is how many connections the link has accepted so far, `now` the
    /// time from which its windows count. A fault without a name takes its
    /// kind's, then `latency_2` and so on.
    ///
    /// # Errors
    /// Where the name that the fault was given is taken, or it does not fit the link.
    pub fn add(&mut self, spec: FaultSpec, accepted: u64, now: Tick) -> Result<Arc<Planned>, PlanError> {
        self.add_at(None, spec, accepted, now)
    }

    /// As [`Plan::add`], for connections to the balancer's member of that name only; its name begins with the member's and a
    /// dot.
    ///
    /// # Errors
    /// As there, and where it acts before a member is picked.
    pub fn add_at(
        &mut self,
        member: Option<&str>,
        spec: FaultSpec,
        accepted: u64,
        now: Tick,
    ) -> Result<Arc<Planned>, PlanError> {
        self.check(&spec)?;
        if member.is_some() && spec.is_gate() && !spec.admission().is_some_and(Admission::is_servers) {
            return Err(PlanError::BeforeMember { fault: spec.kind().name });
        }
        let at = |name: &str| member.map_or_else(|| name.to_owned(), |member| format!("{member}.{name}"));
        let name = match spec.name().map(at) {
            Some(name) if self.find(&name).is_some() => return Err(PlanError::NameTaken(name)),
            Some(name) => name,
            None => self.free_name(&at(spec.kind().name)),
        };
        self.last_id += 1;
        self.revision += 1;
        let planned = Planned::new(self.last_id, self.revision, name, spec, accepted, now).at(member);
        let planned = Arc::new(planned);
        self.faults.push(planned.clone());
        Ok(planned)
    }

    /// Changes a fault's parameters, directions and scope. Its name, its place and its counts stay, and connections count
    /// from when it was added; returns the changed fault.
    ///
    /// # Errors
    /// Where it is gone, `spec` is of another kind, or does not fit the link.
    pub fn update(&mut self, id: u64, spec: FaultSpec) -> Result<Arc<Planned>, PlanError> {
        self.check(&spec)?;
        let place = self.faults.iter().position(|planned| planned.id() == id).ok_or(PlanError::Gone)?;
        let old = &self.faults[place];
        let (is, wanted) = (old.spec().kind().name, spec.kind().name);
        if is != wanted {
            return Err(PlanError::OtherKind { name: old.name().to_owned(), is, wanted });
        }
        self.revision += 1;
        let planned = Arc::new(old.changed(self.revision, spec));
        self.faults[place] = planned.clone();
        Ok(planned)
    }

    /// Removes a fault and returns it; nothing where it is gone already.
    pub fn remove(&mut self, id: u64) -> Option<Arc<Planned>> {
        let place = self.faults.iter().position(|planned| planned.id() == id)?;
        Some(self.faults.remove(place))
    }

    pub(crate) fn by_id(&self, id: u64) -> Option<&Arc<Planned>> {
        self.faults.iter().find(|planned| planned.id() == id)
    }

    pub(crate) fn decisions(&self) -> Option<&Decisions> {
        self.decisions.as_ref()
    }

    pub(crate) fn replay(&self) -> Option<&Replay> {
        self.replay.as_ref()
    }

    fn check(&self, spec: &FaultSpec) -> Result<(), PlanError> {
        spec.fits(self.link.carrier).map_err(PlanError::Misfit)?;
        let invalid = |message| PlanError::Invalid { fault: spec.kind().name, message };
        spec.validate().map_err(invalid)?;
        match spec.wants() {
            Some(file) => Err(PlanError::Unsupplied { fault: spec.kind().name, file: file.to_owned() }),
            None => Ok(()),
        }
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
