//! Servers that were never there: the reason behind others, where a run failed on the way to them.

use super::stage::Stage;
use crate::expr::Expr;
use crate::model::{Link, Scenario, Target};
use crate::paths::segments;
use squall_proxy::Unreached;
use std::collections::{BTreeMap, BTreeSet};

/// The links that had clients and reached no server for any of them, and which of them are to blame.
pub(super) struct Absent<'a> {
    scenario: &'a Scenario,
    unreached: BTreeMap<&'a str, Unreached>,
    blamed: BTreeSet<&'a str>,
}

impl<'a> Absent<'a> {
    pub(super) fn of(scenario: &'a Scenario, stage: &'a Stage) -> Absent<'a> {
        let unreached = stage.links.iter().filter_map(|(link, proxy)| {
            let metrics = proxy.metrics();
            // A dial that was given up ends as cancelled too.
            let (closes, bytes) = (metrics.closes, metrics.bytes);
            let reached = closes.total() > closes.cancelled || bytes.up + bytes.down > 0;
            proxy.unreached().filter(|_| !reached).map(|why| (link.as_str(), why))
        });
        Absent { scenario, unreached: unreached.collect(), blamed: BTreeSet::new() }
    }

    /// Something went wrong that may have to do with each of them.
    pub(super) fn blame_all(&mut self) {
        self.blamed.extend(self.unreached.keys());
    }

    /// Something went wrong on a link; true where there was no server behind it.
    pub(super) fn blame(&mut self, link: &str) -> bool {
        let cause = self.behind(link);
        self.blamed.extend(cause);
        cause.is_some()
    }

    /// What `expr` says does not hold: of links, or of loads that went to them.
    pub(super) fn blame_for(&mut self, expr: &Expr) {
        for used in expr.paths() {
            let keys = segments(used.path);
            let link = match keys.as_slice() {
                [group, name, ..] if group == "link" || group == "balance" => Some(name.as_str()),
                [group, name, ..] if group == "load" => {
                    self.scenario.loads().find(|(load, _)| load == name).and_then(|(_, load)| {
                        match &load.target {
                            Target::Link(link) => Some(link.as_str()),
                            Target::Echo(_) | Target::Process(_) => None,
                        }
                    })
                }
                _ => None,
            };
            if let Some(link) = link {
                self.blame(link);
            }
        }
    }

    /// What there is to say of those that are to blame.
    pub(super) fn reasons(&self) -> Vec<String> {
        let blamed = self.unreached.iter().filter(|(link, _)| self.blamed.contains(*link));
        let said = blamed.map(|(link, Unreached { target, reason, times })| {
            let times = if *times == 1 { "once".to_owned() } else { format!("{times} times") };
            format!("link `{link}`: {target} could not be reached ({times}): {reason}")
        });
        said.collect()
    }

    /// The link without a server that a link is, or leads to where it leads to no other.
    fn behind(&self, link: &str) -> Option<&'a str> {
        if let Some((link, _)) = self.unreached.get_key_value(link) {
            return Some(link);
        }
        let mut next = self.scenario.link(link).into_iter().flat_map(Link::links);
        match (next.next(), next.next()) {
            (Some(only), None) => self.behind(only),
            _ => None,
        }
    }
}
