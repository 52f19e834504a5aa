//! Plans that change at random under traffic: nothing is lost that no fault takes, nothing is reordered, nothing gets stuck.

use crate::drive::*;
use proptest::prelude::*;
use squall_faults::{Action, Direction, FaultSpec, LinkId, Plan};

/// Faults that take nothing out of the stream.
const SHAPING: [&str; 9] = [
    "latency:3ms@both",
    "latency:2ms,jitter=1ms,after=3000@both",
    "bandwidth:10MB/s,burst=1KB@both",
    "bandwidth:1MB/s,for=5ms,every=20ms@both",
    "freeze:4ms,every=11ms",
    "flap:on=5ms,off=3ms",
    "slice:700,variation=300,delay=100us@both",
    "slow_close:2ms@both",
    "corrupt:1%@both",
];

/// Faults that take bytes or end the connection.
const CUTTING: [&str; 7] = [
    "half_open:15000,side=client",
    "reset:p=20%,within=30KiB@both",
    "reset:9000,flush=false",
    "truncate:20000",
    "blackhole:after=5000,for=3ms",
    "timeout:5ms,after=30000",
    "flap:on=9ms,off=1ms,reset=true",
];

#[derive(Clone, Debug)]
enum Step {
    Push(bool, u64),
    Wait(u64),
    Add(usize),
    Remove(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<bool>(), 1u64..9_000).prop_map(|(up, n)| Step::Push(up, n)),
        3 => (0u64..3 * MS).prop_map(Step::Wait),
        2 => (0usize..100).prop_map(Step::Add),
        2 => (0usize..100).prop_map(Step::Remove),
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
                    self.conn.push(direction, at(self.now), n);
                    self.pushed[direction.index()] += n;
                }
            }
            Step::Wait(ns) => self.now += ns,
            Step::Add(which) => {
                let spec: FaultSpec = faults[which % faults.len()].parse().expect("a spec");
                self.plan.add(spec, 1, at(self.now)).expect("unnamed");
                self.conn.apply(&self.plan, at(self.now));
            }
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
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

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
