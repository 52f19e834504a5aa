//! What is wrong with files of services: told as for scenarios, and without an effect on what runs.

use crate::process::*;
use crate::up::{Up, answer, path, talk};
use std::fs;
use std::process::Output;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn check(args: &[&str]) -> Output {
    squall().arg("check").args(args).output().expect("runs")
}

#[test]
fn every_mistake_is_told_with_its_place_and_a_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = path(&folder, "up.toml");
    // Nothing listens there: the file is only looked at.
    let place = format!("127.0.0.1:{}", 9);
    let mistakes = format!(
        "up = 1\nclock = \"real\"\nmetrics = \"8998\"\n[echo.one]\nlisten = \"{place}\"\n[link.a]\nlisten = \"{place}\"\n\
         upstream = \"process.app\"\n[link.b]\nupstream = \"{{port.app}}\"\nfault = [{{ latancy = \"1ms\" }}]\n[[step]]\nsleep = \"1s\"\n"
    );
    fs::write(&file, mistakes).expect("written");
    let told = check(&[&file]);
    let words = text(&told.stderr);
    assert_eq!(told.status.code(), Some(2), "{words}");
    for line in [
        "unknown key `clock`",
        "up.toml:3:11",
        "`echo.one` listens on 127.0.0.1:9 already",
        "up.toml:7:10",
        "there is no `process.app`",
        "`{port.app}` is not an upstream",
        "write `echo.NAME`, `link.NAME`, `balance.NAME`, `host:port` or `unix:path`",
        "did you mean `latency`?",
        "unknown key `step`",
    ] {
        assert!(words.contains(line), "{line}: {words}");
    }
    // The command itself says the same, and starts nothing.
    let up = squall().args(["up", &file]).output().expect("runs");
    assert_eq!((up.status.code(), text(&up.stderr), text(&up.stdout)), (Some(2), words, String::new()));
}

#[test]
fn a_folder_may_hold_files_of_both_kinds() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    write("a.toml", "scenario = 1\n[echo.e]\n[[step]]\nsleep = \"1ms\"\n");
    write("b.toml", "up = 1\n[vars]\nport = 0\n[echo.e]\nlisten = \"127.0.0.1:{port}\"\n");
    let shown = folder.path().to_str().expect("text");
    let told = check(&[shown]);
    assert_eq!(told.status.code(), Some(0), "{}", text(&told.stderr));
    write("c.toml", "up = 1\n");
    let told = check(&[shown]);
    assert_eq!(told.status.code(), Some(2));
    assert!(text(&told.stderr).contains("there is nothing to start"), "{}", text(&told.stderr));
}

#[test]
fn a_file_of_the_other_kind_is_told_what_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let (scenario, services) = (path(&folder, "s.toml"), path(&folder, "u.toml"));
    fs::write(&scenario, "scenario = 1\n[echo.e]\n").expect("written");
    fs::write(&services, "up = 1\n[echo.e]\n").expect("written");
    for (args, told) in [
        (["up", &scenario], "error: this is a scenario"),
        (["run", &services], "error: these are services, and no scenario"),
    ] {
        let output = squall().args(args).output().expect("runs");
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).starts_with(told), "{}", text(&output.stderr));
    }
}

#[test]
fn a_file_that_is_wrong_when_it_is_read_again_changes_nothing() {
    let up = Up::start("[echo.one]\n[link.a]\nupstream = \"echo.one\"\n", &[]);
    let mut client = connect(up.addr("a"));
    talk(&mut client, b"x");
    let before = up.ports();
    // Whoever writes into a pipe knows that it is being read.
    fs::remove_file(up.file()).expect("removed");
    fifo(&up.file());
    up.server.signal("HUP");
    fs::write(up.file(), "up = 1\n[link.a]\nupsteam = \"echo.one\"\n").expect("written");
    assert_eq!(talk(&mut client, b"y"), b"y");
    fs::remove_file(up.file()).expect("removed");
    up.reload("[echo.one]\n[link.a]\nupstream = \"echo.one\"\n[echo.two]\n");
    assert!(up.ports().starts_with(&before), "{}", up.ports());
    assert_eq!(talk(&mut client, b"z"), b"z");
    drop(client);
    let ended = up.stop();
    assert_eq!(ended.code, Some(0));
    for line in ["unknown key `upsteam`", "did you mean `upstream`?", "is not valid: nothing was changed"] {
        assert!(ended.err.contains(line), "{line}: {}", ended.err);
    }
    assert!(ended.err.contains("echo two started, on ") && !ended.err.contains("link a "), "{}", ended.err);
}

#[test]
fn a_link_that_cannot_be_replaced_stays_and_the_others_change() {
    let file = |listen: &str, mode: &str, third: &str| {
        let a = format!("[link.a]\nlisten = \"{listen}\"\nupstream = \"echo.one\"\n");
        format!("[echo.one]\n[echo.two]\nmode = \"{mode}\"\n{third}{a}")
    };
    let up = Up::start(&file("127.0.0.1:0", "echo", "[echo.three]\n"), &[]);
    let (a, two, taken) = (up.addr("a"), up.addr("two"), up.addr("three"));
    let mut client = connect(a);
    talk(&mut client, b"x");
    up.reload(&file(&taken.to_string(), "banner:2", "[echo.three]\n"));
    assert_eq!(up.addr("a"), a);
    assert_eq!(talk(&mut client, b"y"), b"y");
    assert_eq!(answer(a, b"z"), b"z");
    assert!(answer(two, b"").starts_with(b"2"));
    // Once the port is free, it is tried again.
    up.reload(&file(&taken.to_string(), "banner:2", ""));
    assert_eq!(up.addr("a"), taken);
    drop(client);
    let ended = up.stop();
    assert!(ended.err.contains("address already in use; it stays as it was"), "{}", ended.err);
    assert_eq!(ended.code, Some(0));
}

#[test]
fn a_port_that_is_taken_at_the_start_ends_with_3() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let folder = tempfile::tempdir().expect("a folder");
    let file = path(&folder, "up.toml");
    fs::write(&file, format!("up = 1\n[echo.e]\nlisten = \"{}\"\n", taken.local_addr().expect("bound")))
        .expect("written");
    let output = squall().args(["up", &file]).output().expect("runs");
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).starts_with("error: echo e: "), "{}", text(&output.stderr));
}
