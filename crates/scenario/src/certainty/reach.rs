//! Who shares connections with whom, and what happens while they are in use.

use crate::model::{Action, Link, Load, OnLink, Scenario, Target};

impl Load {
    /// Whether its connections run through the link `through`.
    pub(super) fn passes(&self, scenario: &Scenario, through: &str) -> bool {
        matches!(&self.target, Target::Link(first) if passes(scenario, first, through))
    }
}

/// Whether a connection to the link `first` runs through the link `through`.
pub(super) fn passes(scenario: &Scenario, first: &str, through: &str) -> bool {
    scenario.route(first).iter().any(|link| link.name == through)
}

/// The links that share connections with the link `name`, before or behind it, and that link.
pub(super) fn connected<'a>(scenario: &'a Scenario, name: &'a str) -> impl Iterator<Item = &'a Link> {
    scenario
        .links
        .iter()
        .filter(move |link| passes(scenario, &link.name, name) || passes(scenario, name, &link.name))
}

/// Whether several connections may be open at once on the link `name`.
pub(super) fn is_shared(scenario: &Scenario, name: &str) -> bool {
    let mut loads = scenario.loads().filter(|(_, load)| load.passes(scenario, name));
    let Some((_, first)) = loads.next() else { return false };
    let several = |load: &Load| load.connections.min(load.requests) > 1;
    several(first) || loads.any(|(_, load)| several(load) || first.background || load.background)
}

/// Whether a load reaches the link `name` through another, which does not pass on what its clients are called.
pub(super) fn is_behind_another(scenario: &Scenario, name: &str) -> bool {
    scenario.loads().any(|(_, load)| {
        matches!(&load.target, Target::Link(first) if first != name) && load.passes(scenario, name)
    })
}

/// Whether a step changes the fault while a load runs over its link: where in the load that is, nobody can say.
pub(super) fn changes_midway(scenario: &Scenario, link: &str, fault: &str) -> bool {
    let mut running: Vec<&str> = Vec::new();
    for step in &scenario.steps {
        let on = |target: &str, name: Option<&str>| target == link && name == Some(fault);
        let changed = match &step.action {
            Action::Load(load) => {
                if load.background && load.passes(scenario, link) {
                    running.push(&step.name);
                }
                false
            }
            Action::Join(names) => {
                running.retain(|name| !names.iter().any(|joined| joined == name));
                false
            }
            Action::Inject(faults) | Action::Update(faults) => {
                faults.iter().any(|OnLink { link, what }| on(link, what.name()))
            }
            Action::Clear(faults) => faults.iter().any(|OnLink { link, what }| on(link, Some(what))),
            Action::Link { .. } | Action::Wait { .. } | Action::Sleep(_) => false,
        };
        if changed && !running.is_empty() {
            return true;
        }
    }
    false
}
