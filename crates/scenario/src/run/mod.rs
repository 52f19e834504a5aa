//! Runs a scenario: starts what it names, takes its steps, settles, and reports.

mod absent;
mod chronicle;
mod failure;
mod history;
mod judge;
mod lines;
mod plan;
mod process;
mod rest;
mod stage;
mod steps;
mod stop;
mod tally;

pub use failure::RunError;
pub use lines::Lines;
pub use process::end_processes;

use crate::model::{Clock, Scenario};
use crate::report::{Outcome, Report, SCHEMA};
use chronicle::Chronicle;
use squall_faults::{Decisions, Replay};
use squall_wire::{Shards, run_virtual};
use stage::Stage;
use std::num::NonZeroUsize;
use steps::Stopped;

/// A run that came to its end.
#[derive(Clone, Debug)]
pub struct Run {
    /// What it reports.
    pub report: Report,
    /// The last things that happened on each link, oldest first: for a person who wonders why it failed.
    pub history: Vec<String>,
}

/// What becomes of the decisions of a run's faults.
#[derive(Clone, Debug, Default)]
pub struct Draws {
    /// Where they are written down.
    pub decisions: Option<Decisions>,
    /// What is decided in place of the draws.
    pub replay: Option<Replay>,
}

/// What is followed while a scenario runs. It changes nothing of what happens in virtual time.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Collect the report's timeline.
    pub timeline: bool,
    /// Where the lines of programs with `output = "inherit"` go; without it they go nowhere.
    pub lines: Option<Lines>,
}

/// As [`run()`], and follows it.
///
/// # Errors
/// As there.
pub fn run_watched(
    scenario: &Scenario,
    shards: NonZeroUsize,
    draws: Draws,
    watch: Watch,
) -> Result<Run, RunError> {
    begin(scenario, shards, draws, watch)
}

/// Runs `scenario` to its end: on `shards` threads for the real clock, on one for the virtual clock. Blocks; to be called
/// outside of any async runtime. The programs that it starts end with it; a caller that may end before that, on a signal say, calls
/// [`end_processes`] then.
///
/// # Errors
/// Where the environment does not let it run: no thread, a port that is taken, a name that does not resolve.
pub fn run(scenario: &Scenario, shards: NonZeroUsize, draws: Draws) -> Result<Run, RunError> {
    begin(scenario, shards, draws, Watch::default())
}

fn begin(scenario: &Scenario, shards: NonZeroUsize, draws: Draws, watch: Watch) -> Result<Run, RunError> {
    match scenario.clock {
        Clock::Virtual => {
            let scenario = scenario.clone();
            run_virtual(move |shards| async move { play(&scenario, shards, draws, watch).await })
                .map_err(RunError::World)?
        }
        Clock::Real => {
            let shards = Shards::start(shards).map_err(RunError::Shards)?;
            let (scenario, own) = (scenario.clone(), shards.clone());
            // The play owns no clone beyond its end, so the shards end with this call.
            let play = shards.spawn(0, async move { play(&scenario, own, draws, watch).await });
            let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(RunError::Shards)?;
            runtime.block_on(play).unwrap_or_else(|error| match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(RunError::Interrupted),
            })
        }
    }
}

/// Starts the processes and takes the steps.
async fn take(scenario: &Scenario, stage: &mut Stage) -> Result<(), Stopped> {
    stage.start_processes(scenario).await?;
    steps::take(scenario, stage).await
}

async fn play(scenario: &Scenario, shards: Shards, draws: Draws, watch: Watch) -> Result<Run, RunError> {
    let recorded = watch.timeline;
    let mut stage = Stage::open(scenario, shards, draws, watch).await?;
    let env = stage.env().clone();
    let mut chronicle = recorded.then(|| Chronicle::begin(scenario, &stage));
    let mut reason = Vec::new();
    let mut fallen = stage.programs.fallen();
    let taken = async {
        tokio::select! {
            biased;
            taken = Box::pin(take(scenario, &mut stage)) => taken,
            why = fallen.next() => Err(Stopped::Failed(why)),
        }
    };
    match Chronicle::during(&mut chronicle, env.timeout(scenario.timeout, taken)).await {
        Some(Ok(())) => {}
        Some(Err(Stopped::Failed(why))) => reason.push(why),
        Some(Err(Stopped::Error(error))) => {
            stage.programs.end(&env).await;
            return Err(error);
        }
        None => reason.push(judge::timed_out(scenario, stage.current, stage.programs.starting())),
    }
    reason.extend(fallen.known(false));
    stage.programs.end_jobs(&env).await;
    Chronicle::during(&mut chronicle, stage.settle(scenario)).await;
    reason.extend(fallen.known(true));
    stage.programs.end(&env).await;
    reason.extend(fallen.known(true));
    let timeline = chronicle.map(|chronicle| Box::new(chronicle.end(scenario, &stage)));
    let (counts, timing) = tally::take(scenario, &stage).into_parts();
    let mut report = Report {
        schema: SCHEMA,
        scenario: scenario.name.clone(),
        seed: scenario.seed,
        clock: scenario.clock,
        result: Outcome::Pass,
        reason,
        counts,
        timing,
        expectations: Vec::new(),
        timeline,
        line: None,
        output: stage.programs.output(),
    };
    judge::judge(scenario, &stage, &mut report);
    Ok(Run { report, history: stage.history(scenario) })
}
