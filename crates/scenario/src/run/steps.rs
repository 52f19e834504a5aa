//! Takes the steps of a scenario, in order. A new kind of step goes here, in the model, and in the reader.

use super::failure::RunError;
use super::stage::Stage;
use super::{rest, stop, tally};
use crate::certainty::is_idle;
use crate::expr::Expr;
use crate::model::{Action, Link, OnLink, OnMember, Scenario, Step, Subject, of_member};
use squall_balance::AdminState;
use squall_faults::FaultSpec;
use squall_proxy::{Proxy, ProxyError};
use std::time::Duration;

/// Why the steps did not come to their end.
pub(super) enum Stopped {
    /// Something did not hold.
    Failed(String),
    /// The environment did not let a step be taken.
    Error(RunError),
}

/// Takes all steps, then waits for the loads in the background.
pub(super) async fn take(scenario: &Scenario, stage: &mut Stage) -> Result<(), Stopped> {
    for (i, step) in scenario.steps.iter().enumerate() {
        stage.current = i;
        let began = stage.env().now();
        stage.begun.push(began);
        one(scenario, stage, step).await?;
        let took = stage.env().now().saturating_sub(began);
        stage.steps.insert(step.name.clone(), took);
    }
    stage.current = scenario.steps.len();
    let jobs: Vec<String> = scenario.jobs().map(|(name, _)| name.to_owned()).collect();
    stage.join_jobs(scenario, &jobs).await?;
    for (name, _) in scenario.loads() {
        stage.join(name).await;
    }
    Ok(())
}

async fn one(scenario: &Scenario, stage: &mut Stage, step: &Step) -> Result<(), Stopped> {
    match &step.action {
        Action::Load(load) => {
            stage.start_load(scenario, &step.name, load).await.map_err(Stopped::Error)?;
            if !load.background {
                stage.join(&step.name).await;
            }
        }
        Action::Inject(faults) => faults.iter().try_for_each(|fault| inject(scenario, stage, fault))?,
        Action::Update(faults) => faults.iter().try_for_each(|fault| update(scenario, stage, fault))?,
        Action::Clear(faults) => {
            for OnLink { link, what } in faults {
                if let Some(proxy) = stage.links.get(link) {
                    proxy.clear(what);
                }
            }
        }
        Action::Balance(members) => {
            if members.iter().any(|member| member.state == Some(AdminState::Down)) {
                // So that the end of an earlier load is not cut off by chance.
                rest::come(scenario, stage).await;
            }
            members.iter().try_for_each(|member| serve(scenario, stage, member))?;
        }
        Action::Link(links) => {
            for OnLink { link, what } in links {
                switch(scenario, stage, step, link, *what).await?;
            }
        }
        Action::Stop(subjects) => {
            for subject in subjects {
                match subject {
                    Subject::Load(name) => stop::load(stage, name),
                    Subject::Echo(name) => stop::echo(scenario, stage, name).await,
                    Subject::Link(name) => switch(scenario, stage, step, name, false).await?,
                    Subject::Process(name) => stage.stop_process(name).await,
                }
            }
        }
        Action::Start(subjects) => {
            for subject in subjects {
                match subject {
                    Subject::Link(name) => switch(scenario, stage, step, name, true).await?,
                    Subject::Echo(name) => stage.start_echo(scenario, name).await.map_err(Stopped::Error)?,
                    Subject::Process(name) => {
                        if let Some(process) = scenario.process(name) {
                            stage.start_process(process).await?;
                        }
                    }
                    // A load is another step.
                    Subject::Load(_) => {}
                }
            }
        }
        Action::Assert(demands) => {
            rest::come(scenario, stage).await;
            assert(scenario, stage, step, demands)?;
        }
        Action::Wait { that, within } => wait(scenario, stage, that, *within).await?,
        Action::Sleep(duration) => stage.env().sleep(*duration).await,
        Action::Join(names) => {
            for name in names {
                stage.join(name).await;
            }
            stage.join_jobs(scenario, names).await?;
        }
        Action::Run(job) => {
            stage.start_job(&step.name, job)?;
            if !job.background {
                stage.join_jobs(scenario, std::slice::from_ref(&step.name)).await?;
            }
        }
    }
    Ok(())
}

fn inject(
    scenario: &Scenario,
    stage: &Stage,
    OnLink { link, what }: &OnLink<FaultSpec>,
) -> Result<(), Stopped> {
    let Some(proxy) = stage.links.get(link) else { return Ok(()) };
    let injected = match of_member(what) {
        Some((member, fault)) => proxy.try_inject_at(&member, fault),
        None => proxy.try_inject(what.clone()),
    };
    injected.map(|guard| guard.keep()).map_err(|source| failed(scenario, link, source))
}

fn update(
    scenario: &Scenario,
    stage: &Stage,
    OnLink { link, what }: &OnLink<FaultSpec>,
) -> Result<(), Stopped> {
    let Some(proxy) = stage.links.get(link) else { return Ok(()) };
    let name = what.name().unwrap_or(what.kind().name);
    proxy.update(name, what.clone()).map_err(|source| failed(scenario, link, source))
}

/// Does what is wanted of a member.
fn serve(scenario: &Scenario, stage: &Stage, wanted: &OnMember) -> Result<(), Stopped> {
    let Some(balancer) = stage.links.get(&wanted.balancer).and_then(Proxy::balancer) else { return Ok(()) };
    let weighed = wanted.weight.map_or(Ok(()), |weight| balancer.set_weight(&wanted.member, weight));
    let done = weighed.and_then(|()| match wanted.state {
        Some(state) => balancer.set_state(&wanted.member, state),
        None => Ok(()),
    });
    done.map_err(|error| failed(scenario, &wanted.balancer, error.into()))
}

async fn switch(
    scenario: &Scenario,
    stage: &mut Stage,
    step: &Step,
    name: &str,
    up: bool,
) -> Result<(), Stopped> {
    let path = format!("link.{name}");
    if up {
        stage.let_go(&path);
    }
    let Some(proxy) = stage.links.get(name) else { return Ok(()) };
    if up {
        return proxy.restore().await.map_err(|source| failed(scenario, name, source));
    }
    if is_idle(scenario, step, name) {
        // So that the end of an earlier load is not cut off by chance.
        rest::come(scenario, stage).await;
    }
    proxy.cut().await;
    let (address, carrier) = (proxy.address().clone(), proxy.carrier());
    stage.hold(path, &address, carrier);
    Ok(())
}

fn failed(scenario: &Scenario, link: &str, source: ProxyError) -> Stopped {
    let name = scenario.link(link).map_or_else(|| link.to_owned(), Link::path);
    Stopped::Error(RunError::Link { name, source })
}

/// Looks once whether all of `demands` hold.
fn assert(scenario: &Scenario, stage: &Stage, step: &Step, demands: &[Expr]) -> Result<(), Stopped> {
    let report = tally::take(scenario, stage).into_value();
    let broken = demands.iter().filter_map(|that| match that.evaluate(&report) {
        Ok(outcome) if outcome.holds => None,
        Ok(outcome) => Some(format!("`{that}`, found {}", outcome.actual)),
        Err(error) => Some(format!("`{that}`: {}", error.message)),
    });
    match broken.collect::<Vec<_>>().as_slice() {
        [] => Ok(()),
        broken => Err(Stopped::Failed(format!("step `{}` expected {}", step.name, broken.join("; ")))),
    }
}

/// Looks until `that` holds.
async fn wait(scenario: &Scenario, stage: &Stage, that: &Expr, within: Duration) -> Result<(), Stopped> {
    let mut lulls = stage.env().lulls();
    let mut last = String::new();
    let held = stage
        .env()
        .timeout(within, async {
            loop {
                let report = tally::glance(scenario, stage, that).into_value();
                match that.evaluate(&report) {
                    Ok(outcome) if outcome.holds => return,
                    Ok(outcome) => last = outcome.actual,
                    // What a load has not measured yet may still come.
                    Err(error) => last = error.message,
                }
                lulls.next().await;
            }
        })
        .await;
    let limit = squall_faults::value::Value::render(&within).unwrap_or_default();
    held.ok_or_else(|| Stopped::Failed(format!("waited {limit} for `{that}`: {last}")))
}
