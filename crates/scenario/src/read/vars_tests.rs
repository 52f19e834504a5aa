//! Vars: where they are put in, and what is said of those that make no sense.

use super::{Overrides, read_with};
use crate::diagnostic::{Source, render};
use crate::model::{Clock, Scenario};

const FILE: &str = r#"
scenario = 1
name = "{who} {{who}} {nobody} {"
[vars]
who = "db"
n = 7
slow = true
[echo.e]
id = "{n}"
[[step]]
load = { target = "echo.e", requests = "{n}", size = "{n}KiB", reconnect = "{slow}" }
[[expect]]
that = "load.load.ok == {n}"
"#;

fn read(text: &str, vars: &[(&str, &str)]) -> Result<Scenario, String> {
    let source = Source::new("vars.toml", text);
    let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    read_with(&source, &Overrides { clock: None, vars }).map_err(|found| render(&source, &found))
}

#[test]
fn a_var_stands_in_every_string_and_alone_for_a_number_or_a_flag_too() {
    let scenario = read(FILE, &[]).expect("valid");
    assert_eq!(scenario.name, "db {db} {nobody} {");
    assert_eq!(scenario.echoes[0].id, "7");
    let (_, load) = scenario.loads().next().expect("a load");
    assert_eq!((load.requests, load.sizes.largest(), load.reconnect), (7, 7 * 1024, true));
    assert_eq!(scenario.expectations[0].that.text(), "load.load.ok == 7");
}

#[test]
fn the_command_line_has_the_last_word() {
    let scenario = read(FILE, &[("n", "1"), ("n", "9"), ("slow", "false")]).expect("valid");
    let (_, load) = scenario.loads().next().expect("a load");
    assert_eq!((load.requests, load.reconnect), (9, false));
}

#[test]
fn a_mistake_behind_a_var_says_what_it_was() {
    let told = read(FILE, &[("n", "many")]).expect_err("no number");
    insta::assert_snapshot!(told, @r#"
    error: `requests` has the wrong type
      --> vars.toml:11:40
       |
    11 | load = { target = "echo.e", requests = "{n}", size = "{n}KiB", reconnect = "{slow}" }
       |                                        ^^^^^ expected an integer, found a string; `{n}` is `many`

    error: `manyKiB` is not a size
      --> vars.toml:11:54
       |
    11 | load = { target = "echo.e", requests = "{n}", size = "{n}KiB", reconnect = "{slow}" }
       |                                                      ^^^^^^^^ `{n}` is `many`

    error: the report has no `many`
      --> vars.toml:13:8
       |
    13 | that = "load.load.ok == {n}"
       |        ^^^^^^^^^^^^^^^^^^^^^ `{n}` is `many`
       |
       = help: paths begin with echo, elapsed, load, step
    "#);
}

#[test]
fn vars_that_make_no_sense_are_refused() {
    let told = read(&FILE.replace("n = 7", "n = 7\nm = 8\n\"a b\" = 1\nl = []"), &[("nn", "1")]);
    insta::assert_snapshot!(told.expect_err("invalid"), @r#"
    error: there is no var `nn`
     --> vars.toml:4:1
      |
    4 | [vars]
      | ^^^^^^ --var sets one
      |
      = help: did you mean `n`?

    error: var `m` is used nowhere
     --> vars.toml:7:1
      |
    7 | m = 8
      | ^
      |
      = help: write `{m}` in a string, or leave it out

    error: `a b` is not a name
     --> vars.toml:8:1
      |
    8 | "a b" = 1
      | ^^^^^
      |
      = help: names are letters, digits, `_` and `-`: they are used in report paths

    error: `l` has the wrong type
     --> vars.toml:9:5
      |
    9 | l = []
      |     ^^ expected a string, a number or a flag, found an array
    "#);
    let told = read("scenario = 1", &[("n", "1")]).expect_err("no vars");
    insta::assert_snapshot!(told, @r"
    error: there is no var `n`
     --> vars.toml:1:1
      |
    1 | scenario = 1
      | ^ --var sets one
      |
      = help: only vars of a [vars] table can be set
    ");
}

#[test]
fn another_clock_is_checked_as_though_it_were_the_files() {
    let source = Source::new("a.toml", "scenario = 1\n[link.a]\nupstream = \"db:5432\"\n");
    let with = |clock| read_with(&source, &Overrides { clock: Some(clock), vars: Vec::new() });
    assert!(with(Clock::Real).is_ok());
    let told = with(Clock::Virtual).expect_err("a real address");
    assert!(told[0].message.contains("cannot be reached with the virtual clock"), "{told:?}");
}
