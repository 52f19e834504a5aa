//! A log of decisions that stands in place of the draws.

use super::{ACT, Decision};
use crate::direction::Direction;
use crate::key::ConnKey;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Decisions to be made again. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Replay(Arc<BTreeMap<Lane, Script>>);

/// Link, connection, direction, fault.
type Lane = (String, ConnKey, Direction, String);

/// What one fault decides on one direction of one connection: the number drawn, by what it was decided about.
#[derive(Clone, Default, Debug)]
pub(crate) struct Script(Arc<BTreeMap<u64, u64>>);

/// Why a text is no log of decisions.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct ReplayError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl Replay {
    /// Reads a log: JSON lines as [`super::Decisions::to_json_lines`] writes them, in any order; empty lines are skipped.
    ///
    /// # Errors
    /// Where a line is not a decision.
    pub fn parse(text: &str) -> Result<Replay, ReplayError> {
        let mut decisions = Vec::new();
        for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            decisions.push(serde_json::from_str::<Decision>(line).map_err(|error| {
                // The place that serde adds is within the line; what counts is which line.
                let message = error.to_string();
                let message = message.split(" at line ").next().unwrap_or_default();
                ReplayError {
                    line: i + 1,
                    message: format!("not a decision as `--decisions` writes them: {message}"),
                }
            })?);
        }
        Ok(Replay::from(decisions))
    }

    /// Links and faults for which there are decisions, each pair at least once.
    pub fn decided(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.keys().map(|(link, _, _, fault)| (link.as_str(), fault.as_str()))
    }

    /// What `fault` is to decide there; `None` where the log has nothing of it.
    pub(crate) fn script(
        &self,
        link: &str,
        connection: ConnKey,
        direction: Direction,
        fault: &str,
    ) -> Option<Script> {
        self.0.get(&(link.to_owned(), connection, direction, fault.to_owned())).cloned()
    }
}

impl From<Vec<Decision>> for Replay {
    fn from(decisions: Vec<Decision>) -> Replay {
        let mut lanes: BTreeMap<Lane, BTreeMap<u64, u64>> = BTreeMap::new();
        for decision in decisions {
            let Decision { link, connection, direction, fault, index, action, value, .. } = decision;
            let script = lanes.entry((link, connection, direction, fault)).or_default();
            if action != ACT {
                script.insert(index, value);
            }
        }
        Replay(Arc::new(lanes.into_iter().map(|(lane, script)| (lane, Script(Arc::new(script)))).collect()))
    }
}

impl Script {
    /// The number drawn with the decision about `index`; `None` where nothing was decided about it.
    pub(crate) fn get(&self, index: u64) -> Option<u64> {
        self.0.get(&index).copied()
    }
}
