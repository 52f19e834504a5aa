//! A plan that changes under an open connection: stages leave, change and join, and the others are not touched.

use super::Conn;
use super::cx::{Effects, Seat};
use super::stage::Stage;
use crate::decision::Recorder;
use crate::direction::Direction;
use crate::key::ConnKey;
use crate::plan::Plan;
use crate::planned::Planned;
use crate::tick::Tick;
use crate::value::nanos;
use std::sync::Arc;

impl Conn {
    /// The plan has changed: stages whose fault is gone let go of what they hold, at once and in order; a fault with other
    /// parameters takes over what the old one held, as if it had been there when it arrived, but lets nothing go in the past;
    /// new faults join; the others are not touched.
    pub fn apply(&mut self, plan: &Plan, now: Tick) {
        if self.ending.is_some() {
            return;
        }
        self.advance(now);
        for direction in Direction::BOTH {
            let mut i = 0;
            while let Some(stage) = self.lines[direction.index()].stages.get(i) {
                match plan.by_id(stage.planned.id()) {
                    Some(planned) if Arc::ptr_eq(planned, &stage.planned) => i += 1,
                    Some(planned) => match self.stage(plan, planned, direction, now) {
                        Some(stage) => {
                            self.replace(direction, i, stage, now);
                            i += 1;
                        }
                        None => self.remove(direction, i, now),
                    },
                    None => self.remove(direction, i, now),
                }
            }
        }
        let seen = self.revision;
        for planned in plan.faults().iter().filter(|planned| planned.revision() > seen) {
            self.revision = self.revision.max(planned.revision());
            for direction in Direction::BOTH {
                let stages = &self.lines[direction.index()].stages;
                if stages.iter().any(|stage| stage.planned.id() == planned.id()) {
                    continue;
                }
                if let Some(stage) = self.stage(plan, planned, direction, now) {
                    let stages = &mut self.lines[direction.index()].stages;
                    let rank = planned.spec().rank();
                    let place = stages.partition_point(|s| {
                        (s.planned.spec().rank(), s.planned.id()) <= (rank, planned.id())
                    });
                    stages.insert(place, stage);
                }
            }
        }
        let delays = self.lines.iter().flat_map(|line| &line.stages).map(|s| nanos(s.planned.spec().delay()));
        let rtt = delays.fold(0u64, u64::saturating_add);
        for stage in self.lines.iter_mut().flat_map(|line| &mut line.stages) {
            stage.rtt = rtt;
        }
        self.note_needs();
        self.advance(now);
    }

    /// The stage of a fault in one direction, where this connection is among those that it acts on.
    fn stage(&self, plan: &Plan, planned: &Arc<Planned>, direction: Direction, now: Tick) -> Option<Stage> {
        let (spec, link, name) = (planned.spec(), plan.link(), planned.name());
        if planned.member().is_some_and(|member| self.member.as_deref() != Some(member)) {
            return None;
        }
        let index = planned.index_of(self.opening.number);
        if !spec.directions().covers(direction) || !spec.scope().admits(index, self.opening.client) {
            return None;
        }
        let key = self.opening.label.unwrap_or(ConnKey::Index(index));
        let lane = link.lane(name, key, direction);
        // What a clock decides is not written down, and drawn again where it is replayed.
        let script = match plan.replay().filter(|_| !spec.is_timed()) {
            Some(replay) => Some(replay.script(&link.name, key, direction, name)?),
            None if spec.scope().chooses(lane) => None,
            None => return None,
        };
        let recorder = plan
            .decisions()
            .filter(|_| !spec.is_timed())
            .map(|log| Recorder::new(log.clone(), link.name.clone(), key, direction, name));
        let seat = Seat { lane, script, recorder, segment: link.segment };
        let running = planned.start(direction)?;
        Some(Stage::new(planned.clone(), running, direction, seat, self.opened, now))
    }

    /// Another stage takes the place of stage `i`, of the same fault.
    fn replace(&mut self, direction: Direction, i: usize, mut stage: Stage, now: Tick) {
        let mut effects = Effects::default();
        let place = &mut self.lines[direction.index()].stages[i];
        let held = stage.succeed(place, now, &mut effects);
        *place = stage;
        self.affect(direction, effects);
        self.advance(now);
        for queued in held {
            if self.ending.is_some() {
                return;
            }
            self.enter(direction, i, queued.arrived, queued.item);
        }
        self.advance(now);
    }

    fn remove(&mut self, direction: Direction, i: usize, now: Tick) {
        let mut stage = self.lines[direction.index()].stages.remove(i);
        let mut effects = Effects::default();
        stage.remove(now, &mut effects);
        self.affect(direction, effects);
        while self.ending.is_none()
            && let Some(item) = stage.release()
        {
            self.enter(direction, i, now, item);
            self.advance(now);
        }
    }
}
