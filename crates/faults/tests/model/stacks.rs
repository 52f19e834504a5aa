//! Random stacks of faults over a whole connection: it comes to an end, or a fault that says so holds it.

use crate::datagram_drive::*;
use crate::drive::*;
use crate::specs::{CUTTING, DATAGRAMS, HOLDING, PASSING, SHAPING};
use proptest::prelude::*;
use squall_faults::{Action, Conn, Direction, Plan, Tick};

/// A connection that has so many bytes to carry each way, and then the end.
struct Exchange {
    conn: Conn,
    now: u64,
    left: [u64; 2],
    read_fin: [bool; 2],
    fin: [bool; 2],
    ended: bool,
}

impl Exchange {
    /// Reads what there is room for, as a driver does: without room it does not see the end either.
    fn read(&mut self) {
        for direction in Direction::BOTH {
            let (i, now) = (direction.index(), at(self.now));
            while self.left[i] > 0 && self.conn.room(direction) > 0 {
                let n = self.left[i].min(1_300).min(self.conn.room(direction));
                read(&mut self.conn, direction, now, self.left[i], n);
                self.left[i] -= n;
            }
            if self.left[i] == 0 && !self.read_fin[i] && self.conn.room(direction) > 0 {
                self.conn.push_fin(direction, now);
                self.read_fin[i] = true;
            }
        }
    }

    fn act(&mut self) {
        for direction in Direction::BOTH {
            while let Some(action) = self.conn.pop(direction, at(self.now)) {
                match action {
                    Action::Fin => self.fin[direction.index()] = true,
                    Action::End(_) => self.ended = true,
                    _ => {}
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        self.ended || (self.fin == [true; 2] && Direction::BOTH.iter().all(|d| self.conn.held(*d) == 0))
    }

    /// Goes on until it is over, or until for a minute nothing but the coming and going of windows has happened.
    fn run(&mut self) {
        let mut changed = self.now;
        while !self.is_over() && self.now < changed + 60_000 * MS {
            let before = (self.left, self.fin, Direction::BOTH.map(|d| self.conn.held(d)));
            self.read();
            self.act();
            let after = (self.left, self.fin, Direction::BOTH.map(|d| self.conn.held(d)));
            if before != after {
                changed = self.now;
            }
            let Some(due) = self.conn.next_due() else {
                if before == after {
                    return;
                }
                continue;
            };
            self.now = self.now.max(due.as_nanos());
        }
    }
}

fn pool(pools: &[&[&'static str]]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(pools.concat()), 1..=5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_stack_of_five_faults_hangs_a_connection(
        stack in pool(&[&SHAPING, &CUTTING, &HOLDING, &PASSING]),
        seed in any::<u64>(),
        left in (0u64..12_000, 0u64..12_000),
    ) {
        let mut plan = plan(seed, &stack);
        let conn = Conn::open(&plan, opening(1), Tick::ZERO);
        let left = [left.0, left.1];
        let mut exchange = Exchange { conn, now: 0, left, read_fin: [false; 2], fin: [false; 2], ended: false };
        exchange.run();
        let held = stack.iter().any(|spec| HOLDING.contains(spec) || spec.starts_with("half_open"));
        prop_assert!(exchange.is_over() || held, "left {:?} fin {:?}", exchange.left, exchange.fin);
        // Without faults what is left of it passes.
        plan = Plan::new(plan.link().clone());
        exchange.conn.apply(&plan, at(exchange.now));
        exchange.run();
        // Of a peer that has disappeared nothing more is read.
        prop_assert!(exchange.is_over() || stack.iter().any(|spec| spec.starts_with("half_open")));
    }

    #[test]
    fn no_stack_of_five_faults_keeps_a_datagram(
        stack in pool(&[&DATAGRAMS]),
        seed in any::<u64>(),
        sizes in prop::collection::vec((0u64..1_500, 0u64..3 * MS, any::<bool>()), 1..60),
    ) {
        let plan = session_plan(seed, &stack);
        for direction in Direction::BOTH {
            let mut arrivals = Vec::new();
            let mut now = 0;
            for (len, gap, _) in sizes.iter().filter(|(.., up)| *up == (direction == Direction::Up)) {
                now += gap;
                arrivals.push((now, *len));
            }
            let received = drive_datagrams(conn(&plan, 1), direction, &arrivals, 0);
            let out = (received.sent.len() + received.dropped.len()) as u64;
            prop_assert_eq!(out, arrivals.len() as u64 + received.copied);
        }
    }
}
