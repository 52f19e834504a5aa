//! The log of decisions, filled by all connections of a run and written sorted.

use super::Decision;
use crate::direction::Direction;
use crate::key::ConnKey;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// The decisions of a run, on any number of links. Cheap to clone: clones share one log.
///
/// An entry takes 40 bytes, and as much again while its place is made.
#[derive(Clone, Default, Debug)]
pub struct Decisions(Arc<Log>);

#[derive(Default, Debug)]
struct Log {
    /// In the order in which they are written.
    lanes: Mutex<BTreeMap<Place, Lane>>,
    entries: AtomicU64,
}

/// Where decisions are made: one fault on one direction of one connection.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    link: Arc<str>,
    connection: ConnKey,
    direction: Direction,
    fault: Arc<str>,
}

/// What was decided there, in the order in which it was.
type Lane = Arc<Mutex<Vec<Entry>>>;

/// A decision without its place; the order is that in which they are written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Entry {
    index: u64,
    offset: u64,
    action: &'static str,
    value: u64,
}

/// Entries that are kept at the most, so that a link that runs for weeks does not fill the memory.
const LIMIT: u64 = 4_000_000;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Decisions {
    /// What was decided so far, sorted by link, connection, direction, fault and place.
    pub fn sorted(&self) -> Vec<Decision> {
        let mut all = Vec::new();
        let Ok(()) = self.each(|decision| {
            all.push(decision);
            Ok::<_, std::convert::Infallible>(())
        });
        all
    }

    /// How many decisions came after the log was full (4 million) and are not in it.
    pub fn missed(&self) -> u64 {
        self.0.entries.load(Relaxed).saturating_sub(LIMIT)
    }

    /// Writes the sorted log as JSON lines.
    ///
    /// # Errors
    /// Those of `out`; what was written until then stays written.
    pub fn write_json_lines(&self, mut out: impl Write) -> io::Result<()> {
        self.each(|decision| {
            serde_json::to_writer(&mut out, &decision)?;
            out.write_all(b"\n")
        })
    }

    /// The sorted log as JSON lines.
    pub fn to_json_lines(&self) -> String {
        let mut text = Vec::new();
        // Writing to memory does not fail, and JSON is UTF-8.
        let _ = self.write_json_lines(&mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// Visits the sorted log, of which it copies no more than one lane at a time.
    fn each<E>(&self, mut visit: impl FnMut(Decision) -> Result<(), E>) -> Result<(), E> {
        let lanes: Vec<_> =
            lock(&self.0.lanes).iter().map(|(place, lane)| (place.clone(), lane.clone())).collect();
        for (place, lane) in lanes {
            let mut entries = lock(&lane).clone();
            entries.sort_unstable();
            // What a fault decided again, because its parameters changed meanwhile, is one decision.
            entries.dedup();
            for Entry { index, offset, action, value } in entries {
                visit(Decision {
                    link: place.link.to_string(),
                    connection: place.connection,
                    direction: place.direction,
                    fault: place.fault.to_string(),
                    index,
                    offset,
                    action: action.to_owned(),
                    value,
                })?;
            }
        }
        Ok(())
    }
}

/// Where one fault on one direction of one connection writes its decisions.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    log: Decisions,
    place: Place,
    /// Its lane of the log, from the first decision on.
    lane: OnceLock<Lane>,
}

impl Recorder {
    pub(crate) fn new(
        log: Decisions,
        link: Arc<str>,
        connection: ConnKey,
        direction: Direction,
        fault: &str,
    ) -> Recorder {
        let place = Place { link, connection, direction, fault: fault.into() };
        Recorder { log, place, lane: OnceLock::new() }
    }

    pub(crate) fn note(&self, action: &'static str, index: u64, offset: u64, value: u64) {
        if self.log.0.entries.fetch_add(1, Relaxed) >= LIMIT {
            return;
        }
        let lane =
            self.lane.get_or_init(|| lock(&self.log.0.lanes).entry(self.place.clone()).or_default().clone());
        lock(lane).push(Entry { index, offset, action, value });
    }
}
