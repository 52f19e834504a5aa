//! Plans that change at random under traffic: nothing is lost that no fault takes, nothing is reordered, nothing gets stuck.

use crate::drive::*;
use crate::specs::{CUTTING, SHAPING};
use proptest::prelude::*;
use squall_faults::{Action, Direction, LinkId, Plan};

#[derive(Clone, Debug)]
enum Step {
    Push(bool, u64),
    Wait(u64),
    Add(usize),
    Remove(usize),
    /// Change a fault into another of its kind.
    Update(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<bool>(), 1u64..9_000).prop_map(|(up, n)| Step::Push(up, n)),
        3 => (0u64..3 * MS).prop_map(Step::Wait),
        2 => (0usize..100).prop_map(Step::Add),
        2 => (0usize..100).prop_map(Step::Remove),
        2 => (0usize..100, 0usize..100).prop_map(|(which, how)| Step::Update(which, how)),
    ]
}

/// A connection under a plan that changes, and what has come out of it.
struct Run {
    plan: Plan,
    conn: squall_faults::Conn,
    now: u64,
    pushed: [u64; 2],
    written: [u64; 2],
    taken: [u64; 2],
    fin: [bool; 2],
    ended: bool,
}

impl Run {
    fn new(seed: u64) -> Run {
        let plan = Plan::new(LinkId::new("proxy", seed));
        let conn = conn(&plan, 1);
        Run {
            plan,
            conn,
            now: 0,
            pushed: [0; 2],
            written: [0; 2],
            taken: [0; 2],
            fin: [false; 2],
            ended: false,
        }
    }

    /// Takes everything that is due, checking that it comes in order and that time does not stand still.
    fn drain(&mut self) {
        self.conn.advance(at(self.now));
        assert!(self.conn.next_due().is_none_or(|due| due > at(self.now)), "what is due has been worked off");
        for direction in Direction::BOTH {
            let i = direction.index();
            while let Some(action) = self.conn.pop(direction, at(self.now)) {
                assert!(!self.ended, "nothing follows the end");
                let next = self.written[i] + self.taken[i];
                match action {
                    Action::Write { range, .. } => {
                        assert_eq!(range.offset, next);
                        assert!(!self.fin[i], "nothing is written behind the end");
                        self.written[i] += range.len;
                    }
                    Action::Discard(range) => {
                        assert_eq!(range.offset, next);
                        self.taken[i] += range.len;
                    }
                    Action::Flip { offset, mask } => {
                        assert!(offset >= next && offset < self.pushed[i] && mask != 0)
                    }
                    Action::Fin => self.fin[i] = true,
                    Action::End(_) => self.ended = true,
                    other => panic!("{other:?} on a stream"),
                }
            }
        }
    }

    fn take(&mut self, step: &Step, faults: &[&str]) {
        match *step {
            Step::Push(up, n) => {
                let direction = if up { Direction::Up } else { Direction::Down };
                let n = n.min(self.conn.room(direction));
                if n > 0 {
                    read(&mut self.conn, direction, at(self.now), self.pushed[direction.index()], n);
                    self.pushed[direction.index()] += n;
                }
            }
            Step::Wait(ns) => self.now += ns,
            Step::Add(which) => {
                let spec = spec(faults[which % faults.len()]);
                self.plan.add(spec, 1, at(self.now)).expect("unnamed");
                self.conn.apply(&self.plan, at(self.now));
            }
            Step::Update(which, how) => self.update(which, how, faults),
            Step::Remove(which) => {
                if let Some(planned) = self.plan.faults().get(which % self.plan.faults().len().max(1)) {
                    let id = planned.id();
                    self.plan.remove(id);
                    self.conn.apply(&self.plan, at(self.now));
                }
            }
        }
        self.drain();
    }

    /// Changes a fault of the plan, if there is one.
    fn update(&mut self, which: usize, how: usize, faults: &[&str]) {
        let Some(planned) = self.plan.faults().get(which % self.plan.faults().len().max(1)) else { return };
        let (id, kind) = (planned.id(), planned.spec().kind().name);
        let mut kin = faults.iter().map(|text| spec(text)).filter(|spec| spec.kind().name == kind);
        let count = kin.clone().count();
        self.plan.update(id, kin.nth(how % count).expect("itself")).expect("of the same kind");
        self.conn.apply(&self.plan, at(self.now));
    }

    /// Ends both directions, takes all faults off, and looks at the rest.
    fn finish(&mut self) {
        for direction in Direction::BOTH {
            self.conn.push_fin(direction, at(self.now));
        }
        self.plan = Plan::new(self.plan.link().clone());
        self.conn.apply(&self.plan, at(self.now));
        self.drain();
        for direction in Direction::BOTH {
            assert_eq!(self.conn.held(direction), 0, "nothing is left behind");
        }
        assert_eq!(self.conn.next_due(), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shaping_faults_lose_nothing_however_they_come_and_go(seed in any::<u64>(), steps in prop::collection::vec(step(), 1..250)) {
        let mut run = Run::new(seed);
        for step in &steps {
            run.take(step, &SHAPING);
        }
        run.finish();
        prop_assert_eq!(run.written, run.pushed);
        prop_assert_eq!((run.taken, run.fin, run.ended), ([0; 2], [true; 2], false));
    }

    #[test]
    fn no_mix_of_faults_breaks_order_or_gets_stuck(seed in any::<u64>(), steps in prop::collection::vec(step(), 1..250)) {
        let mut run = Run::new(seed);
        let all = [SHAPING.as_slice(), CUTTING.as_slice()].concat();
        for step in &steps {
            run.take(step, &all);
        }
        run.finish();
        if !run.ended {
            for i in 0..2 {
                prop_assert_eq!(run.written[i] + run.taken[i], run.pushed[i]);
            }
        }
    }
}
