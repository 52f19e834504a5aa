//! Drives a connection on virtual ticks and records what it does.

use squall_faults::{
    Action, Conn, ConnKey, Direction, Ending, FaultSpec, How, LinkId, Opening, Plan, Side, Tick,
};

pub(crate) const MS: u64 = 1_000_000;
pub(crate) const LIMIT: u64 = 1 << 40;

pub(crate) fn at(ns: u64) -> Tick {
    Tick::from_nanos(ns)
}

pub(crate) fn plan(seed: u64, specs: &[&str]) -> Plan {
    let mut plan = Plan::new(LinkId::new("proxy", seed));
    for spec in specs {
        plan.add(self::spec(spec), 0, Tick::ZERO).expect("a free name");
    }
    plan
}

/// What stands in the trace files that specs name here: 4,500 bytes in 4 ms, in rows and in lines.
pub(crate) const ROWS: &str = "1ms,3KB\n2ms,0\n1ms,1500\n";
pub(crate) const LINES: &str = "0\n1\n4\n";

/// A spec from its text, with the contents of the file that it wants.
pub(crate) fn spec(text: &str) -> FaultSpec {
    let spec: FaultSpec = text.parse().unwrap_or_else(|error| panic!("{error}"));
    match spec.wants() {
        Some(file) => spec.supply(if file.ends_with(".csv") { ROWS } else { LINES }).expect("a trace"),
        None => spec,
    }
}

/// The byte at an offset: a and b at places that look random, so that patterns occur.
pub(crate) fn byte(offset: u64) -> u8 {
    b'a' + (offset.wrapping_mul(0x9e37_79b9) >> 13 & 1) as u8
}

/// Tells the connection of a read, with the bytes where a fault wants to see them.
pub(crate) fn read(conn: &mut Conn, direction: Direction, now: Tick, offset: u64, len: u64) {
    if conn.watches(direction) {
        let bytes: Vec<u8> = (offset..offset + len).map(byte).collect();
        conn.push_bytes(direction, now, &bytes);
    } else {
        conn.push(direction, now, len);
    }
}

/// A source of numbers for long runs that need no shrinking (SplitMix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}

pub(crate) fn opening(number: u64) -> Opening {
    Opening { number, label: None, client: None, limit: LIMIT }
}

pub(crate) fn conn(plan: &Plan, number: u64) -> Conn {
    Conn::open(plan, opening(number), Tick::ZERO)
}

pub(crate) fn labelled(plan: &Plan, number: u64, worker: u64) -> Conn {
    Conn::open(
        plan,
        Opening { label: Some(ConnKey::Label { worker, attempt: 1 }), ..opening(number) },
        Tick::ZERO,
    )
}

/// What came out of one direction.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Trace {
    /// When each byte was written, by offset.
    pub(crate) written: Vec<u64>,
    /// Bytes taken out.
    pub(crate) discarded: u64,
    /// When the end came.
    pub(crate) fin: Option<u64>,
    /// When a RST came, after how many written bytes, and to whom.
    pub(crate) reset: Option<(u64, usize, Side)>,
    /// When the connection was closed in order.
    pub(crate) closed: Option<u64>,
    /// Sizes of the pieces that were to be written alone.
    pub(crate) alone: Vec<u64>,
    /// Altered bytes.
    pub(crate) flips: Vec<(u64, u8)>,
}

/// Feeds `arrivals` (time, bytes) and then the end, waking exactly when something is due, and up to `late` ns too late.
pub(crate) fn drive(mut conn: Conn, direction: Direction, arrivals: &[(u64, u64)], late: u64) -> Trace {
    let mut trace = Trace::default();
    let mut arrivals = arrivals.iter().copied().peekable();
    let (mut open, mut offset) = (true, 0);
    loop {
        // Windows that come again have something due for ever.
        if !open && trace.fin.is_some() && conn.held(direction) == 0 {
            return trace;
        }
        let arrival = arrivals.peek().map(|(t, _)| *t);
        let due = conn.next_due().map(|due| due.as_nanos() + late);
        let now = match (arrival, due) {
            (Some(a), Some(d)) => a.min(d),
            (Some(t), None) | (None, Some(t)) => t,
            (None, None) => return trace,
        };
        while let Some((t, len)) = arrivals.next_if(|(t, _)| *t <= now) {
            read(&mut conn, direction, at(t), offset, len);
            offset += len;
            if arrivals.peek().is_none() && std::mem::take(&mut open) {
                conn.push_fin(direction, at(t));
            }
        }
        while let Some(action) = conn.pop(direction, at(now)) {
            match action {
                Action::Write { range, alone } => {
                    let next = trace.written.len() as u64 + trace.discarded;
                    assert_eq!(range.offset, next, "bytes are written in order, each once");
                    trace.written.resize(trace.written.len() + range.len as usize, now);
                    if alone {
                        trace.alone.push(range.len);
                    }
                }
                Action::Flip { offset, mask } => trace.flips.push((offset, mask)),
                Action::Discard(range) => trace.discarded += range.len,
                Action::Fin => trace.fin = Some(now),
                Action::End(Ending { how: How::Reset { side, .. }, .. }) => {
                    trace.reset = Some((now, trace.written.len(), side));
                }
                Action::End(Ending { how: How::Close, .. }) => trace.closed = Some(now),
                other => panic!("{other:?} on a stream"),
            }
        }
    }
}
