//! The precise timer of a real shard: one heap, one alarm, one task that releases what is due.

use std::io;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Waker;

use crate::heap::Heap;
use crate::lock::lock;
use crate::platform::{Alarm, monotonic_ns};

/// After a release the alarm rests this long, so that what falls due close together is released in one go.
/// A timer is never early, and one with no close neighbour is never held up by this.
const REST: u64 = 20_000;

/// Nanoseconds since the process first asked: one origin, so that all real shards agree.
pub(crate) fn now() -> u64 {
    // The origin first: it is at the latest the time read after it.
    let origin = origin();
    monotonic_ns().saturating_sub(origin)
}

fn origin() -> u64 {
    static ORIGIN: OnceLock<u64> = OnceLock::new();
    *ORIGIN.get_or_init(monotonic_ns)
}

/// Sleepers of one shard.
pub(crate) struct Timer {
    sleepers: Mutex<Sleepers>,
    alarm: Alarm,
}

struct Sleepers {
    heap: Heap,
    /// When the alarm will ring; `u64::MAX` while it will not.
    armed: u64,
}

impl Timer {
    /// Must be called inside the shard's runtime.
    pub(crate) fn new() -> io::Result<Self> {
        let sleepers = Mutex::new(Sleepers { heap: Heap::default(), armed: u64::MAX });
        Ok(Self { sleepers, alarm: Alarm::new()? })
    }

    /// Wakes `waker` at `at`; returns the entry's sequence number.
    pub(crate) fn set(&self, at: u64, seq: Option<u64>, waker: &Waker) -> u64 {
        let mut sleepers = lock(&self.sleepers);
        let (seq, replaced) = sleepers.heap.set(at, seq, waker);
        if at < sleepers.armed {
            self.arm(&mut sleepers, at);
        }
        drop(sleepers);
        drop(replaced);
        seq
    }

    /// Forgets an entry. The alarm stays as it is: ringing for nobody is cheaper than setting it twice.
    pub(crate) fn remove(&self, at: u64, seq: u64) {
        let removed = lock(&self.sleepers).heap.remove(at, seq);
        drop(removed);
    }

    fn arm(&self, sleepers: &mut Sleepers, at: u64) {
        sleepers.armed = at;
        self.alarm.arm(origin().saturating_add(at));
    }

    /// Moves the wakers that are due into `due` and sets the alarm for the next one.
    fn release(&self, due: &mut Vec<Waker>) {
        let mut sleepers = lock(&self.sleepers);
        let now = now();
        sleepers.heap.release(now, due);
        match sleepers.heap.head() {
            Some(head) if due.is_empty() => self.arm(&mut sleepers, head),
            Some(head) => self.arm(&mut sleepers, head.max(now + REST)),
            None => sleepers.armed = u64::MAX,
        }
    }
}

/// Runs a shard's timer for as long as its runtime lives.
pub(crate) async fn drive(timer: Arc<Timer>) {
    let mut due = Vec::new();
    while timer.alarm.rung().await.is_ok() {
        timer.release(&mut due);
        due.drain(..).for_each(Waker::wake);
    }
}
