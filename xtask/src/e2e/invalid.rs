//! An invalid file: it must be refused, in the words recorded beside it.

use crate::diff;
use crate::e2e::Session;
use crate::e2e::cases::Case;
use crate::e2e::child::End;
use crate::e2e::outcome::Outcome;
use crate::failure::Failure;
use std::fs;
use std::io::ErrorKind;

/// Checks `case`; an error only where the machine does not allow it.
pub(crate) fn run(session: &Session<'_>, case: &Case) -> Result<Outcome, Failure> {
    let ended = session.squall(&["check", &case.path])?;
    if ended.end != End::Exit(2) {
        return Ok(Outcome::failed(
            case,
            &ended,
            &format!("{}, where an invalid file exits with 2", ended.end),
        ));
    }
    let path = case.record(session.root);
    let recorded = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(Failure::file("read", &path, &error)),
    };
    let mut outcome = Outcome { figure: figure(&ended.stderr), ..Outcome::passed(case, &ended) };
    if recorded.as_ref() == Some(&ended.stderr) {
        return Ok(outcome);
    }
    if session.options.update || (recorded.is_none() && !session.options.ci) {
        fs::write(&path, &ended.stderr).map_err(|error| Failure::file("write", &path, &error))?;
        outcome.result = "recorded".into();
        return Ok(outcome);
    }
    outcome.result = "fail".into();
    outcome.failure = Some(match recorded {
        None => format!("its words are not recorded yet:\n{}", ended.stderr),
        Some(recorded) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            format!(
                "its words have changed; --update accepts them\n{}",
                diff::unified(&name, &recorded, &ended.stderr)
            )
        }
    });
    Ok(outcome)
}

fn figure(stderr: &str) -> String {
    match stderr.lines().filter(|line| line.starts_with("error")).count() {
        1 => "1 mistake".into(),
        count => format!("{count} mistakes"),
    }
}
