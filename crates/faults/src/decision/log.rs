//! The log of decisions, filled by all connections of a run and written sorted.

use super::Decision;
use crate::direction::Direction;
use crate::key::ConnKey;
use std::sync::{Arc, Mutex, PoisonError};

/// The decisions of a run, on any number of links. Cheap to clone: clones share one log.
#[derive(Clone, Default, Debug)]
pub struct Decisions(Arc<Mutex<Log>>);

#[derive(Default, Debug)]
struct Log {
    entries: Vec<Decision>,
    missed: u64,
}

/// Entries that are kept at the most, so that a link that runs for weeks does not fill the memory.
const LIMIT: usize = 4_000_000;

impl Decisions {
    fn push(&self, decision: Decision) {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if log.entries.len() < LIMIT {
            log.entries.push(decision);
        } else {
            log.missed += 1;
        }
    }

    /// What was decided so far, sorted by link, connection, direction, fault and place.
    pub fn sorted(&self) -> Vec<Decision> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner).entries.clone();
        entries.sort();
        // What a fault decided again, because its parameters changed meanwhile, is one decision.
        entries.dedup();
        entries
    }

    /// How many decisions came after the log was full (4 million) and are not in it.
    pub fn missed(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).missed
    }

    /// The sorted log as JSON lines.
    pub fn to_json_lines(&self) -> String {
        let mut text = String::new();
        for decision in self.sorted() {
            // Strings and integers always have a JSON form.
            text.push_str(&serde_json::to_string(&decision).unwrap_or_default());
            text.push('\n');
        }
        text
    }
}

/// Where one fault on one direction of one connection writes its decisions.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    log: Decisions,
    link: Arc<str>,
    connection: ConnKey,
    direction: Direction,
    fault: String,
}

impl Recorder {
    pub(crate) fn new(
        log: Decisions,
        link: Arc<str>,
        connection: ConnKey,
        direction: Direction,
        fault: &str,
    ) -> Recorder {
        Recorder { log, link, connection, direction, fault: fault.to_owned() }
    }

    pub(crate) fn note(&self, action: &str, index: u64, offset: u64, value: u64) {
        self.log.push(Decision {
            link: self.link.to_string(),
            connection: self.connection,
            direction: self.direction,
            fault: self.fault.clone(),
            index,
            offset,
            action: action.to_owned(),
            value,
        });
    }
}
