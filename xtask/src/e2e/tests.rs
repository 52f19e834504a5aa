//! The whole of e2e against a stand-in for the binary, whose behaviour the fixtures themselves spell out.

use super::*;
use std::time::Instant;

const SQUALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/squall.sh");

/// A workspace with fixtures only.
struct Fixtures {
    root: tempfile::TempDir,
    scratch: tempfile::TempDir,
    options: Options,
    limit: Duration,
}

impl Fixtures {
    fn new(files: &[(&str, &str)]) -> Fixtures {
        let (root, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (path, text) in files {
            let path = root.path().join("fixtures").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Fixtures { root, scratch, options: Options::default(), limit: LIMIT }
    }

    fn run(&self) -> Vec<Outcome> {
        let (root, options, limit) = (self.root.path(), &self.options, self.limit);
        let cases = Cases::find(root, &options.filter).unwrap();
        let (binary, scratch) = (PathBuf::from(SQUALL), self.scratch.path().to_owned());
        Session { root, binary, scratch, limit, options }.run(&cases).unwrap()
    }

    /// The only outcome.
    fn outcome(&self) -> Outcome {
        let mut outcomes = self.run();
        assert_eq!(outcomes.len(), 1);
        outcomes.remove(0)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.path().join("fixtures").join(path)).unwrap()
    }
}

#[test]
fn a_scenario_that_passes_shows_its_clock() {
    let fixtures =
        Fixtures::new(&[("scenarios/a.toml", "[snapshot]\n# sh: pass; echo {} > $stem.snap.json\n")]);
    let outcome = fixtures.outcome();
    assert_eq!((outcome.failure, outcome.clock.as_str(), outcome.result.as_str()), (None, "real", "pass"));
}

#[test]
fn a_scenario_that_this_machine_cannot_run_is_shown_with_the_reason_and_fails_nothing() {
    let words = "printf 'skip  a\\nerror: process.app: x is not installed\\n' >&2";
    let fixtures = Fixtures::new(&[("scenarios/a.toml", &format!("[snapshot]\n# sh: {words}\n"))]);
    let outcome = fixtures.outcome();
    assert_eq!((outcome.failure, outcome.result.as_str()), (None, "skipped"));
    assert_eq!(outcome.figure, "process.app: x is not installed");
}

#[test]
fn a_scenario_that_fails_shows_its_words_and_its_code() {
    let fixtures = Fixtures::new(&[("scenarios/a.toml", "[snapshot]\n# sh: echo '-1 +2' >&2; exit 1\n")]);
    assert_eq!(fixtures.outcome().failure.unwrap(), "exit code 1\n-1 +2\n");
}

#[test]
fn the_report_of_the_case_before_is_not_taken_for_this_ones() {
    let fixtures = Fixtures::new(&[
        ("scenarios/a.toml", "[snapshot]\n# sh: pass; echo {} > $stem.snap.json\n"),
        ("scenarios/b.toml", "[snapshot]\n# sh: echo {} > $stem.snap.json\n"),
    ]);
    let failure = fixtures.run().remove(1).failure.unwrap();
    assert!(failure.starts_with("exit code 0, but no report"), "{failure}");
}

#[test]
fn a_scenario_without_a_snapshot_table_is_not_run() {
    let fixtures = Fixtures::new(&[("scenarios/a.toml", "# sh: pass\n")]);
    assert_eq!(fixtures.outcome().result, "unchecked");
}

#[test]
fn records_without_their_file_fail() {
    let fixtures = Fixtures::new(&[("scenarios/a.snap.json", "{}"), ("invalid/b.stderr", "")]);
    let results: Vec<String> = fixtures.run().into_iter().map(|outcome| outcome.result).collect();
    assert_eq!(results, ["orphan", "orphan"]);
}

#[test]
fn a_scenario_that_hangs_is_ended() {
    let mut fixtures = Fixtures::new(&[("scenarios/a.toml", "[snapshot]\n# sh: exec sleep 600\n")]);
    fixtures.limit = Duration::from_millis(50);
    let began = Instant::now();
    assert_eq!(fixtures.outcome().failure.unwrap(), "still running after 0.05 s\n");
    assert!(began.elapsed() >= fixtures.limit);
}

#[test]
fn the_binary_learns_of_update_and_ci() {
    let file = "[snapshot]\n# sh: echo \"$5 CI=$CI\" >&2; exit 1\n";
    let mut fixtures = Fixtures::new(&[("scenarios/a.toml", file)]);
    assert_eq!(fixtures.outcome().failure.unwrap(), "exit code 1\n CI=\n");
    fixtures.options = Options { update: true, ci: true, ..Options::default() };
    assert_eq!(fixtures.outcome().failure.unwrap(), "exit code 1\n--update CI=true\n");
}

#[test]
fn the_words_about_an_invalid_file_are_recorded_and_then_compared() {
    let file = "# sh: echo error: $(tail -1 $file) >&2; exit 2\n# one\n";
    let mut fixtures = Fixtures::new(&[("invalid/a.toml", file)]);
    assert_eq!(fixtures.outcome().result, "recorded");
    assert_eq!(fixtures.read("invalid/a.stderr"), "error: # one\n");
    assert_eq!(fixtures.outcome().result, "pass");

    let path = fixtures.root.path().join("fixtures/invalid/a.toml");
    fs::write(path, file.replace("one", "two")).unwrap();
    let failure = fixtures.outcome().failure.unwrap();
    assert!(failure.contains("-error: # one\n+error: # two\n"), "{failure}");

    fixtures.options.update = true;
    assert_eq!(fixtures.outcome().result, "recorded");
    assert_eq!(fixtures.read("invalid/a.stderr"), "error: # two\n");
}

#[test]
fn in_ci_words_that_are_not_recorded_fail() {
    let mut fixtures = Fixtures::new(&[("invalid/a.toml", "# sh: exit 2\n")]);
    fixtures.options.ci = true;
    assert!(fixtures.outcome().failure.unwrap().starts_with("its words are not recorded yet"));
}

#[test]
fn an_invalid_file_that_is_accepted_fails() {
    let fixtures = Fixtures::new(&[("invalid/a.toml", "# sh: exit 0\n")]);
    assert!(
        fixtures.outcome().failure.unwrap().starts_with("exit code 0, where an invalid file exits with 2")
    );
}

#[test]
fn a_filter_selects_by_path_and_one_that_selects_nothing_is_an_error() {
    let fixtures = Fixtures::new(&[("scenarios/up/a.toml", ""), ("invalid/a.toml", "")]);
    let find = |filter| Cases::find(fixtures.root.path(), filter);
    assert_eq!(find("up/a").unwrap().names().collect::<Vec<_>>(), ["scenarios/up/a.toml"]);
    let error = find("outage").err().unwrap();
    assert_eq!(error.code(), 2);
    assert_eq!(
        error.to_string(),
        "`outage` is in the path of no file in fixtures/scenarios and fixtures/invalid"
    );
}

#[test]
fn what_a_mismatch_left_is_named() {
    let fixtures = Fixtures::new(&[("scenarios/a.toml", ""), ("scenarios/a.snap.json.new", "")]);
    let root = fixtures.root.path();
    assert_eq!(Cases::find(root, "").unwrap().leftovers(root), ["fixtures/scenarios/a.snap.json.new"]);
}
