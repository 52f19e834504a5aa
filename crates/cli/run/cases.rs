//! What is to be run: every file, with every seed, as often as was asked.

use super::Args;
use crate::Failure;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// One run of one file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Case {
    pub(crate) path: PathBuf,
    /// Instead of the file's.
    pub(crate) seed: Option<u64>,
    /// From 1.
    pub(crate) round: usize,
}

/// The most runs of one command.
const MOST: u64 = 1_000_000;

/// Seeds from a first to a last.
#[derive(Clone, Debug)]
pub(crate) struct Seeds(RangeInclusive<u64>);

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Seeds, String> {
        let help = || format!("`{text}` is no range of seeds; write 1-100");
        let (first, last) = text.split_once('-').ok_or_else(help)?;
        let (first, last) = (first.parse().map_err(|_| help())?, last.parse().map_err(|_| help())?);
        if first > last {
            return Err(format!("{first} is behind {last}; write the smaller seed first"));
        }
        if last - first >= MOST {
            return Err(format!("more than {MOST} seeds"));
        }
        Ok(Seeds(first..=last))
    }
}

/// All runs, in the order in which they are told: file by file, seed by seed.
pub(crate) fn of(args: &Args) -> Result<Vec<Case>, Failure> {
    let mut files = collect(&args.paths)?;
    if let Some(filter) = &args.filter {
        files.retain(|file| file.to_string_lossy().contains(filter.as_str()));
        if files.is_empty() {
            return Err(Failure::usage(format!("no file has `{filter}` in its path")));
        }
    }
    let seeds: Vec<Option<u64>> = match &args.seeds {
        Some(Seeds(range)) => range.clone().map(Some).collect(),
        None => vec![args.seed],
    };
    let runs = (files.len() * seeds.len()).saturating_mul(args.repeat.get());
    if runs as u64 > MOST {
        return Err(Failure::usage(format!("these are {runs} runs; {MOST} is the most")));
    }
    let mut cases = Vec::with_capacity(runs);
    for path in files {
        for seed in &seeds {
            cases.extend((1..=args.repeat.get()).map(|round| Case {
                path: path.clone(),
                seed: *seed,
                round,
            }));
        }
    }
    Ok(cases)
}

/// Every scenario file that `paths` stand for.
pub(crate) fn collect(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    if paths == [Path::new("scenarios")] && !Path::new("scenarios").exists() {
        return Err(Failure::usage("there is no folder `scenarios` here; `squall init` writes a first one"));
    }
    for path in paths {
        if path.is_dir() { files.extend(folder(path)?) } else { files.push(path.clone()) }
    }
    Ok(files)
}

/// Every scenario in a folder and in those below it, whose names do not begin with a dot.
fn folder(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = |error| Failure::environment(format!("cannot read {}: {error}", folder.display()));
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let (file, kind) = (entry.path(), entry.file_type().map_err(unreadable)?);
            if kind.is_dir() && !entry.file_name().as_encoded_bytes().starts_with(b".") {
                folders.push(file);
            } else if !kind.is_dir() && file.extension().is_some_and(|extension| extension == "toml") {
                found.push(file);
            }
        }
    }
    if found.is_empty() {
        return Err(Failure::usage(format!("there is no scenario (.toml) in {}", path.display())));
    }
    found.sort();
    Ok(found)
}
