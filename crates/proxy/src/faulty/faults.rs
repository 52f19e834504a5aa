//! What stands between the ends: a plan of faults that may change while bytes flow.

use super::core::Core;
use crate::error::ProxyError;
use crate::live_plan::LivePlan;
use crate::metrics::FaultMetrics;
use squall_faults::{Decisions, FaultSpec, LinkId, Opening, Plan, Replay, Tick};
use squall_wire::lock;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, Weak};
use std::task::Waker;
use tokio::time::Instant;

/// What one direction holds at the most by default: enough for any test, and far from a memory.
const BUFFER: u64 = 64 << 20;

/// Faults for connections within one process, each made by [`duplex`](super::duplex) or [`Faulty`](super::Faulty). Cheap to
/// clone: clones share the faults, and the numbers of the connections.
///
/// Time is tokio's, to the millisecond, from the making of this on; with a paused clock a test waits for nothing.
#[derive(Clone)]
pub struct Faults(Arc<Shared>);

struct Shared {
    plan: LivePlan,
    epoch: Instant,
    opened: AtomicU64,
    buffer: u64,
    /// Of the connections.
    bells: Mutex<Vec<Weak<Bell>>>,
}

/// Wakes whoever waits on a connection.
#[derive(Default)]
pub(super) struct Bell(Mutex<Vec<Waker>>);

impl Bell {
    pub(super) fn listen(&self, waker: &Waker) {
        let mut waiting = lock(&self.0);
        if !waiting.iter().any(|other| other.will_wake(waker)) {
            waiting.push(waker.clone());
        }
    }

    fn ring(&self) {
        let waiting = std::mem::take(&mut *lock(&self.0));
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl Faults {
    /// No faults yet, drawn from this seed.
    ///
    /// ```
    /// use squall_proxy::faulty::{Faults, duplex};
    /// use squall_faults::catalogue::Latency;
    /// use std::time::Duration;
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?.block_on(async {
    /// let faults = Faults::new(7);
    /// faults.add(Latency::new(Duration::from_secs(60)))?;
    /// let (mut client, mut server) = duplex(&faults);
    ///
    /// let before = tokio::time::Instant::now();
    /// server.write_all(b"a minute late, at once").await?;
    /// server.shutdown().await?;
    /// let mut heard = String::new();
    /// client.read_to_string(&mut heard).await?;
    /// assert_eq!(before.elapsed(), Duration::from_secs(60));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(seed: u64) -> Faults {
        Faults::of(Plan::new(LinkId::new("faulty", seed)))
    }

    /// No faults yet, under a name of its own, which is part of the key of every draw.
    pub fn named(name: &str, seed: u64) -> Faults {
        Faults::of(Plan::new(LinkId::new(name, seed)))
    }

    /// Writes every decision into `log`.
    pub fn recording(name: &str, seed: u64, log: Decisions) -> Faults {
        Faults::of(Plan::new(LinkId::new(name, seed)).recording(log))
    }

    /// Makes the decisions of `replay` again instead of drawing.
    pub fn replaying(name: &str, replay: Replay) -> Faults {
        Faults::of(Plan::new(LinkId::new(name, 0)).replaying(replay))
    }

    fn of(plan: Plan) -> Faults {
        let shared = Shared {
            plan: LivePlan::new(plan),
            epoch: Instant::now(),
            opened: AtomicU64::new(0),
            buffer: BUFFER,
            bells: Mutex::default(),
        };
        Faults(Arc::new(shared))
    }

    /// Puts a fault in force. What is written after this returns meets it, on open connections too; it stays when the handle
    /// is dropped.
    ///
    /// # Errors
    /// Where it was given a name that is taken, makes no sense on a stream, or acts when a client connects: a stream within a
    /// process is open from the beginning.
    pub fn add(&self, fault: impl Into<FaultSpec>) -> Result<FaultHandle, ProxyError> {
        let spec = fault.into();
        if spec.kind().is_gate() {
            let reason =
                "it acts when a client connects, and a stream within a process is open from the beginning";
            return Err(ProxyError::Unsupported { fault: spec.kind().name, reason });
        }
        let planned = self.0.plan.add(None, spec, self.0.opened.load(Relaxed), self.now())?;
        self.tell();
        Ok(FaultHandle { faults: self.clone(), id: planned.id(), name: planned.name().to_owned() })
    }

    /// What each fault has done so far, in the order of their names; faults that were taken off are among them.
    pub fn fired(&self) -> Vec<FaultMetrics> {
        self.0.plan.faults()
    }

    pub(super) fn now(&self) -> Tick {
        Tick::from_nanos(u64::try_from(self.0.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    /// The instant of a tick; `None` beyond what the clock can say.
    pub(super) fn instant(&self, tick: Tick) -> Option<Instant> {
        self.0.epoch.checked_add(std::time::Duration::from_nanos(tick.as_nanos()))
    }

    pub(super) fn plan(&self) -> &LivePlan {
        &self.0.plan
    }

    /// Wakes everybody who may meet another plan now.
    fn tell(&self) {
        let mut bells = lock(&self.0.bells);
        bells.retain(|bell| bell.upgrade().inspect(|bell| bell.ring()).is_some());
    }

    /// The next connection.
    pub(super) fn open(&self) -> Core {
        let number = self.0.opened.fetch_add(1, Relaxed) + 1;
        let bell = Arc::new(Bell::default());
        let mut bells = lock(&self.0.bells);
        bells.retain(|bell| bell.strong_count() > 0);
        bells.push(Arc::downgrade(&bell));
        drop(bells);
        Core::open(self.clone(), bell, Opening { number, label: None, client: None, limit: self.0.buffer })
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("fired", &self.fired()).finish_non_exhaustive()
    }
}

/// A fault in force.
#[derive(Clone, Debug)]
pub struct FaultHandle {
    faults: Faults,
    id: u64,
    name: String,
}

impl FaultHandle {
    /// Takes the fault off; what it held goes on at once. False where it is off already.
    pub fn remove(&self) -> bool {
        let removed = self.faults.0.plan.remove(self.id);
        if removed {
            self.faults.tell();
        }
        removed
    }

    /// How often it has fired.
    pub fn fired(&self) -> u64 {
        self.faults.fired().iter().find(|fault| fault.name == self.name).map_or(0, |fault| fault.fired)
    }
}
