//! `squall init`: a first scenario that passes, and a CI job that runs it.

mod place;

use crate::exit::Exit;
use crate::{Failure, output};
use place::{New, place};
use std::path::{Display, Path, PathBuf};

/// Write a first scenario, scenarios/hello.toml, to be changed; it passes as it is.
///
/// With --ci also a job that runs every scenario, or only that where there is a folder of scenarios already. Files that are there
/// are left alone: then nothing is written.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to write: the project's folder.
    #[arg(value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
    /// Write a CI job too: .github/workflows/squall.yml or .gitlab/squall.yml.
    #[arg(long, value_name = "SERVICE")]
    ci: Option<Service>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Service {
    Github,
    Gitlab,
}

const HELLO: &str = include_str!("init/hello.toml");
const GITHUB: &str = include_str!("init/github.yml");
const GITLAB: &str = include_str!("init/gitlab.yml");
/// What a pipeline of GitLab needs to have the job.
const INCLUDE: &str = "include:\n  - local: .gitlab/squall.yml\n";

pub(crate) fn main(args: &Args) -> Result<Exit, Failure> {
    let pipeline = args.folder.join(".gitlab-ci.yml");
    let has_pipeline = pipeline.symlink_metadata().is_ok();
    let scenarios = args.folder.join("scenarios");
    let mut files = Vec::new();
    if args.ci.is_none() || !scenarios.is_dir() {
        files.push(New { path: scenarios.join("hello.toml"), text: HELLO });
    }
    match args.ci {
        Some(Service::Github) => {
            files.push(New { path: args.folder.join(".github/workflows/squall.yml"), text: GITHUB });
        }
        Some(Service::Gitlab) => {
            files.push(New { path: args.folder.join(".gitlab/squall.yml"), text: GITLAB });
            if !has_pipeline {
                files.push(New { path: pipeline, text: INCLUDE });
            }
        }
        None => {}
    }
    place(&files)?;
    let mut told: String = files.iter().map(|file| format!("wrote {}\n", tidy(&file.path))).collect();
    if matches!(args.ci, Some(Service::Gitlab)) && has_pipeline {
        told.push_str(&format!("add to .gitlab-ci.yml:\n\n{INCLUDE}\n"));
    }
    let next = match args.ci {
        None => format!("squall run {}", tidy(&scenarios)),
        Some(_) => "make squall available in the job (see the comment in it), then commit".to_owned(),
    };
    output::print(&format!("{told}next: {next}\n"))?;
    Ok(Exit::Ok)
}

/// A path without the dot it may begin with.
fn tidy(path: &Path) -> Display<'_> {
    path.strip_prefix(".").unwrap_or(path).display()
}
