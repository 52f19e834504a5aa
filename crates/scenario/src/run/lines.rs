//! Where the lines of programs go while a scenario runs.

use std::fmt;
use std::sync::Arc;

/// Takes lines of programs as they come, with the name of the process or of the step. Called on a thread of its own: while it does
/// not return, programs wait once their pipes are full, and the run goes on. Where it never does, lines are lost at the end of the run.
#[derive(Clone)]
pub struct Lines(Arc<Take>);

type Take = dyn Fn(&str, &str) + Send + Sync;

impl Lines {
    /// Calls `take` with a name and a line, which has neither a newline nor other control characters but tabs.
    pub fn new(take: impl Fn(&str, &str) + Send + Sync + 'static) -> Lines {
        Lines(Arc::new(take))
    }

    pub(super) fn tell(&self, name: &str, line: &str) {
        (self.0)(name, line);
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lines")
    }
}
