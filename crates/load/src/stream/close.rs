//! Ending a connection that has done its share.

use super::connect::Open;
use crate::plan::Close;
use crate::shared::Shared;
use squall_wire::Env;
use std::io;

/// Holds the connection as long as it is to be held, and ends it. With FIN, it waits for the target to finish too: whatever else
/// comes was not asked for.
pub(super) async fn close(shared: &Shared, env: &Env, number: u64, open: Open) {
    let load = shared.load();
    if !load.hold.is_zero() {
        env.sleep(load.hold).await;
    }
    if load.close == Close::Rst {
        if open.stream.abort().is_err() {
            shared.tally(number as usize).counts.connections.lost += 1;
        }
        return;
    }
    let mut extra = 0;
    let ending = async {
        if !open.finished {
            open.stream.finish()?;
        }
        let mut buf = [0; 4096];
        loop {
            match open.stream.read(&mut buf).await? {
                0 => return io::Result::Ok(()),
                n => extra += n as u64,
            }
        }
    };
    let ended = env.timeout(load.timeout, ending).await;
    let mut tally = shared.tally(number as usize);
    tally.counts.integrity.extra += extra;
    if !matches!(ended, Some(Ok(()))) {
        tally.counts.connections.lost += 1;
    }
}
