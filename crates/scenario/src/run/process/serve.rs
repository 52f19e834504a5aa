//! Processes: started one after another, each when the one before is ready; stopped; started again.

use super::Stage;
use super::child::Post;
use super::ready;
use super::tail::Which;
use super::{Served, end};
use crate::model::{Probe, Process, Scenario};
use crate::run::steps::Stopped;

impl Served {
    /// The last lines that it has written.
    pub(super) fn lines(&self) -> Vec<String> {
        self.started.as_ref().map_or_else(|| self.lines.clone(), super::Started::lines)
    }
}

impl Stage {
    /// Starts every process, in the order of the file.
    pub(in crate::run) async fn start_processes(&mut self, scenario: &Scenario) -> Result<(), Stopped> {
        for process in &scenario.processes {
            self.start_process(process).await?;
        }
        Ok(())
    }

    /// Starts a process and waits until it is ready; no-op where it runs.
    pub(in crate::run) async fn start_process(&mut self, process: &Process) -> Result<(), Stopped> {
        let name = process.name.as_str();
        if self.programs.processes.get(name).is_none_or(|served| served.started.is_some()) {
            return Ok(());
        }
        let began = self.env().now();
        let wanted = process.ready.as_ref().and_then(|ready| match &ready.probe {
            Probe::Stdout(text) => Some((Which::Stdout, text.clone())),
            Probe::Stderr(text) => Some((Which::Stderr, text.clone())),
            Probe::Tcp(_) | Probe::Http { .. } => None,
        });
        let post = Post { name: name.to_owned(), to: self.programs.tell.clone() };
        let started = self.launch(&format!("process.{name}"), &process.program, wanted, post);
        let started = started.map_err(Stopped::Error)?;
        self.programs.starting = Some(name.to_owned());
        let env = self.env().clone();
        let Some(served) = self.programs.processes.get_mut(name) else { return Ok(()) };
        served.starts += 1;
        served.started = Some(started);
        let (programs, served) = (&self.programs, self.programs.processes.get(name));
        let Some(started) = served.and_then(|served| served.started.as_ref()) else { return Ok(()) };
        if let Some(wanted) = &process.ready {
            let waited = ready::wait(&env, wanted, started, |template| programs.with_ports(template)).await;
            waited.map_err(|why| Stopped::Failed(format!("process `{name}` {why}")))?;
        }
        started.on_duty();
        if let Some(served) = self.programs.processes.get_mut(name) {
            served.ready = Some(env.now().saturating_sub(began));
        }
        self.programs.starting = None;
        Ok(())
    }

    /// Ends a process with its whole group: asks, and kills it after its grace. No-op where it does not run.
    pub(in crate::run) async fn stop_process(&mut self, name: &str) {
        let env = self.env().clone();
        let Some(served) = self.programs.processes.get_mut(name) else { return };
        let Some(mut started) = served.started.take() else { return };
        end(&env, vec![(&mut started, served.grace)]).await;
        served.lines = started.lines();
    }
}
