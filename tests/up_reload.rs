//! `squall up` under load: what a reload replaces is not missed by anybody.

use crate::metrics::get;
use crate::process::*;
use crate::up::{Up, answer, talk};
use std::net::{SocketAddr, TcpListener};
use std::process::Output;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

fn ctl(up: &Up, args: &[&str]) -> Output {
    let control = up.addr("control").to_string();
    squall().args(["ctl", "--host", &control]).args(args).output().expect("runs")
}

fn show(up: &Up, balancer: &str) -> String {
    let output = ctl(up, &["balance", "show", balancer]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Does something while clients come and go, each of which must be answered. They go on until each has come a few times after it.
fn unnoticed(addr: SocketAddr, act: impl FnOnce()) {
    let (done, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let client = || {
            let mut after = 0;
            while after < 5 {
                after += usize::from(done.load(Relaxed));
                assert!(answer(addr, b"x").ends_with(b"x"), "no answer");
                answered.fetch_add(1, Relaxed);
            }
        };
        let clients = [(); 4].map(|()| scope.spawn(client));
        while answered.load(Relaxed) < 20 {
            assert!(clients.iter().all(|client| !client.is_finished()), "a client was not answered");
            std::thread::yield_now();
        }
        act();
        done.store(true, Relaxed);
    });
}

#[test]
fn servers_of_a_pool_are_replaced_on_their_ports_without_a_refusal() {
    let text = |mode: &str| {
        format!("[echo.a]\n{mode}\n[echo.b]\n{mode}\n[balance.pool]\nmembers = [\"echo.a\", \"echo.b\"]\n")
    };
    let up = Up::start(&text(""), &["--control", "127.0.0.1:0"]);
    let (pool, a) = (up.addr("pool"), up.addr("a"));
    let mut open = connect(a);
    talk(&mut open, b"before");
    let reload = || {
        for turn in 0..8 {
            up.reload(&text(["mode = \"delay:1ms\"", ""][turn % 2]));
        }
    };
    unnoticed(pool, || unnoticed(a, reload));
    assert_eq!((up.addr("pool"), up.addr("a")), (pool, a));
    talk(&mut open, b"after");
    drop(open);
    let shown = ctl(&up, &["--json", "balance", "show"]);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    for member in shown["members"].as_array().expect("members") {
        assert_eq!((&member["failures"], &member["ejections"]), (&0.into(), &0.into()), "{member}");
    }
    let ended = up.stop();
    assert_eq!(ended.err.matches("echo a replaced").count(), 8, "{}", ended.err);
}

#[test]
fn members_are_replaced_together_with_their_servers_unnoticed() {
    let text = |names: [&str; 2]| {
        let [one, other] = names;
        format!(
            "[echo.{one}]\n[echo.{other}]\n[balance.pool]\nmembers = [\"echo.{one}\", \"echo.{other}\"]\n"
        )
    };
    let up = Up::start(&text(["a", "b"]), &["--control", "127.0.0.1:0"]);
    unnoticed(up.addr("pool"), || {
        for names in [["c", "d"], ["e", "f"], ["a", "b"], ["b", "c"]] {
            up.reload(&text(names));
        }
    });
    let shown = show(&up, "pool");
    assert!(shown.contains("\nb ") && shown.contains("\nc ") && !shown.contains("\na "), "{shown}");
    let ended = up.stop();
    // What comes is there before what goes.
    let place = |line: &str| ended.err.find(line).unwrap_or_else(|| panic!("{line}: {}", ended.err));
    assert!(place("echo c started") < place("balance pool changed: member c joins"));
    assert!(place("balance pool changed: member c joins") < place("echo a ended"));
}

#[test]
fn ports_that_are_in_the_way_are_closed_first() {
    let text = |a: &str, b: &str| format!("[echo.a]\nlisten = \"{a}\"\nmode = \"banner:a\"\n[echo.{b}\n");
    let up = Up::start(&text("127.0.0.1:0", "b]\nmode = \"banner:b\""), &[]);
    let (a, b) = (up.addr("a").to_string(), up.addr("b").to_string());
    up.reload(&text(&b, &format!("b]\nlisten = \"{a}\"\nmode = \"banner:b\"")));
    assert_eq!((up.addr("a").to_string(), up.addr("b").to_string()), (b.clone(), a.clone()));
    assert_eq!((answer(up.addr("a"), b""), answer(up.addr("b"), b"")), (b"a".to_vec(), b"b".to_vec()));
    // To the port of one that ends, too.
    up.reload(&text(&a, "c]\nmode = \"banner:c\""));
    assert_eq!((up.addr("a").to_string(), answer(up.addr("a"), b"")), (a, b"a".to_vec()));
    let ended = up.stop();
    assert!(!ended.err.contains("ERROR"), "{}", ended.err);
}

#[test]
fn a_balancer_that_cannot_become_what_the_file_says_stays_as_it_was() {
    let text = |members: &str, keys: &str| {
        let pool = format!("[echo.b]\nlisten = \"127.0.0.1:0\"\n[balance.pool]\nmembers = [{members}]\n");
        format!("grace = \"0s\"\n[echo.a]\n{pool}{keys}\n")
    };
    let up = Up::start(&text("\"echo.a\", \"echo.b\"", ""), &["--control", "127.0.0.1:0"]);
    let mut to_a = connect(up.addr("pool"));
    talk(&mut to_a, b"one");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let link =
        format!("[link.n]\nlisten = \"{}\"\nupstream = \"echo.b\"", taken.local_addr().expect("bound"));
    let file = text("\"link.n\", \"echo.b\"", &link);
    up.reload(&file);
    let shown = show(&up, "pool");
    assert!(shown.contains("\na ") && shown.contains("\nb ") && !shown.contains("\nn "), "{shown}");
    talk(&mut to_a, b"two");
    // A member whose server ends cannot stay, and one whose server moves is followed.
    let file = file.replace("[echo.a]\n", "").replace("127.0.0.1:0", "0.0.0.0:0");
    up.reload(&file);
    let shown = show(&up, "pool");
    assert!(!shown.contains("\na ") && shown.contains("\nb ") && !shown.contains("\nn "), "{shown}");
    assert_eq!(answer(up.addr("pool"), b"x"), b"x");
    drop(taken);
    up.reload(&file);
    let shown = show(&up, "pool");
    assert!(shown.contains("\nn ") && shown.contains("\nb "), "{shown}");
    let ended = up.stop();
    assert_eq!(
        ended.err.matches("balance pool: its upstream link.n does not run").count(),
        2,
        "{}",
        ended.err
    );
    assert!(
        ended
            .err
            .contains("balance pool changed: member a leaves, for what it leads to ends, member b moves")
    );
}

#[test]
fn a_proxy_of_a_client_is_not_taken_over_by_a_file_that_comes_to_use_its_name() {
    let up = Up::start("[echo.a]\n", &["--control", "127.0.0.1:0"]);
    let a = up.addr("a").to_string();
    for name in ["mine", "pool"] {
        let made = ctl(&up, &["create", name, "--listen", "127.0.0.1:0", "-u", &a]);
        assert!(made.status.success(), "{made:?}");
    }
    let list = || String::from_utf8(ctl(&up, &["list"]).stdout).expect("text");
    let before = list();
    let link = |name: &str| format!("[link.{name}]\nupstream = \"echo.a\"\n");
    let file = format!("[echo.a]\n{}{}", link("mine"), "[balance.pool]\nmembers = [\"echo.a\"]\n");
    up.reload(&(file.clone() + &link("other")));
    assert_eq!(answer(up.addr("other"), b"x"), b"x");
    assert!(!up.ports().contains("mine=") && !up.ports().contains("pool="), "{}", up.ports());
    up.reload("[echo.a]\n");
    assert_eq!(list(), before);
    // The name is the file's once the client has given it up.
    assert!(ctl(&up, &["delete", "mine"]).status.success());
    up.reload(&file);
    assert_eq!(answer(up.addr("mine"), b"x"), b"x");
    let ended = up.stop();
    for (line, times) in [
        ("link mine: a client of the control API has made a proxy of that name", 1),
        ("balance pool: a client of the control API has made a proxy of that name", 2),
        ("link mine started", 1),
    ] {
        assert_eq!(ended.err.matches(line).count(), times, "{line}: {}", ended.err);
    }
}

#[test]
fn a_fault_that_has_left_the_file_has_left_the_metrics() {
    let text = |faults: &str, keys: &str| {
        let pool = format!("[balance.pool]\nmembers = [\"echo.a\", \"echo.b\"]\n{keys}\n");
        format!("[echo.a]\n[echo.b]\n{pool}[link.l]\nupstream = \"echo.a\"\n{keys}\n{faults}\n")
    };
    let member = "[[balance.pool.fault]]\nmember = \"b\"\nlatency = \"1ms\"\n";
    let with = format!("[[link.l.fault]]\nlatency = \"1ms\"\n{member}");
    let up = Up::start(&text(&with, ""), &["--metrics", "127.0.0.1:0"]);
    let fired = || {
        let page = get(up.addr("metrics"), "/metrics");
        page.lines().filter(|line| line.starts_with("squall_faults_fired_total")).count()
    };
    assert_eq!(fired(), 2);
    let mut clients = [connect(up.addr("l")), connect(up.addr("pool"))];
    clients.iter_mut().for_each(|client| drop(talk(client, b"x")));
    up.reload(&text("", ""));
    assert_eq!(fired(), 0);
    up.reload(&text(&with, ""));
    assert_eq!(fired(), 2);
    // Connections of what is replaced still meet them.
    up.reload(&text("", "segment = \"1KiB\""));
    clients.iter_mut().for_each(|client| drop(talk(client, b"x")));
    assert_eq!(fired(), 0);
    drop(clients);
    assert_eq!(up.stop().code, Some(0));
}

#[test]
fn what_a_reload_says_of_things_that_do_not_run_is_true() {
    let up = Up::start("[echo.a]\n", &["--control", "127.0.0.1:0"]);
    let none = ctl(&up, &["balance", "show"]);
    assert_eq!(none.stderr, b"error: there is no balancer\n", "{none:?}");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("bound");
    let file = format!(
        "[echo.a]\n[echo.n]\nlisten = \"{addr}\"\n[balance.p]\nmembers = [\"echo.a\"]\n\
         [balance.q]\nmembers = [\"echo.n\"]\n[link.front]\nupstream = \"balance.q\"\n"
    );
    up.reload(&file);
    let only = ctl(&up, &["balance", "show"]);
    assert!(only.stdout.starts_with(b"NAME") && only.status.success(), "{only:?}");
    drop(taken);
    up.reload(&file);
    let several = ctl(&up, &["balance", "show"]);
    assert_eq!(several.stderr, b"error: there are several balancers, name one: p, q\n", "{several:?}");
    let ended = up.stop();
    assert!(ended.err.contains("link front: its upstream balance.q does not run"), "{}", ended.err);
    assert!(ended.err.contains(&format!("echo n started, on {addr}")), "{}", ended.err);
}
