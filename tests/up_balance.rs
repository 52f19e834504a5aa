//! `squall up` with balancers: how they start, what of them a reload changes, and what is served about them.

use crate::metrics::get;
use crate::process::*;
use crate::up::{Up, answer, talk};
use std::fs;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Instant;

const ABC: &str =
    "[echo.a]\nmode = \"banner:a\"\n[echo.b]\nmode = \"banner:b\"\n[echo.c]\nmode = \"banner:c\"\n";

/// A file with a balancer of these members, and other keys of it.
fn pool(members: &str, keys: &str) -> String {
    format!("{ABC}[balance.pool]\nmembers = [{members}]\n{keys}\n")
}

/// Who answers so many connections, one after the other.
fn answers(addr: SocketAddr, n: usize) -> String {
    let first = |_| answer(addr, b"").first().copied().map_or('-', char::from);
    (0..n).map(first).collect()
}

/// An open connection, and who is at its end.
fn open(addr: SocketAddr) -> (TcpStream, char) {
    let mut client = connect(addr);
    let mut first = [0];
    assert_eq!(read(&mut client, &mut first).expect("a banner"), 1);
    (client, char::from(first[0]))
}

fn ctl(up: &Up, args: &[&str]) -> String {
    let control = up.addr("control").to_string();
    let output = squall().args(["ctl", "--host", &control]).args(args).output().expect("runs");
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Waits until what is certain to come has come.
fn settles(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_balancer_deals_connections_and_a_link_in_front_of_it_too() {
    let keys = "[link.front]\nupstream = \"balance.pool\"\n[link.slow]\nupstream = \"echo.c\"";
    let text = pool("\"echo.a\", { to = \"echo.b\", weight = 2 }, \"link.slow\"", keys);
    let mut up = Up::start(&text, &["--metrics", "127.0.0.1:0"]);
    let front = up.server.ready("squall proxy front listening on ");
    up.server.ready("squall proxy slow listening on ");
    let pool = up.server.ready("squall balance pool listening on ");
    up.server.ready("squall echo a listening on ");
    assert_eq!((front, pool), (up.addr("front"), up.addr("pool")));
    let mut seen: Vec<char> = (answers(front, 4) + &answers(pool, 4)).chars().collect();
    seen.sort_unstable();
    assert_eq!(seen.into_iter().collect::<String>(), "aabbbbcc");
    let text = get(up.addr("metrics"), "/metrics");
    for line in [
        "squall_connections_total{link=\"front\",outcome=\"accepted\"} 4\n",
        "squall_connections_total{link=\"pool\",outcome=\"accepted\"} 8\n",
        "squall_member_picks_total{link=\"pool\",member=\"b\"} 4\n",
        "squall_member_weight{link=\"pool\",member=\"b\"} 2\n",
        "squall_member_state{link=\"pool\",member=\"slow\",state=\"up\"} 1\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let ended = up.stop();
    assert_eq!(ended.code, Some(0));
    for line in [
        "[METRICS] balance pool | active: 0 | total: 8 |",
        "[METRICS] pool b (up) | picks: 4 | connections: 4 | failures: 0 | ejections: 0",
        "[METRICS] link front | active: 0 | total: 4 |",
    ] {
        assert!(ended.out.contains(line), "{line}: {}", ended.out);
    }
}

#[test]
fn a_reload_leaves_a_balancer_alone_that_has_not_changed() {
    let up = Up::start(&pool("\"echo.a\", \"echo.b\"", ""), &["--control", "127.0.0.1:0"]);
    let addr = up.addr("pool");
    let (mut client, who) = open(addr);
    assert_eq!(who, 'a');
    ctl(&up, &["balance", "set", "pool", "a", "--state", "drain"]);
    ctl(&up, &["balance", "set", "pool", "b", "--weight", "7"]);
    // The order of members is no change, and neither is what happens elsewhere in the file.
    up.reload(&pool("\"echo.b\", \"echo.a\"", "[link.new]\nupstream = \"balance.pool\""));
    assert_eq!((up.addr("pool"), answers(up.addr("new"), 2)), (addr, "bb".to_owned()));
    let shown = ctl(&up, &["--json", "balance", "show", "pool"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    let state = |n: usize| (shown["members"][n]["admin"].clone(), shown["members"][n]["weight"].clone());
    assert_eq!((state(0), state(1)), (("drain".into(), 1.into()), ("up".into(), 7.into())));
    client.shutdown(Shutdown::Write).expect("FIN");
    while read(&mut client, &mut [0; 64]).expect("an orderly end") > 0 {}
    let ended = up.stop();
    assert!(ended.err.contains("link new started") && !ended.err.contains("balance pool"), "{}", ended.err);
    assert!(ended.out.contains("[METRICS] balance pool | active: 0 | total: 3 |"), "{}", ended.out);
}

#[test]
fn members_join_and_leave_under_open_connections() {
    let text = |members: &str, keys: &str| {
        let echoes = "[echo.a]\n[echo.b]\n[echo.c]\nmode = \"banner:c\"\n";
        format!("grace = \"1h\"\n{echoes}[balance.pool]\nmembers = [{members}]\n{keys}\n")
    };
    let up = Up::start(&text("\"echo.a\", \"echo.b\"", ""), &["--control", "127.0.0.1:0"]);
    let addr = up.addr("pool");
    // One after the other, so that it is known who has which.
    let mut to_a = connect(addr);
    talk(&mut to_a, b"one");
    let mut to_b = connect(addr);
    talk(&mut to_b, b"two");
    // Its server leaves with it, and is there as long as its connections are.
    let file = text("\"echo.b\", \"echo.c\"", "").replace("[echo.a]\n", "");
    up.reload(&file);
    assert_eq!(up.addr("pool"), addr);
    assert_eq!((talk(&mut to_a, b"three"), talk(&mut to_b, b"four")), (b"three".to_vec(), b"four".to_vec()));
    assert!((0..4).filter(|_| answer(addr, b"").starts_with(b"c")).count() == 2);
    let shown = ctl(&up, &["balance", "show", "pool"]);
    assert!(shown.contains("\nb ") && shown.contains("\nc ") && !shown.contains("\na "), "{shown}");
    up.reload(&file.replace("\"echo.c\"", "{ to = \"echo.c\", weight = 3 }"));
    assert_eq!((0..8).filter(|_| answer(addr, b"").starts_with(b"c")).count(), 6);
    drop((to_a, to_b));
    let ended = up.stop();
    assert_eq!(ended.code, Some(0));
    for line in [
        "balance pool changed: member c joins, member a leaves",
        "echo a ended",
        "balance pool changed: member c changes",
        "member a leaves",
        "member a is drained",
    ] {
        assert!(ended.err.contains(line), "{line}: {}", ended.err);
    }
}

#[test]
fn connections_of_members_that_have_left_have_until_the_end_of_the_grace() {
    let text = |members: &str| format!("grace = \"0s\"\n{}", pool(members, ""));
    let up = Up::start(&text("\"echo.a\", \"echo.b\""), &[]);
    let addr = up.addr("pool");
    let ((mut to_a, a), (mut to_b, b)) = (open(addr), open(addr));
    assert_eq!((a, b), ('a', 'b'));
    up.reload(&text("\"echo.b\""));
    while read(&mut to_a, &mut [0; 64]).is_ok_and(|n| n > 0) {}
    assert_eq!(answers(addr, 2), "bb");
    to_b.shutdown(Shutdown::Write).expect("FIN");
    while read(&mut to_b, &mut [0; 64]).expect("an orderly end") > 0 {}
    assert_eq!(up.stop().code, Some(0));
}

#[test]
fn all_members_may_change_at_once_and_rules_and_faults_with_them() {
    let fault = "[[balance.pool.fault]]\nmember = \"c\"\ntruncate = \"0B\"\n";
    let up = Up::start(&pool("\"echo.a\"", ""), &["--metrics", "127.0.0.1:0"]);
    let addr = up.addr("pool");
    let (mut client, _) = open(addr);
    let keys = format!("algorithm = \"least_connections\"\ncheck_interval = \"1ms\"\n{fault}");
    up.reload(&pool("\"echo.b\", \"echo.c\"", &keys));
    let read_metrics = || get(up.addr("metrics"), "/metrics?format=json");
    let metrics = || serde_json::from_str::<serde_json::Value>(&read_metrics()).expect("JSON");
    // The fault of one member is no fault of the other.
    let both = answers(addr, 2);
    assert!(both == "b-" || both == "-b", "{both}");
    let member = |name: &str| metrics()["links"]["pool"]["members"][name].clone();
    settles("probes", || member("b")["probes"].as_u64().is_some_and(|probes| probes > 2));
    assert!(member("a").is_null());
    assert_eq!(metrics()["links"]["pool"]["faults"]["c.truncate"]["active"], true);
    up.reload(&pool("\"echo.b\"", ""));
    assert_eq!(answers(addr, 2), "bb");
    assert_eq!(metrics()["links"]["pool"]["faults"]["c.truncate"]["active"], false);
    client.shutdown(Shutdown::Write).expect("FIN");
    while read(&mut client, &mut [0; 64]).expect("an orderly end") > 0 {}
    let ended = up.stop();
    assert!(ended.err.contains("members are picked by other rules, truncate:0B"), "{}", ended.err);
    assert!(ended.err.contains("without c.truncate"), "{}", ended.err);
}

#[test]
fn what_is_not_of_the_pool_replaces_a_balancer_on_its_port_and_links_follow_one_that_moves() {
    let text = |keys: &str| pool("\"echo.a\"", &format!("{keys}\n[link.front]\nupstream = \"balance.pool\""));
    let up = Up::start(&text(""), &["--control", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
    let (addr, front) = (up.addr("pool"), up.addr("front"));
    let (mut client, _) = open(addr);
    up.reload(&text("segment = \"1KiB\""));
    assert_eq!((up.addr("pool"), answers(front, 1)), (addr, "a".to_owned()));
    ctl(&up, &["balance", "set", "pool", "a", "--weight", "3"]);
    client.shutdown(Shutdown::Write).expect("FIN");
    while read(&mut client, &mut [0; 64]).expect("an orderly end") > 0 {}
    up.reload(&text("listen = \"0.0.0.0:0\""));
    assert!(up.addr("pool") != addr && up.addr("front") == front);
    assert_eq!(answers(front, 1), "a");
    let counted = get(up.addr("metrics"), "/metrics");
    assert!(
        counted.contains("squall_connections_total{link=\"pool\",outcome=\"accepted\"} 3\n"),
        "{counted}"
    );
    // A link of its name takes its place, and gives it back.
    up.reload(&format!("{ABC}[link.pool]\nupstream = \"echo.b\"\n"));
    assert_eq!(answers(up.addr("pool"), 1), "b");
    assert!(ctl(&up, &["list"]).contains("pool"));
    up.reload(&text(""));
    assert_eq!(answers(up.addr("pool"), 1), "a");
    assert!(ctl(&up, &["balance", "show", "pool"]).contains("\na "));
    let ended = up.stop();
    for (line, times) in [("balance pool replaced", 3), ("link pool replaced", 1), ("link front replaced", 1)]
    {
        assert_eq!(ended.err.matches(line).count(), times, "{line}: {}", ended.err);
    }
}

#[test]
fn a_member_that_moves_is_followed_while_others_keep_their_connections() {
    let text = |host: &str| {
        let moving = format!("[echo.m]\nlisten = \"{host}:0\"\nmode = \"banner:m\"\n");
        format!("{moving}{}", pool("\"echo.m\", \"echo.b\"", ""))
    };
    let up = Up::start(&text("127.0.0.1"), &[]);
    let addr = up.addr("pool");
    assert_eq!(answers(addr, 2), "mb");
    let (mut to_m, _) = open(addr);
    let (mut to_b, who) = open(addr);
    assert_eq!(who, 'b');
    up.reload(&text("0.0.0.0"));
    assert_eq!(up.addr("pool"), addr);
    let mut seen: Vec<char> = answers(addr, 4).chars().collect();
    seen.sort_unstable();
    assert_eq!(seen.into_iter().collect::<String>(), "bbmm");
    for client in [&mut to_m, &mut to_b] {
        client.shutdown(Shutdown::Write).expect("FIN");
        while read(client, &mut [0; 64]).expect("an orderly end") > 0 {}
    }
    let ended = up.stop();
    assert!(ended.err.contains("balance pool changed: member m moves"), "{}", ended.err);
}

#[test]
fn a_balancer_that_goes_is_closed_and_clients_cannot_take_its_name_while_it_is_there() {
    let up = Up::start(&pool("\"echo.a\"", ""), &["--control", "127.0.0.1:0"]);
    let addr = up.addr("pool");
    let create = |up: &Up| {
        let control = up.addr("control").to_string();
        let args =
            ["ctl", "--host", &control, "create", "pool", "--listen", "127.0.0.1:0", "-u", "127.0.0.1:9"];
        squall().args(args).output().expect("runs")
    };
    let refused = create(&up);
    assert_eq!(refused.stderr, b"error: HTTP 409: proxy already exists\n", "{refused:?}");
    up.reload(ABC);
    settles("closed", || TcpStream::connect(addr).is_err());
    let control = up.addr("control").to_string();
    let shown = squall().args(["ctl", "--host", &control, "balance", "show", "pool"]).output().expect("runs");
    assert_eq!(shown.stderr, b"error: HTTP 404: balancer not found\n");
    let made = create(&up);
    assert!(made.status.success(), "{made:?}");
    // Until the client gives the name up.
    let deleted = squall().args(["ctl", "--host", &control, "delete", "pool"]).output().expect("runs");
    assert!(deleted.status.success(), "{deleted:?}");
    up.reload(&pool("\"echo.b\"", ""));
    assert_eq!(answers(up.addr("pool"), 1), "b");
    let ended = up.stop();
    assert!(ended.err.contains("balance pool ended"), "{}", ended.err);
}

#[test]
fn a_mistake_in_a_balancer_is_told_with_its_place_and_changes_nothing() {
    let up = Up::start(&pool("\"echo.a\"", ""), &[]);
    let (mut client, _) = open(up.addr("pool"));
    let wrong = format!(
        "up = 1\n{}",
        pool("\"echo.a\", \"echo.bb\"", "algorithm = \"p3c\"\n[link.pool]\nupstream = \"echo.a\"")
    );
    fs::write(up.file(), &wrong).expect("written");
    let checked = squall().arg("check").arg(up.file()).output().expect("runs");
    let words = String::from_utf8(checked.stderr).expect("text");
    assert_eq!(checked.status.code(), Some(2), "{words}");
    for line in [
        "error: there is no `echo.bb`",
        "up.toml:9:22",
        "did you mean `echo.b`?",
        "did you mean `p2c`?",
        "a link is named `pool` already",
    ] {
        assert!(words.contains(line), "{line}: {words}");
    }
    // Whoever writes into a pipe knows that it is being read.
    fs::remove_file(up.file()).expect("removed");
    fifo(&up.file());
    up.server.signal("HUP");
    fs::write(up.file(), &wrong).expect("written");
    fs::remove_file(up.file()).expect("removed");
    up.reload(&pool("\"echo.a\"", "[echo.d]"));
    assert_eq!(answers(up.addr("pool"), 1), "a");
    client.shutdown(Shutdown::Write).expect("FIN");
    while read(&mut client, &mut [0; 64]).expect("an orderly end") > 0 {}
    let ended = up.stop();
    assert!(ended.err.contains("there is no `echo.bb`") && ended.err.contains("nothing was changed"));
    assert!(ended.err.contains("echo d started") && !ended.err.contains("balance pool"), "{}", ended.err);
}
