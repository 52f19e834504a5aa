//! What links are told on the command line: faults that fit or do not, presets, traces, decisions.

use crate::process::*;
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

/// What a proxy with these options says when it refuses to start.
fn refused(args: &[&str], code: i32) -> String {
    let output = squall().args(["proxy", "--upstream", "127.0.0.1:9"]).args(args).output().expect("runs");
    let told = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(code), "{told}");
    told
}

#[test]
fn a_fault_that_does_not_fit_is_refused_with_the_nearest_that_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, link: &str| {
        let path = folder.path().join(name).to_str().expect("a path").to_owned();
        let place = format!("\"link\":\"{link}\",\"connection\":1,\"direction\":\"down\"");
        let line = format!("{{{place},\"fault\":\"reset\",\"index\":0,\"offset\":9,\"action\":\"reset\"}}\n");
        std::fs::write(&path, line).expect("written");
        path
    };
    let (log, other) = (&*write("log", "proxy"), &*write("other", "db"));
    for (args, told) in [
        (
            &["--fault", "duplicate:1%"][..],
            "`duplicate` does not fit a TCP link: TCP delivers every byte once",
        ),
        (&["--udp", "--fault", "slow_close:1s"], "`slow_close` does not fit a UDP link: UDP has no end"),
        (&["--udp", "--fault", "refuse"], "the nearest that does is `blackhole`"),
        (
            &["--fault", "hang:3s,connections=1"],
            "the nearest that takes this key is `accept_delay` or `upstream_hang`",
        ),
        (&["--fault", "refuse@up"], "`refuse` acts when a client connects: it has no direction"),
        (&["--fault", "bandwidth:100kbps"], "kbit/s"),
        (&["--preset", "4gg"], "there is no preset `4gg`; did you mean `4g`?"),
        (&["--fault", "trace:no-such-file"], "no-such-file"),
        (&["--fault", "trace:Cargo.toml"], "Cargo.toml: line 1: "),
        (&["--fault", "trace:/dev/zero"], "it is larger than 64 MiB"),
        (&["--fault", "upstream_hang:5s"], "write `upstream_hang:"),
        (&["--fault", "reset:at=5,within=10"], "has no use for `within`"),
        (&["--replay", "Cargo.toml"], "Cargo.toml: line 1: not a decision"),
        (
            &["--replay", log, "--fault", "latency:1ms"],
            "no fault `reset` on link `proxy`; its faults: latency",
        ),
        (&["--replay", other], "there is no link `db`; links are proxy"),
    ] {
        let error = refused(args, 2);
        assert!(error.contains(told), "{args:?}: {error}");
    }
}

#[test]
fn a_preset_makes_the_network() {
    let (_echo, upstream) = echo();
    let (_proxy, addr) = proxy(upstream, &["--preset", "nlc-dsl"]);
    let mut client = connect(addr);
    let before = Instant::now();
    client.write_all(&[7; 16_000]).expect("sent");
    client.read_exact(&mut [0; 16_000]).expect("an answer");
    // 10 ms there and back, and 16,000 bytes at 256 kbit/s.
    assert!(before.elapsed() >= Duration::from_millis(510), "{:?}", before.elapsed());
}

#[test]
fn a_trace_lets_no_more_through_than_was_recorded() {
    let (_echo, upstream) = echo();
    let (_proxy, addr) = proxy(upstream, &["--fault", "trace:fixtures/traces/two-steps.csv"]);
    let mut client = connect(addr);
    let before = Instant::now();
    client.write_all(&[7; 30_000]).expect("sent");
    client.read_exact(&mut [0; 30_000]).expect("an answer");
    assert!(
        before.elapsed() >= Duration::from_millis(230),
        "125 bytes a millisecond: {:?}",
        before.elapsed()
    );
}

#[test]
fn decisions_are_written_and_made_again() {
    let (_echo, upstream) = echo();
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    let run = |options: &[&str]| {
        let all = [options, &["--fault", "reset:p=40%,within=3000", "--grace", "0s"]].concat();
        let (proxy, addr) = proxy(upstream, &all);
        let fates: Vec<Option<usize>> = (0..15)
            .map(|_| {
                let mut client = connect(addr);
                let mut got = 0;
                for _ in 0..4 {
                    let _ = client.write_all(&[1; 1_000]);
                    let mut answered = 0;
                    while answered < 1_000 {
                        match read(&mut client, &mut [0; 1_000]) {
                            Ok(n @ 1..) => (answered, got) = (answered + n, got + n),
                            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Some(got),
                            other => panic!("{other:?}"),
                        }
                    }
                }
                None
            })
            .collect();
        let ended = proxy.stop();
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        fates
    };
    let (first, second, third) = (path("first"), path("second"), path("third"));
    let fates = run(&["--seed", "7", "--decisions", &first]);
    assert_eq!(run(&["--seed", "7", "--decisions", &second]), fates);
    assert_eq!(run(&["--seed", "8", "--replay", &first, "--decisions", &third]), fates);
    let [first, second, third] =
        [first, second, third].map(|path| std::fs::read_to_string(path).expect("a log"));
    assert_eq!((&first, &first), (&second, &third));
    assert_eq!(first.lines().count(), fates.iter().flatten().count());
}

#[test]
fn a_log_that_cannot_be_written_is_told_at_once() {
    let told = refused(&["--decisions", "no-such-folder/log"], 3);
    assert!(told.contains("cannot write no-such-folder/log"), "{told}");
}

#[test]
fn sockets_are_tuned_or_the_setting_is_named() {
    let (_echo, upstream) = echo();
    let (_proxy, addr) = proxy(upstream, &["--rcvbuf", "64KiB", "--sndbuf", "64KiB", "--relay", "splice"]);
    let mut client = connect(addr);
    client.write_all(&[7; 30_000]).expect("sent");
    client.read_exact(&mut [0; 30_000]).expect("an answer");
    assert!(refused(&["--congestion", "no-such"], 3).contains("congestion control `no-such`"));
    assert!(refused(&["--relay", "fast"], 2).contains("write auto, copy or splice"));
}
