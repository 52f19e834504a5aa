//! Which values of a report are the same in every run, and which are left open, and by what.

mod balance;
#[cfg(test)]
mod balance_tests;
mod http;
mod reach;
mod rules;
#[cfg(test)]
mod tests;

pub(crate) use reach::{connected, ends_at, is_idle};

use crate::model::{Action, Clock, Link, OnLink, Scenario};
use crate::paths::{Nature, field};

/// Sorts the paths of a scenario's report: what is exact stands under `counts`, what is open under `timing`.
#[derive(Debug, Clone)]
pub struct Certainty {
    clock: Clock,
    open: Vec<Open>,
}

/// Everything below a path is open.
#[derive(Debug, Clone)]
struct Open {
    prefix: String,
    reason: String,
}

impl Certainty {
    /// What the faults and steps of a scenario leave open. With the virtual clock, nothing is.
    pub fn of(scenario: &Scenario) -> Certainty {
        let mut certainty = Certainty { clock: scenario.clock, open: Vec::new() };
        if scenario.clock == Clock::Real {
            for echo in &scenario.echoes {
                certainty.open_by_echo(scenario, echo);
                certainty.open_by_numbers(scenario, echo);
            }
            for link in &scenario.links {
                certainty.open_by_link(scenario, link);
                certainty.open_by_balancer(scenario, link);
                for fault in scenario.faults_of(link).chain(scenario.updates_of(link)) {
                    certainty.open_by_fault(scenario, link, fault);
                }
            }
            for (name, _) in scenario.jobs().filter(|(_, job)| job.exits.len() > 1) {
                certainty.push(
                    format!("run.{name}.exit"),
                    "which of several exit codes it is, is left to the command",
                );
            }
            for step in &scenario.steps {
                match &step.action {
                    Action::Link(links) => {
                        let down = links.iter().filter(|link| !link.what);
                        for OnLink { link, .. } in down.filter(|on| !is_idle(scenario, step, &on.link)) {
                            certainty.open_by_outage(scenario, link);
                        }
                    }
                    Action::Balance(members) => {
                        members.iter().for_each(|member| certainty.open_by_service(scenario, step, member));
                    }
                    Action::Stop(subjects) => {
                        subjects.iter().for_each(|subject| certainty.open_by_stop(scenario, step, subject));
                    }
                    _ => {}
                }
            }
        }
        certainty
    }

    /// Why the value at `path` may differ between two runs, or nothing where it is exact.
    pub fn open(&self, path: &str) -> Option<&str> {
        if self.clock == Clock::Virtual {
            return None;
        }
        if field(path).is_some_and(|field| field.nature == Nature::Timing) {
            return Some("it is measured, not counted");
        }
        // How many requests were planned is known before anything starts.
        if path.starts_with("load.") && path.ends_with(".planned") {
            return None;
        }
        let below = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.open.iter().find(|open| below(&open.prefix)).map(|open| open.reason.as_str())
    }

    /// Whether the value at `path` is the same in every run.
    pub fn is_exact(&self, path: &str) -> bool {
        self.open(path).is_none()
    }

    /// Everything below these paths of a link is open, and of a balancer what follows for its members.
    fn push_link(&mut self, link: &Link, groups: &[&str], reason: &str) {
        for member in link.pool().iter().flat_map(|pool| &pool.members) {
            let path = format!("{}.members.{}", link.path(), member.name);
            if groups.contains(&"connections") {
                self.push(path, reason);
            } else if groups.contains(&"faults") {
                self.push(format!("{path}.faults"), reason);
            }
        }
        for group in groups {
            self.push(format!("{}.{group}", link.path()), reason);
        }
    }

    fn push(&mut self, prefix: String, reason: &str) {
        self.open.push(Open { prefix, reason: reason.to_owned() });
    }
}
