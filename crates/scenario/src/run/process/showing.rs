//! Shows the lines of programs on a thread of its own: who does not take them holds up programs, and never the run.

use crate::run::{Lines, RunError};
use squall_wire::Env;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Lines that may wait. Programs that go on writing wait too.
const WAITING: usize = 64;
/// How long what waits may take once all programs have ended.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is sent to the thread.
pub(super) enum Line {
    /// A line, and who has written it.
    Text(Arc<str>, String),
    /// All lines before this were shown.
    End(oneshot::Sender<()>),
}

/// The way to the thread, which ends when nobody can send any more.
pub(super) struct Showing(mpsc::Sender<Line>);

impl Showing {
    /// Starts the thread, which hands lines to `lines`.
    pub(super) fn start(lines: Lines) -> Result<Showing, RunError> {
        let (send, mut waiting) = mpsc::channel(WAITING);
        let show = move || {
            while let Some(line) = waiting.blocking_recv() {
                match line {
                    Line::Text(name, text) => lines.tell(&name, &text),
                    // Nobody waits for it any more where it took too long.
                    Line::End(tell) => drop(tell.send(())),
                }
            }
        };
        thread::Builder::new().name("squall-lines".into()).spawn(show).map_err(RunError::Shards)?;
        Ok(Showing(send))
    }

    /// Where lines are sent.
    pub(super) fn lines(&self) -> mpsc::Sender<Line> {
        self.0.clone()
    }

    /// Waits until all that was sent is shown, for a short while.
    pub(super) async fn settle(&self, env: &Env) {
        let (tell, told) = oneshot::channel();
        let shown = async {
            // Both fail only where the thread is gone, and then nothing waits.
            let _ = self.0.send(Line::End(tell)).await;
            let _ = told.await;
        };
        env.timeout(PATIENCE, shown).await;
    }
}
