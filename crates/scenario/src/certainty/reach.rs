//! Who shares connections with whom, and what happens while they are in use.

use squall_faults::Carrier;

use crate::model::{Action, Job, Link, Load, OnLink, Program, Scenario, Step, Subject, Target, Upstream};

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

/// The links that share connections with the link `name`, before or behind it, that link, and what the same balancers lead to.
pub(crate) fn connected<'a>(scenario: &'a Scenario, name: &'a str) -> impl Iterator<Item = &'a Link> {
    let before = move |link: &&Link| passes(scenario, &link.name, name);
    scenario.links.iter().filter(move |link| {
        scenario.links.iter().filter(before).any(|first| passes(scenario, &first.name, &link.name))
    })
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

/// Whether a step changes the fault while a load runs over its link, or a program may that is told of it: where in the load that
/// is, nobody can say.
pub(super) fn changes_midway(scenario: &Scenario, link: &str, fault: &str) -> bool {
    let on = |target: &str, name: Option<&str>| target == link && name == Some(fault);
    let changes = |step: &&Step| match &step.action {
        Action::Inject(faults) | Action::Update(faults) => {
            faults.iter().any(|OnLink { link, what }| on(link, what.name()))
        }
        Action::Clear(faults) => faults.iter().any(|OnLink { link, what }| on(link, Some(what))),
        _ => false,
    };
    let using = |program: &Program| uses(scenario, program, link);
    // A process may use the link at any time.
    let served = scenario.processes.iter().any(|process| using(&process.program));
    let mut steps = scenario.steps.iter().filter(changes);
    steps.any(|step| {
        served
            || running(scenario, step).into_iter().any(|load| load.passes(scenario, link))
            || jobs_running(scenario, step).into_iter().any(|job| using(&job.program))
    })
}

/// Whether the program may make connections over the link.
fn uses(scenario: &Scenario, program: &Program, link: &str) -> bool {
    let told = |first: &&Link| program.is_told_of(&first.name);
    scenario.links.iter().filter(told).any(|first| passes(scenario, &first.name, link))
}

/// Whether some program may make connections over the link, nobody knows how many.
pub(super) fn used_by_program(scenario: &Scenario, link: &str) -> bool {
    scenario.programs().any(|(_, program)| uses(scenario, program, link))
}

/// The commands that run in the background when `step` is taken.
fn jobs_running<'a>(scenario: &'a Scenario, step: &Step) -> Vec<&'a Job> {
    let mut running: Vec<(&str, &Job)> = Vec::new();
    for earlier in scenario.steps.iter().take_while(|earlier| earlier.name != step.name) {
        match &earlier.action {
            Action::Run(job) if job.background => running.push((&earlier.name, job)),
            Action::Join(names) => running.retain(|(name, _)| !names.iter().any(|joined| joined == name)),
            _ => {}
        }
    }
    running.into_iter().map(|(_, job)| job).collect()
}

/// The loads that run in the background when `step` is taken.
pub(super) fn running<'a>(scenario: &'a Scenario, step: &Step) -> Vec<&'a Load> {
    let mut running: Vec<(&str, &Load)> = Vec::new();
    for earlier in scenario.steps.iter().take_while(|earlier| earlier.name != step.name) {
        match &earlier.action {
            Action::Load(load) if load.background => running.push((&earlier.name, load)),
            Action::Join(names) => running.retain(|(name, _)| !names.iter().any(|joined| joined == name)),
            Action::Stop(subjects) => {
                running.retain(|(name, _)| !subjects.contains(&Subject::Load((*name).to_owned())));
            }
            _ => {}
        }
    }
    running.into_iter().map(|(_, load)| load).collect()
}

/// Whether nothing is under way over the link `name` when `step` takes it down, and nothing tries to be until a later one brings it
/// back: then it may come to rest before, and what was counted by then is exact.
pub(crate) fn is_idle(scenario: &Scenario, step: &Step, name: &str) -> bool {
    let Some(link) = scenario.link(name).filter(|link| link.carrier == Carrier::Stream) else { return false };
    let probed = |link: &&Link| link.pool().is_some_and(|pool| pool.health.is_some());
    let mut before = scenario.links.iter().filter(|first| passes(scenario, &first.name, name));
    let used = used_by_program(scenario, name) || before.any(|first| probed(&first));
    let running = running(scenario, step).into_iter().any(|load| load.passes(scenario, name));
    let from = scenario.steps.iter().position(|each| each.name == step.name).unwrap_or(0);
    let after = scenario.steps.iter().skip(from + 1).take_while(|step| !brings_back(step, &link.name));
    let tried = |step: &Step| matches!(&step.action, Action::Load(load) if load.passes(scenario, name));
    !used && !running && !after.into_iter().any(tried)
}

fn brings_back(step: &Step, name: &str) -> bool {
    match &step.action {
        Action::Link(links) => links.iter().any(|each| each.link == name && each.what),
        Action::Start(subjects) => subjects.contains(&Subject::Link(name.to_owned())),
        _ => false,
    }
}

/// Whether the connections of a load end at the built-in server `echo`.
pub(crate) fn ends_at(scenario: &Scenario, load: &Load, echo: &str) -> bool {
    match &load.target {
        Target::Echo(name) => name == echo,
        Target::Process(_) => false,
        Target::Link(first) => {
            let leads = Upstream::Echo(echo.to_owned());
            scenario.route(first).iter().any(|link| link.leads_to(&leads))
        }
    }
}
