//! Ends a load or a server in the middle of a run.

use super::rest;
use super::stage::{LoadState, Stage};
use crate::model::Scenario;
use std::time::Duration;

/// Ends a load where it is: its connections are closed, and what was not answered is neither ok nor failed.
pub(super) fn load(stage: &mut Stage, name: &str) {
    let now = stage.env().now();
    if let Some(state) = stage.loads.get_mut(name)
        && let LoadState::Running(running) = state
    {
        *state = LoadState::Finished(Box::new(running.snapshot(now)));
    }
}

/// Ends a server: its port is closed, and its connections too. What no load is using comes to rest before, so that the end of
/// an earlier load is not cut off by chance.
pub(super) async fn echo(scenario: &Scenario, stage: &mut Stage, name: &str) {
    rest::come(scenario, stage).await;
    stage.stop_echo(name, Duration::ZERO).await;
}
