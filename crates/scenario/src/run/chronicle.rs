//! Collects the timeline of a run that is asked for one.

use super::stage::{LoadState, Stage};
use crate::model::{Scenario, Target};
use crate::timeline::{
    Beat, LinkTrack, LoadTrack, Meter, Sampler, Seen, StepSpan, Timeline, beats, down, faults,
};
use squall_wire::lock;
use std::future::Future;

/// What is being collected.
pub(super) struct Chronicle {
    sampler: Sampler,
}

impl Chronicle {
    /// Begins with what has been started.
    pub(super) fn begin(scenario: &Scenario, stage: &Stage) -> Chronicle {
        let watched = scenario.links.iter().filter_map(|link| {
            let meter: Meter = Box::new(stage.links.get(&link.name)?.meter());
            let names = faults(scenario, link, &[], 0).into_iter().map(|fault| fault.name);
            Some((meter, names.collect()))
        });
        Chronicle { sampler: Sampler::new(stage.env(), stage.began, watched.collect()) }
    }

    /// Runs a part of the run, watching it where there is a chronicle.
    pub(super) async fn during<T>(chronicle: &mut Option<Chronicle>, work: impl Future<Output = T>) -> T {
        match chronicle {
            Some(chronicle) => chronicle.sampler.during(work).await,
            None => work.await,
        }
    }

    /// The whole of it, once the run has settled.
    pub(super) fn end(self, scenario: &Scenario, stage: &Stage) -> Timeline {
        let since = |at: u64| at.saturating_sub(stage.began);
        let end = since(stage.env().now());
        let begun = scenario.steps.iter().zip(&stage.begun);
        let steps: Vec<StepSpan> = begun
            .map(|(step, at)| StepSpan {
                name: step.name.clone(),
                from: since(*at),
                to: stage.steps.get(&step.name).map(|took| since(at.saturating_add(*took))),
            })
            .collect();
        let seen = self.sampler.finish();
        let links = scenario.links.iter().zip(seen).map(|(link, Seen { samples, members })| {
            let mut track = LinkTrack { name: link.name.clone(), samples, members, ..LinkTrack::default() };
            let route = scenario.route(&link.name);
            track.behind = route.into_iter().skip(1).map(|link| link.name.clone()).collect();
            track.faults = faults(scenario, link, &steps, end);
            track.down = down(scenario, link, &steps, end);
            if let Some(last) = track.samples.last() {
                for (fault, fired) in track.faults.iter_mut().zip(&last.fired) {
                    fault.fired = *fired;
                }
            }
            if let Some(lanes) = stage.lanes.as_ref().and_then(|lanes| lanes.get(&link.name)) {
                lock(lanes).finish(&mut track);
            }
            track
        });
        let loads = scenario.loads().filter_map(|(name, load)| {
            let LoadState::Finished(report) = stage.loads.get(name)? else { return None };
            let from = steps.iter().find(|step| step.name == name)?.from;
            let link = match &load.target {
                Target::Link(link) => Some(link.clone()),
                Target::Echo(_) | Target::Process(_) => None,
            };
            let to = from.saturating_add(report.timing.elapsed_ns).min(end);
            let shifted = |beat: Beat| Beat {
                from: from.saturating_add(beat.from),
                to: from.saturating_add(beat.to),
                ..beat
            };
            let beats = beats(report).into_iter().map(shifted).collect();
            Some(LoadTrack { name: name.to_owned(), link, from, to, beats })
        });
        let (links, loads) = (links.collect(), loads.collect());
        Timeline { settling: since(stage.ended.unwrap_or(stage.began)), end, steps, links, loads }
    }
}
