//! When which fault of a link was in force, and when the link was down, as the scenario's steps had it.

use super::{FaultTrack, StepSpan, Window};
use crate::model::{Action, Link, Scenario, Subject};
use squall_faults::FaultSpec;
use squall_wire::nanos;

/// The most spans of one fault that are kept; those of a fault that comes and goes more often are shown as one.
const MOST: usize = 500;

/// The faults of `link` in a run that took `steps` (the first so many of the scenario) and was over at `end`. How often each
/// fired is not known here.
pub(crate) fn faults(scenario: &Scenario, link: &Link, steps: &[StepSpan], end: u64) -> Vec<FaultTrack> {
    let mut course = Course { tracks: Vec::new(), force: Vec::new(), end };
    for spec in &link.faults {
        course.put(spec, 0);
    }
    for (step, span) in scenario.steps.iter().zip(steps) {
        match &step.action {
            Action::Inject(faults) => {
                faults.iter().filter(|f| f.link == link.name).for_each(|f| course.put(&f.what, span.from));
            }
            Action::Update(faults) => {
                faults.iter().filter(|f| f.link == link.name).for_each(|f| course.change(&f.what, span.from));
            }
            Action::Clear(faults) => {
                faults.iter().filter(|f| f.link == link.name).for_each(|f| course.take(&f.what, span.from));
            }
            _ => {}
        }
    }
    // Those that no step came to are reported too: they never fired.
    for spec in scenario.faults_of(link) {
        if course.track(spec).specs.is_empty() {
            course.tell(spec);
        }
    }
    let names: Vec<String> = course.force.iter().map(|(name, ..)| name.clone()).collect();
    names.iter().for_each(|name| course.take(name, end));
    course.tracks
}

/// When `link` was down in a run that took `steps` and was over at `end`.
pub(crate) fn down(scenario: &Scenario, link: &Link, steps: &[StepSpan], end: u64) -> Vec<Window> {
    let (mut windows, mut since) = (Vec::new(), None);
    for (step, span) in scenario.steps.iter().zip(steps) {
        let Some(up) = switched(&step.action, &link.name) else { continue };
        match (since, up) {
            (None, false) => since = Some(span.from),
            (Some(from), true) => {
                windows.push(Window { from, to: span.from });
                since = None;
            }
            _ => {}
        }
    }
    windows.extend(since.map(|from| Window { from, to: end.max(from) }));
    windows
}

/// Whether the link is up after that action, where it says.
fn switched(action: &Action, link: &str) -> Option<bool> {
    let has =
        |subjects: &[Subject]| subjects.iter().any(|it| matches!(it, Subject::Link(name) if name == link));
    match action {
        Action::Link(links) => links.iter().rev().find(|each| each.link == link).map(|each| each.what),
        Action::Stop(subjects) => has(subjects).then_some(false),
        Action::Start(subjects) => has(subjects).then_some(true),
        _ => None,
    }
}

/// The faults of a link so far.
struct Course {
    tracks: Vec<FaultTrack>,
    /// What is in force: under which name, since when, and what it is.
    force: Vec<(String, u64, FaultSpec)>,
    end: u64,
}

fn name(spec: &FaultSpec) -> &str {
    spec.name().unwrap_or(spec.kind().name)
}

impl Course {
    fn track(&mut self, spec: &FaultSpec) -> &mut FaultTrack {
        let name = name(spec);
        let at = self.tracks.iter().position(|track| track.name == name).unwrap_or_else(|| {
            let (name, optional) = (name.to_owned(), spec.scope().optional);
            self.tracks.push(FaultTrack { name, optional, ..FaultTrack::default() });
            self.tracks.len() - 1
        });
        &mut self.tracks[at]
    }

    /// Takes note of what the fault is from now on.
    fn tell(&mut self, spec: &FaultSpec) {
        let (track, text) = (self.track(spec), spec.to_string());
        if track.specs.last() != Some(&text) {
            track.specs.push(text);
        }
    }

    fn put(&mut self, spec: &FaultSpec, at: u64) {
        self.tell(spec);
        self.force.push((name(spec).to_owned(), at, spec.clone()));
    }

    fn change(&mut self, spec: &FaultSpec, at: u64) {
        if self.force.iter().any(|(known, ..)| known == name(spec)) {
            self.take(name(spec), at);
            self.put(spec, at);
        }
    }

    fn take(&mut self, name: &str, at: u64) {
        let Some(found) = self.force.iter().position(|(known, ..)| known == name) else { return };
        let (_, from, spec) = self.force.remove(found);
        let window = Window { from, to: at.min(self.end).max(from) };
        let acting = acting(&spec, window);
        let track = self.track(&spec);
        join(&mut track.windows, [window]);
        join(&mut track.acting, acting);
    }
}

/// Adds spans, the first of which may go on where the last one ended.
fn join(spans: &mut Vec<Window>, more: impl IntoIterator<Item = Window>) {
    for window in more {
        match spans.last_mut() {
            Some(last) if last.to == window.from => last.to = window.to,
            _ => spans.push(window),
        }
    }
}

/// When a fault that is in force during `window` acts, as far as its own clock says so.
fn acting(spec: &FaultSpec, window: Window) -> Vec<Window> {
    let scope = spec.scope();
    let by_connection = scope.after.is_some() || scope.pattern.is_some() || scope.match_hex.is_some();
    let Some(length) = scope.window.filter(|_| !by_connection).map(nanos) else { return vec![window] };
    let every = scope.every.map_or(u64::MAX, nanos).max(1);
    let mut spans = Vec::new();
    let mut from = window.from;
    while from < window.to.max(window.from + 1) && (spans.len() as u64) < scope.times.unwrap_or(u64::MAX) {
        if spans.len() == MOST {
            return vec![window];
        }
        spans.push(Window { from, to: from.saturating_add(length).min(window.to) });
        from = from.saturating_add(every);
    }
    spans
}
