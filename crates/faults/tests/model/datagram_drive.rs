//! Drives a session of datagrams on virtual ticks and records what it does.

use crate::drive::*;
use squall_faults::{Action, Conn, Direction, FaultSpec, LinkId, Plan, Tick};

/// What came out of one direction of a session.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Received {
    /// When which datagram was sent, and how many of its bytes.
    pub(crate) sent: Vec<(u64, u64, u64)>,
    /// When which was dropped.
    pub(crate) dropped: Vec<(u64, u64)>,
    /// How many copies were made.
    pub(crate) copied: u64,
    /// Altered bytes, by their offset in the direction's bytes.
    pub(crate) flips: Vec<(u64, u8)>,
    /// When another port was taken.
    pub(crate) rebound: Vec<u64>,
}

impl Received {
    /// The numbers of the datagrams that were sent, in order.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.sent.iter().map(|(_, number, _)| *number).collect()
    }

    /// The numbers of those that were dropped.
    pub(crate) fn lost(&self) -> Vec<u64> {
        self.dropped.iter().map(|(_, number)| *number).collect()
    }

    fn note(&mut self, now: u64, action: Action) {
        match action {
            Action::Send { number, len } => self.sent.push((now, number, len)),
            Action::Drop { number } => self.dropped.push((now, number)),
            Action::Copy { copies, .. } => self.copied += copies,
            Action::Flip { offset, mask } => self.flips.push((offset, mask)),
            Action::Rebind => self.rebound.push(now),
            other => panic!("{other:?} on datagrams"),
        }
    }
}

/// A plan for datagrams.
pub(crate) fn session_plan(seed: u64, specs: &[&str]) -> Plan {
    let mut plan = Plan::new(LinkId::new("proxy", seed).datagrams());
    for text in specs {
        let spec: FaultSpec = spec(text);
        plan.add(spec, 0, Tick::ZERO).expect("a free name");
    }
    plan
}

/// Feeds `arrivals` (time, size), waking exactly when something is due, and up to `late` ns too late. It returns when all has
/// come out, or nothing more does.
pub(crate) fn drive_datagrams(
    mut conn: Conn,
    direction: Direction,
    arrivals: &[(u64, u64)],
    late: u64,
) -> Received {
    let mut received = Received::default();
    let mut coming = arrivals.iter().copied().peekable();
    let mut idle = 0;
    loop {
        let left =
            arrivals.len() as u64 + received.copied - (received.sent.len() + received.dropped.len()) as u64;
        if (left == 0 && coming.peek().is_none()) || idle > 10_000 {
            assert!(
                left > 0 || conn.held(direction) == 0,
                "{} bytes are held of nothing",
                conn.held(direction)
            );
            return received;
        }
        let due = conn.next_due().map(|due| due.as_nanos() + late);
        let now = match (coming.peek().map(|(t, _)| *t), due) {
            (Some(a), Some(d)) => a.min(d),
            (Some(t), None) | (None, Some(t)) => t,
            (None, None) => return received,
        };
        while let Some((t, len)) = coming.next_if(|(t, _)| *t <= now) {
            conn.push_datagram(direction, at(t), &vec![b'x'; len as usize]);
        }
        idle += 1;
        while let Some(action) = conn.pop(direction, at(now)) {
            received.note(now, action);
            idle = 0;
        }
    }
}

/// One session under these faults, from server to client.
pub(crate) fn session(specs: &[&str], arrivals: &[(u64, u64)]) -> Received {
    drive_datagrams(conn(&session_plan(7, specs), 1), Direction::Down, arrivals, 0)
}
