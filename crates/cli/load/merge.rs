//! `squall load merge`: several reports as one.

use super::args::MergeArgs;
use super::verdict::{self, Conditions};
use super::{exit, say};
use crate::Failure;
use crate::exit::Exit;
use squall::load::{Document, Outcome};

pub(super) fn main(args: &MergeArgs) -> Result<Exit, Failure> {
    let conditions = Conditions::read(&args.outputs)?;
    let documents: Vec<Document> =
        args.files.iter().map(|file| verdict::document(file)).collect::<Result<_, _>>()?;
    let mut merged = Document::merge(&documents).map_err(Failure::usage)?;
    let thresholds = conditions.judge(&merged);
    // One that was cut short makes the whole incomplete.
    let interrupted = documents.iter().any(|document| document.result == Outcome::Interrupted);
    merged.judge(thresholds, interrupted);
    say(&merged, &args.outputs)?;
    Ok(exit(&merged, None))
}
