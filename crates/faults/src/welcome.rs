//! What a plan does at connect time: to the port, and to a client that comes to it.

use crate::decision::Recorder;
use crate::direction::Direction;
use crate::gate::{Entry, PortState, ServerAnswer, Welcome};
use crate::key::ConnKey;
use crate::plan::Plan;
use crate::planned::Planned;
use crate::tick::Tick;
use std::net::IpAddr;
use std::sync::Arc;

/// What a link's port is to do, and until when.
#[derive(Clone, Debug, Default)]
pub struct PortPlan {
    /// What it does now.
    pub state: PortState,
    /// The fault that makes it so.
    cause: Option<Arc<Planned>>,
    /// When to ask again, where that is known: a window begins or ends.
    pub until: Option<Tick>,
}

impl PortPlan {
    /// Counts that the port has come into this state.
    pub fn count(&self) {
        if let Some(planned) = &self.cause {
            planned.count();
        }
    }
}

impl Plan {
    /// What the link's port is to do at `now`. Closed goes before hung.
    pub fn port(&self, now: Tick) -> PortPlan {
        let mut plan = PortPlan::default();
        for planned in self.faults() {
            let state = planned.spec().port();
            if state == PortState::Open {
                continue;
            }
            let Some((begin, end)) = planned.spec().scope().window_at(planned.joined(), now) else {
                continue;
            };
            let change = if begin <= now { end } else { begin };
            if change != Tick::NEVER {
                plan.until = Some(plan.until.map_or(change, |until| until.min(change)));
            }
            if begin <= now && (plan.state == PortState::Open || state == PortState::Closed) {
                plan.state = state;
                plan.cause = Some(planned.clone());
            }
        }
        plan
    }

    /// What becomes of the connection `number` from `client`, if that has an address, at `now`. It counts: to be asked once for
    /// each.
    pub fn welcome(&self, number: u64, label: Option<ConnKey>, client: Option<IpAddr>, now: Tick) -> Welcome {
        self.ask(None, number, label, client, now)
    }

    /// How the member answers that the connection was given, where faults answer in its name alone. It counts: to be asked
    /// once for each dial.
    pub fn answer(
        &self,
        member: &str,
        number: u64,
        label: Option<ConnKey>,
        client: Option<IpAddr>,
        now: Tick,
    ) -> ServerAnswer {
        self.ask(Some(member), number, label, client, now).server
    }

    fn ask(
        &self,
        member: Option<&str>,
        number: u64,
        label: Option<ConnKey>,
        client: Option<IpAddr>,
        now: Tick,
    ) -> Welcome {
        let mut welcome = Welcome::default();
        let asked = |planned: &&Arc<Planned>| planned.spec().is_gate() && planned.member() == member;
        for planned in self.faults().iter().filter(asked) {
            let (spec, scope) = (planned.spec(), planned.spec().scope());
            let Some(admission) = spec.admission() else { continue };
            let open = scope.window_at(planned.joined(), now).is_some_and(|(begin, _)| begin <= now);
            let index = planned.index_of(number);
            if !open || !scope.admits(index, client) {
                continue;
            }
            let key = label.unwrap_or(ConnKey::Index(index));
            // A connection begins on its way up.
            let (name, link, direction) = (planned.name(), self.link(), Direction::Up);
            let lucky = match self.replay().filter(|_| !spec.is_timed()) {
                Some(replay) => replay.script(&link.name, key, direction, name).is_some(),
                None => scope.chooses(link.lane(name, key, direction)),
            };
            if !lucky || !planned.may_act() {
                continue;
            }
            planned.count();
            if let Some(log) = self.decisions().filter(|_| !spec.is_timed()) {
                Recorder::new(log.clone(), link.name.clone(), key, direction, name).note(
                    spec.kind().name,
                    0,
                    0,
                    0,
                );
            }
            welcome.add(admission);
            // What comes behind has nobody to act on.
            if welcome.entry != Entry::Accepted {
                break;
            }
        }
        welcome
    }
}
