//! Which values of a report are the same in every run, and which are left open, and by what.

use squall_faults::FaultSpec;

use crate::model::{Action, Clock, Link, Load, Scenario, Target, Upstream};
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
            for link in &scenario.links {
                for fault in scenario.faults_of(link) {
                    certainty.open_by_fault(scenario, link, fault);
                }
            }
            for step in &scenario.steps {
                if let Action::Link { names, up: false } = &step.action {
                    for link in names {
                        certainty.open_by_outage(scenario, link);
                    }
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

    fn open_by_fault(&mut self, scenario: &Scenario, link: &Link, fault: &FaultSpec) {
        let kind = fault.kind();
        let name = fault.name().unwrap_or(kind.name);
        let timed = kind.timed || fault.scope().is_timed();
        if timed {
            let reason = format!("what `{name}` acts on is decided by the real clock");
            self.push(format!("link.{}.faults.{name}.fired", link.name), &reason);
        }
        if !kind.cuts {
            return;
        }
        let reason = format!("`{name}` on link `{}` may cut off bytes that are on their way", link.name);
        if timed {
            for (load, _) in scenario.loads().filter(|(_, load)| load.passes(scenario, &link.name)) {
                self.push(format!("load.{load}"), &reason);
            }
        }
        for affected in connected(scenario, &link.name) {
            self.push(format!("link.{}.bytes", affected.name), &reason);
            if timed {
                self.push(format!("link.{}.closes", affected.name), &reason);
                self.push(format!("link.{}.connections", affected.name), &reason);
            }
            if let Upstream::Echo(echo) = &affected.upstream {
                self.push(format!("echo.{echo}.bytes"), &reason);
            }
        }
    }

    fn open_by_outage(&mut self, scenario: &Scenario, down: &str) {
        let reason = format!("when link `{down}` goes down is decided by the real clock");
        for affected in connected(scenario, down) {
            for group in ["bytes", "closes", "connections"] {
                self.push(format!("link.{}.{group}", affected.name), &reason);
            }
            if let Upstream::Echo(echo) = &affected.upstream {
                self.push(format!("echo.{echo}"), &reason);
            }
        }
        for (load, _) in scenario.loads().filter(|(_, load)| load.passes(scenario, down)) {
            self.push(format!("load.{load}"), &reason);
        }
    }

    fn push(&mut self, prefix: String, reason: &str) {
        self.open.push(Open { prefix, reason: reason.to_owned() });
    }
}

impl Load {
    /// Whether its connections run through the link `through`.
    fn passes(&self, scenario: &Scenario, through: &str) -> bool {
        matches!(&self.target, Target::Link(first) if passes(scenario, first, through))
    }
}

/// Whether a connection to the link `first` runs through the link `through`.
fn passes(scenario: &Scenario, first: &str, through: &str) -> bool {
    scenario.route(first).iter().any(|link| link.name == through)
}

/// The links that share connections with the link `name`, before or behind it, and that link.
fn connected<'a>(scenario: &'a Scenario, name: &'a str) -> impl Iterator<Item = &'a Link> {
    scenario
        .links
        .iter()
        .filter(move |link| passes(scenario, &link.name, name) || passes(scenario, name, &link.name))
}
