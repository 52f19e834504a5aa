//! Ends a load or a server in the middle of a run.

use super::rest;
use super::stage::{LoadState, Stage};
use crate::model::{Scenario, Target};
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
    if let Some(echo) = scenario.echoes.iter().find(|echo| echo.name == name) {
        let address = stage.target(&Target::Echo(name.to_owned()));
        stage.hold(format!("echo.{name}"), &address, echo.carrier);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::read;
    use crate::run::{Draws, Watch};
    use socket2::{Domain, Socket, Type};
    use squall_wire::Shards;
    use std::num::NonZeroUsize;

    /// As a program would that has not asked for it.
    fn is_taken(stage: &Stage) -> bool {
        let addr = stage.target(&Target::Echo("backend".to_owned())).socket_addr().expect("a port");
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&addr.into()).is_err()
    }

    #[test]
    fn nobody_gets_the_port_of_a_server_that_is_to_start_again() {
        let scenario = read(&Source::new("x", "scenario = 1\n[echo.backend]\n")).expect("valid");
        let shards = Shards::start(NonZeroUsize::MIN).expect("a shard");
        let inner = shards.clone();
        let run = shards.spawn(0, async move {
            let opened = Stage::open(&scenario, inner, Draws::default(), Watch::default()).await;
            let mut stage = opened.map_err(|error| error.to_string()).expect("starts");
            echo(&scenario, &mut stage, "backend").await;
            assert!(is_taken(&stage));
            let again = stage.start_echo(&scenario, "backend").await;
            again.map_err(|error| error.to_string()).expect("starts again");
        });
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(run).expect("no panic");
    }
}
