//! Commands that steps run to their end.

use super::Stage;
use super::child::{Post, Started};
use super::words::{choice, code, ending};
use super::{GRACE, end};
use crate::model::{Job, Scenario};
use crate::run::steps::Stopped;
use squall_faults::value::Value;
use squall_wire::nanos;
use std::time::Duration;
use tokio::sync::mpsc;

/// A command and what became of it. What it has left behind in its group lives as long as the scenario does.
pub(super) struct JobState {
    started: Started,
    began: u64,
}

impl JobState {
    pub(super) fn started(&mut self) -> &mut Started {
        &mut self.started
    }

    /// Its exit code, and how long it took in nanoseconds; nothing while it runs.
    pub(super) fn outcome(&self) -> Option<(u64, u64)> {
        let ended = self.started.has_ended()?;
        Some((code(ended.status), ended.at.saturating_sub(self.began)))
    }

    /// The last lines that it has written.
    pub(super) fn lines(&self) -> Vec<String> {
        self.started.lines()
    }
}

impl Stage {
    /// Starts the command of a step.
    pub(in crate::run) fn start_job(&mut self, name: &str, job: &Job) -> Result<(), Stopped> {
        let began = self.env().now();
        // Its end is no surprise to anybody.
        let post = Post { name: name.to_owned(), to: mpsc::unbounded_channel().0 };
        let started =
            self.launch(&format!("run.{name}"), &job.program, None, post).map_err(Stopped::Error)?;
        self.programs.jobs.insert(name.to_owned(), JobState { started, began });
        Ok(())
    }

    /// Waits for commands to end, by the names of their steps, and fails where one has not ended as it should. Other names are
    /// passed over.
    pub(in crate::run) async fn join_jobs(
        &mut self,
        scenario: &Scenario,
        names: &[String],
    ) -> Result<(), Stopped> {
        for (name, job) in scenario.jobs().filter(|(name, _)| names.iter().any(|wanted| wanted == name)) {
            self.join_job(name, job).await?;
        }
        Ok(())
    }

    async fn join_job(&mut self, name: &str, job: &Job) -> Result<(), Stopped> {
        let env = self.env().clone();
        let Some(state) = self.programs.jobs.get_mut(name) else { return Ok(()) };
        let left = |limit: Duration| {
            let deadline = state.began.saturating_add(nanos(limit));
            Duration::from_nanos(deadline.saturating_sub(env.now()))
        };
        let limit = job.timeout.map_or(Duration::MAX, left);
        let Some(ended) = env.timeout(limit, state.started.ended()).await else {
            end(&env, vec![(&mut state.started, GRACE)]).await;
            let limit = job.timeout.and_then(|limit| limit.render()).unwrap_or_default();
            return Err(Stopped::Failed(format!("run `{name}` did not end within {limit}")));
        };
        state.started.look();
        if !job.exits.iter().any(|right| u64::from(*right) == code(ended.status)) {
            let (how, right) = (ending(ended.status), choice(&job.exits));
            return Err(Stopped::Failed(format!("run `{name}` {how}, and not {right}")));
        }
        Ok(())
    }
}
