//! The files that reports go to: looked at before anything runs, and emptied when the first scenario begins.

use super::cases::Case;
use crate::{Failure, output};
use squall::scenario::same_file;
use squall::scenario::snapshot::snapshot_path;
use std::path::Path;

/// Fails where a report could not be written, or would take the place of something else.
pub(super) fn check(targets: &[&Path], cases: &[Case]) -> Result<(), Failure> {
    for (at, target) in targets.iter().enumerate() {
        let shown = target.display();
        if targets[..at].iter().any(|other| same_file(other, target)) {
            return Err(Failure::usage(format!("two reports cannot both go to {shown}")));
        }
        for (place, case) in cases.iter().enumerate() {
            // The runs of one file stand together.
            if place > 0 && cases[place - 1].path == case.path {
                continue;
            }
            if same_file(target, &case.path) {
                return Err(Failure::usage(format!("a report cannot go to {shown}, which is a scenario")));
            }
            if same_file(target, &snapshot_path(&case.path)) {
                return Err(Failure::usage(format!(
                    "a report cannot go to {shown}, which is a scenario's snapshot"
                )));
            }
        }
        output::probe(target)?;
    }
    Ok(())
}

/// Empties them: what stands in one from before must not be taken for the report of a run that was cut short.
pub(super) fn empty(targets: &[&Path]) -> Result<(), Failure> {
    targets.iter().try_for_each(|target| output::empty(target))
}
