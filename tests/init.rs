//! `squall init`: a first scenario that passes, and nothing over what is there.

use crate::process::squall;
use std::fs;
use std::path::Path;

/// Runs in a folder: the exit code, stdout and stderr.
fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let ran = squall().args(args).current_dir(folder).output().expect("runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (ran.status.code(), text(ran.stdout), text(ran.stderr))
}

/// Every file below a folder, sorted.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                found.push(entry.strip_prefix(folder).expect("below").display().to_string());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_first_scenario_passes_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, out, err) = run(folder.path(), &["init"]);
    assert_eq!((code, &*out), (Some(0), "wrote scenarios/hello.toml\nnext: squall run scenarios\n"), "{err}");
    assert_eq!(files(folder.path()), ["scenarios/hello.toml"]);
    for args in [&["run"][..], &["run", "--seed", "9", "scenarios"], &["run", "--check-determinism"]] {
        let (code, _, err) = run(folder.path(), args);
        assert_eq!(code, Some(0), "{err}");
    }
}

#[test]
fn what_is_there_is_left_alone_and_nothing_half_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let hello = folder.path().join("scenarios/hello.toml");
    fs::create_dir(folder.path().join("scenarios")).expect("made");
    fs::write(&hello, "mine").expect("written");
    let (code, out, err) = run(folder.path(), &["init"]);
    assert_eq!((code, &*out), (Some(2), ""));
    assert_eq!(err, "error: scenarios/hello.toml is there already; nothing was written\n");
    assert_eq!(fs::read_to_string(&hello).expect("a file"), "mine");
    let other = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(other.path().join(".github/workflows")).expect("made");
    fs::write(other.path().join(".github/workflows/squall.yml"), "mine").expect("written");
    assert_eq!(run(other.path(), &["init", "--ci", "github"]).0, Some(2));
    assert_eq!(files(other.path()), [".github/workflows/squall.yml"]);
    assert!(!other.path().join("scenarios").exists());
}

#[test]
fn what_cannot_be_written_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    // A file where a folder would have to be.
    fs::write(folder.path().join(".github"), "").expect("written");
    let (code, _, err) = run(folder.path(), &["init", "--ci", "github"]);
    assert_eq!(code, Some(3), "{err}");
    assert_eq!(files(folder.path()), [".github"]);
    assert!(!folder.path().join("scenarios").exists());
}

#[test]
fn a_job_comes_with_it_or_to_what_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(run(folder.path(), &["init", "--ci", "gitlab"]).0, Some(0));
    assert_eq!(files(folder.path()), [".gitlab-ci.yml", ".gitlab/squall.yml", "scenarios/hello.toml"]);
    let (code, out, err) = run(folder.path(), &["init", "--ci", "github"]);
    assert_eq!(
        (code, &*out),
        (
            Some(0),
            "wrote .github/workflows/squall.yml\nnext: make squall available in the job (see the comment in it), then commit\n"
        ),
        "{err}"
    );
    let other = tempfile::tempdir().expect("a folder");
    fs::write(other.path().join(".gitlab-ci.yml"), "mine").expect("written");
    let (code, out, _) = run(other.path(), &["init", "--ci", "gitlab"]);
    assert!(code == Some(0) && out.contains("add to .gitlab-ci.yml:\n\ninclude:\n"), "{out}");
    assert_eq!(fs::read_to_string(other.path().join(".gitlab-ci.yml")).expect("a file"), "mine");
}

#[test]
fn the_command_of_a_job_passes_and_leaves_its_artifacts() {
    for (service, job) in [("github", ".github/workflows/squall.yml"), ("gitlab", ".gitlab/squall.yml")] {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(run(folder.path(), &["init", "--ci", service]).0, Some(0));
        let text = fs::read_to_string(folder.path().join(job)).expect("a job");
        let command = text.lines().find_map(|line| line.split_once("squall run")).expect("a run").1;
        let words: Vec<&str> = ["run"].into_iter().chain(command.split_whitespace()).collect();
        let (code, _, err) = run(folder.path(), &words);
        assert_eq!(code, Some(0), "{err}");
        for artifact in ["squall.xml", "report.html"] {
            assert!(
                folder.path().join(artifact).exists() && text.matches(artifact).count() > 1,
                "{artifact}"
            );
        }
    }
}
