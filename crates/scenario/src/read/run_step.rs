//! `run`: a command that a step runs to its end, and the exit code that is right.

use super::names::Names;
use super::process::NOT_VIRTUAL;
use super::program;
use crate::document::Item;
use crate::format;
use crate::model::{Clock, Job, Output, Program};

pub(super) fn read(item: &Item<'_>, background: bool, names: &mut Names) -> Job {
    let nothing =
        Program { command: Vec::new(), env: Vec::new(), folder: names.file(""), output: Output::Kept };
    let mut job = Job { program: nothing, exits: vec![0], timeout: None, background };
    if names.clock() == Clock::Virtual {
        item.refuse_key("`run` does not go with the virtual clock", NOT_VIRTUAL.to_owned());
    }
    let Some(table) = item.table("run") else { return job };
    if let Some(program) = program::read(&table, "command = [\"pytest\", \"-q\"]", names) {
        job.program = program;
    }
    if let Some(item) = table.get("exit") {
        let codes = item.one_or_many();
        let codes = codes.iter().filter_map(|item| item.integer(0..=255));
        job.exits = codes.filter_map(|code| u8::try_from(code).ok()).collect();
    }
    job.timeout = table.get("timeout").and_then(|item| item.value("30s"));
    table.close_as(&format::RUN);
    job
}
