//! Virtual time: tokio's paused clock is the coarse hand (milliseconds), a heap of our own the fine hand.
//!
//! Time moves only when every task waits. The park hook then either moves the fine hand to the next sleeper
//! inside the current millisecond, or leaves the thread to tokio with a timer set for that sleeper's
//! millisecond, so that tokio's own timers and ours fire in one common order: at `N` ms first what tokio has
//! due, then our sleepers from `N` ms up to the next millisecond.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use crate::heap::Heap;
use crate::lock::lock;

const MILLISECOND: u64 = 1_000_000;

/// A year, in milliseconds. A sleeper further ahead counts as one that waits for ever. When only such are left,
/// the coarse hand is set a year ahead: reaching that proves that no timer of any kind was due before, so
/// nothing in a closed world can ever happen again.
const HORIZON: u64 = 365 * 24 * 3600 * 1000;

/// The clock of one virtual world. All hooks run on the world's only thread.
pub(crate) struct Clock {
    now: AtomicU64,
    stuck: AtomicBool,
    hands: Mutex<Hands>,
    lulls: Mutex<Lulls>,
}

/// Who waits for a lull: a moment at which every task waits, before time moves on.
#[derive(Default)]
struct Lulls {
    last: u64,
    /// By a number of its own: the time of the lull it has seen already, and whom to wake.
    waiting: BTreeMap<u64, (Option<u64>, Waker)>,
}

#[derive(Default)]
struct Hands {
    heap: Heap,
    /// Tokio's time at our zero.
    origin: Option<Instant>,
    /// Tokio's timer that stops the coarse hand.
    stop: Option<Pin<Box<Sleep>>>,
    /// What it is set for.
    armed: Option<Stop>,
    /// Woken when the world is stuck.
    main: Option<Waker>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// The millisecond of the first sleeper.
    Sleeper(u64),
    /// The millisecond at which to give up.
    Horizon(u64),
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            now: AtomicU64::new(0),
            stuck: AtomicBool::new(false),
            hands: Mutex::new(Hands::default()),
            lulls: Mutex::new(Lulls::default()),
        }
    }

    /// Sets zero to tokio's present time. Must be called inside the paused runtime, before anything sleeps.
    pub(crate) fn start(&self) {
        lock(&self.hands).origin = Some(Instant::now());
    }

    /// Virtual nanoseconds since the world began.
    pub(crate) fn now(&self) -> u64 {
        self.now.load(Relaxed)
    }

    /// Wakes `waker` at `at`; returns the entry's sequence number.
    pub(crate) fn set(&self, at: u64, seq: Option<u64>, waker: &Waker) -> u64 {
        let (seq, replaced) = lock(&self.hands).heap.set(at, seq, waker);
        drop(replaced);
        seq
    }

    /// Forgets an entry.
    pub(crate) fn remove(&self, at: u64, seq: u64) {
        let removed = lock(&self.hands).heap.remove(at, seq);
        drop(removed);
    }

    /// Wakes `waker` at the next lull at another time than `seen`; returns the entry's number.
    pub(crate) fn await_lull(&self, seen: Option<u64>, number: Option<u64>, waker: &Waker) -> u64 {
        let mut lulls = lock(&self.lulls);
        let number = number.unwrap_or(lulls.last + 1);
        lulls.last = lulls.last.max(number);
        lulls.waiting.insert(number, (seen, waker.clone()));
        number
    }

    /// Whether the entry still waits.
    pub(crate) fn awaits_lull(&self, number: u64) -> bool {
        lock(&self.lulls).waiting.contains_key(&number)
    }

    /// Forgets an entry.
    pub(crate) fn forget_lull(&self, number: u64) {
        let removed = lock(&self.lulls).waiting.remove(&number);
        drop(removed);
    }

    /// Lets those go who have waited for this lull; false where there are none.
    fn lull(&self) -> bool {
        let now = self.now();
        let mut lulls = lock(&self.lulls);
        let (still, woken): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut lulls.waiting).into_iter().partition(|(_, (seen, _))| *seen == Some(now));
        lulls.waiting = still;
        drop(lulls);
        let any = !woken.is_empty();
        woken.into_values().for_each(|(_, waker)| waker.wake());
        any
    }

    /// Resolves when it is certain that nothing can happen any more.
    pub(crate) fn poll_stuck(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.stuck.load(Relaxed) {
            return Poll::Ready(());
        }
        lock(&self.hands).main = Some(cx.waker().clone());
        Poll::Pending
    }

    /// For `on_thread_unpark`: tokio may have moved the coarse hand.
    pub(crate) fn unparked(&self) {
        self.follow(&lock(&self.hands));
    }

    /// For `on_thread_park`: everything waits.
    pub(crate) fn parking(&self) {
        let mut due = Vec::new();
        let mut hands = lock(&self.hands);
        let Some(coarse) = self.follow(&hands) else { return };
        // What is due at this very instant belongs to it: a lull is when that has been done, too.
        let head = hands.heap.head();
        if head.is_none_or(|at| at > self.now()) && self.lull() {
            return;
        }
        match head {
            Some(at) if at / MILLISECOND <= coarse => {
                self.now.fetch_max(at, Relaxed);
                hands.heap.release(at, &mut due);
            }
            Some(at) if at / MILLISECOND <= coarse + HORIZON => hands.arm(Stop::Sleeper(at / MILLISECOND)),
            _ => match hands.armed {
                Some(Stop::Horizon(end)) if coarse >= end => {
                    self.stuck.store(true, Relaxed);
                    due.extend(hands.main.take());
                }
                Some(Stop::Horizon(_)) => {}
                _ => hands.arm(Stop::Horizon(coarse + HORIZON)),
            },
        }
        drop(hands);
        due.into_iter().for_each(Waker::wake);
    }

    /// Catches up with the coarse hand and returns its millisecond, once the world has begun.
    fn follow(&self, hands: &Hands) -> Option<u64> {
        let elapsed = Instant::now().saturating_duration_since(hands.origin?);
        let coarse = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        self.now.fetch_max(coarse.saturating_mul(MILLISECOND), Relaxed);
        Some(coarse)
    }
}

impl Hands {
    /// Makes the coarse hand stop at `stop`. The timer wakes nobody: the thread parks again after it fired, and
    /// that is when the hook looks.
    fn arm(&mut self, stop: Stop) {
        let Some(origin) = self.origin else { return };
        if self.armed == Some(stop) {
            return;
        }
        let (Stop::Sleeper(ms) | Stop::Horizon(ms)) = stop;
        let deadline = origin + Duration::from_millis(ms);
        let timer = match &mut self.stop {
            Some(timer) => {
                timer.as_mut().reset(deadline);
                timer
            }
            none => none.insert(Box::pin(tokio::time::sleep_until(deadline))),
        };
        // Only a polled timer is registered; it lies ahead, so there is nothing to learn from the answer.
        let _ = timer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        self.armed = Some(stop);
    }
}
