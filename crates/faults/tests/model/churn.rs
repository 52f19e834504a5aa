//! One long run for each carrier: 100,000 faults added, changed and removed under traffic, checked byte by byte.

use crate::drive::*;
use crate::specs::{CUTTING, DATAGRAMS, SHAPING};
use squall_faults::{Action, Conn, Direction, FaultSpec, LinkId, Opening, Plan};
use std::collections::{BTreeMap, VecDeque};

const OPERATIONS: u64 = 100_000;
/// Faults in force at the most.
const MOST: usize = 6;

/// A plan that changes at random.
struct Changing {
    plan: Plan,
    pool: Vec<FaultSpec>,
    numbers: Numbers,
}

impl Changing {
    fn new(link: LinkId, pool: &[&[&str]]) -> Changing {
        let pool = pool.concat().into_iter().map(spec).collect();
        Changing { plan: Plan::new(link), pool, numbers: Numbers(1) }
    }

    fn one(&mut self, accepted: u64, now: u64) {
        let count = self.plan.faults().len();
        let which = self.numbers.below(count as u64) as usize;
        match self.numbers.below(3) {
            0 if count < MOST => {
                let new = self.numbers.below(self.pool.len() as u64) as usize;
                self.plan.add(self.pool[new].clone(), accepted, at(now)).expect("unnamed");
            }
            1 if count > 0 => {
                let kind = self.plan.faults()[which].spec().kind().name;
                let kin: Vec<_> = self.pool.iter().filter(|spec| spec.kind().name == kind).collect();
                let new = kin[self.numbers.below(kin.len() as u64) as usize].clone();
                self.plan.update(self.plan.faults()[which].id(), new).expect("of the same kind");
            }
            _ if count > 0 => drop(self.plan.remove(self.plan.faults()[which].id())),
            _ => {}
        }
    }

    fn clear(&mut self) {
        for planned in self.plan.faults().to_vec() {
            self.plan.remove(planned.id());
        }
    }
}

/// One direction's bytes as a driver keeps them: those that have been read and have not come out.
#[derive(Default)]
struct Bytes {
    kept: VecDeque<u8>,
    /// The offset of the first of them.
    first: u64,
    flips: BTreeMap<u64, u8>,
    fin: bool,
}

impl Bytes {
    fn read(&mut self, len: u64) -> Vec<u8> {
        let from = self.first + self.kept.len() as u64;
        let read: Vec<u8> = (from..from + len).map(byte).collect();
        self.kept.extend(&read);
        read
    }

    fn do_it(&mut self, action: Action) {
        match action {
            Action::Write { range, .. } => {
                assert!(!self.fin, "nothing is written behind the end");
                assert_eq!(range.offset, self.first);
                for offset in range.offset..range.end() {
                    let flipped = self.flips.remove(&offset).unwrap_or(0);
                    assert_eq!(self.kept.pop_front(), Some(byte(offset) ^ flipped), "at {offset}");
                }
                self.first = range.end();
            }
            Action::Discard(range) => {
                assert_eq!(range.offset, self.first);
                self.kept.drain(..range.len as usize);
                self.first = range.end();
                self.flips.retain(|offset, _| *offset >= range.end());
            }
            Action::Flip { offset, mask } => {
                let place = usize::try_from(offset - self.first).expect("a byte that is kept");
                self.kept[place] ^= mask;
                *self.flips.entry(offset).or_default() ^= mask;
            }
            Action::Fin => self.fin = true,
            other => panic!("{other:?} on a stream"),
        }
    }
}

#[test]
fn a_hundred_thousand_changes_under_a_stream_lose_and_alter_nothing_unasked() {
    let mut changing = Changing::new(LinkId::new("proxy", 7), &[&SHAPING, &CUTTING]);
    let (mut number, mut now) = (1, 0);
    let mut conn = Conn::open(&changing.plan, opening(number), at(now));
    let mut bytes = [Bytes::default(), Bytes::default()];
    let (mut ended, mut last, mut written) = (0u64, false, 0u64);
    for operation in 0..OPERATIONS {
        last = operation % 1_000 == 999;
        if last {
            changing.clear();
        } else {
            changing.one(number, now);
        }
        conn.apply(&changing.plan, at(now));
        let (up, gap) = (changing.numbers.below(2) == 0, changing.numbers.below(2 * MS));
        let direction = if up { Direction::Up } else { Direction::Down };
        let len = changing.numbers.below(600).min(conn.room(direction));
        if len > 0 {
            let read = bytes[direction.index()].read(len);
            conn.push_bytes(direction, at(now), &read);
        }
        if !last {
            now += gap;
        }
        let mut over = false;
        for direction in Direction::BOTH {
            while let Some(action) = conn.pop(direction, at(now)) {
                match action {
                    Action::End(_) => over = true,
                    action => bytes[direction.index()].do_it(action),
                }
            }
        }
        if !over {
            let kept = Direction::BOTH.map(|direction| bytes[direction.index()].kept.len() as u64);
            assert_eq!(Direction::BOTH.map(|direction| conn.held(direction)), kept);
        }
        assert!(conn.next_due().is_none_or(|due| due > at(now)), "what is due has been worked off");
        if last && !over {
            assert!(bytes.iter().all(|bytes| bytes.kept.is_empty()), "nothing is left behind");
        }
        if over || last {
            ended += u64::from(over);
            written += bytes.iter().map(|bytes| bytes.first).sum::<u64>();
            number += 1;
            conn = Conn::open(&changing.plan, opening(number), at(now));
            bytes = [Bytes::default(), Bytes::default()];
        }
    }
    assert!(last && ended > 100 && written > 1_000_000, "{ended} ended, {written} bytes");
}

/// One direction's datagrams: how often each is still to come out, and its payload.
#[derive(Default)]
struct Datagrams {
    waiting: BTreeMap<u64, (u64, u64)>,
    read: u64,
    sent: u64,
    dropped: u64,
    copied: u64,
    /// Bytes that have been read.
    bytes: u64,
}

impl Datagrams {
    fn do_it(&mut self, action: Action) {
        let number = match action {
            Action::Send { number, len } => {
                self.sent += 1;
                assert!(len <= self.waiting[&number].1);
                number
            }
            Action::Drop { number } => {
                self.dropped += 1;
                number
            }
            Action::Copy { number, copies } => {
                self.copied += copies;
                return self.waiting.get_mut(&number).expect("a datagram that waits").0 += copies;
            }
            Action::Flip { offset, mask } => return assert!(offset < self.bytes && mask != 0),
            Action::Rebind => return,
            other => panic!("{other:?} on datagrams"),
        };
        let (left, _) = self.waiting.get_mut(&number).expect("a datagram that waits");
        *left -= 1;
        if *left == 0 {
            self.waiting.remove(&number);
        }
    }
}

#[test]
fn a_hundred_thousand_changes_under_datagrams_lose_and_make_none_unasked() {
    let mut changing = Changing::new(LinkId::new("proxy", 7).datagrams(), &[&DATAGRAMS]);
    let mut now = 0;
    let limited = Opening { limit: 6_000, ..opening(1) };
    let mut conn = Conn::open(&changing.plan, limited, at(now));
    let mut datagrams = [Datagrams::default(), Datagrams::default()];
    for operation in 0..OPERATIONS {
        let last = operation % 1_000 == 999;
        if last {
            changing.clear();
        } else {
            changing.one(1, now);
        }
        conn.apply(&changing.plan, at(now));
        let (up, gap) = (changing.numbers.below(2) == 0, changing.numbers.below(2 * MS));
        let direction = if up { Direction::Up } else { Direction::Down };
        let read = &mut datagrams[direction.index()];
        let len = changing.numbers.below(400).saturating_sub(30);
        let payload: Vec<u8> = (read.bytes..read.bytes + len).map(byte).collect();
        read.waiting.insert(read.read, (1, len));
        (read.read, read.bytes) = (read.read + 1, read.bytes + len);
        let fits = conn.held(direction) + len <= 6_000;
        assert_eq!(conn.push_datagram(direction, at(now), &payload), fits);
        if !last {
            now += gap;
        }
        for direction in Direction::BOTH {
            while let Some(action) = conn.pop(direction, at(now)) {
                datagrams[direction.index()].do_it(action);
            }
            let held: u64 = datagrams[direction.index()].waiting.values().map(|(left, len)| left * len).sum();
            assert_eq!(conn.held(direction), held);
            assert!(!last || datagrams[direction.index()].waiting.is_empty(), "nothing is left behind");
        }
        assert!(conn.next_due().is_none_or(|due| due > at(now)), "what is due has been worked off");
    }
    for Datagrams { read, sent, dropped, copied, .. } in datagrams {
        assert_eq!(sent + dropped, read + copied);
        assert!(dropped > read / 50 && sent > read / 2 && copied > read / 100);
    }
}
