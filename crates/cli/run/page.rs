//! The page of runs: what `--html` writes.

use super::verdicts::{Done, Outcome};
use squall::scenario::html::{self, Section, Verdict};
use std::path::Path;

/// So many of the runs that passed are shown at length, and as many of the others: a page must stay one that a browser opens.
const WHOLE: usize = 60;

/// Room for runs that are shown at length.
#[derive(Default)]
pub(super) struct Room {
    passed: usize,
    others: usize,
}

impl Room {
    /// Whether there is still room for a run that came out so; it is taken then.
    pub(super) fn take(&mut self, outcome: Outcome) -> bool {
        let taken = match outcome {
            Outcome::Passed | Outcome::Skipped => &mut self.passed,
            Outcome::Failed | Outcome::Invalid | Outcome::Unable => &mut self.others,
        };
        *taken += 1;
        *taken <= WHOLE
    }
}

/// The whole page. The decisions that a run was to repeat belong to the command that runs it again.
pub(super) fn render(done: &[Done], decisions: Option<&Path>) -> String {
    let entries: Vec<Entry> = done.iter().map(|done| Entry::of(done, decisions)).collect();
    let sections = done.iter().zip(&entries).map(|(done, entry)| Section {
        name: &entry.name,
        note: &entry.note,
        verdict: match done.outcome {
            Outcome::Passed => Verdict::Passed,
            Outcome::Failed => Verdict::Failed,
            Outcome::Invalid | Outcome::Unable => Verdict::NotRun,
            Outcome::Skipped => Verdict::Skipped,
        },
        words: &entry.words,
        replay: &entry.replay,
        report: done.report.as_deref(),
        whole: done.whole,
    });
    html::render(&sections.collect::<Vec<_>>())
}

/// What a section says in words.
struct Entry {
    name: String,
    note: String,
    words: String,
    replay: String,
}

impl Entry {
    fn of(done: &Done, decisions: Option<&Path>) -> Entry {
        let path = &done.case.path;
        let mut replay = "squall run ".to_owned();
        if let Some(seed) = done.case.seed {
            replay += &format!("--seed {seed} ");
        }
        if let Some(decisions) = decisions {
            replay += &format!("--replay {} ", quoted(decisions));
        }
        replay += &quoted(path);
        Entry {
            name: done.report.as_ref().map_or_else(|| path.display().to_string(), |r| r.scenario.clone()),
            note: if done.case.round > 1 { format!("round {}", done.case.round) } else { String::new() },
            words: without_command(&done.words),
            replay,
        }
    }
}

/// What was said without what the page has in a place of its own: how to see it again.
fn without_command(words: &str) -> String {
    words.split_inclusive('\n').filter(|line| !line.contains("; to see it again: squall run ")).collect()
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if !path.is_empty() && path.chars().all(plain) {
        path
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_runs_it_again_is_said_once() {
        let words = "-  1\n+  2\nlast events:\n  c\nseed 7; to see it again: squall run x.toml\n  d\n";
        assert_eq!(without_command(words), "-  1\n+  2\nlast events:\n  c\n  d\n");
    }

    #[test]
    fn of_many_runs_some_that_passed_and_some_that_failed_are_shown() {
        let mut room = Room::default();
        let shown = |room: &mut Room, outcome| (0..100).filter(|_| room.take(outcome)).count();
        assert_eq!(shown(&mut room, Outcome::Passed), WHOLE);
        assert_eq!(shown(&mut room, Outcome::Failed), WHOLE);
        assert!(!room.take(Outcome::Invalid) && !room.take(Outcome::Skipped));
    }

    #[test]
    fn a_path_can_be_pasted_into_a_shell() {
        assert_eq!(quoted(Path::new("fixtures/a-b_1.toml")), "fixtures/a-b_1.toml");
        assert_eq!(quoted(Path::new("it's $x.toml")), "'it'\\''s $x.toml'");
    }
}
